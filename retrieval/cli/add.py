"""`retrieve add`: single files into the index."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import FilesIndexOption, JsonOption, ThreadsOption, find_index_of
from .progress import progress_on_stderr


def add(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", readable=False, help="Pictures in the indexed folders."),
    ],
    *,
    directory: FilesIndexOption = None,
    as_json: JsonOption = False,
    _threads: ThreadsOption = None,
) -> None:
    """Add pictures to the index, or take them up again if they have changed, without a look at all others.

    \b
    retrieve add photos/new.jpg

    The files have to lie in a folder that is indexed: what lies elsewhere goes there first, or its folder is
    added with retrieve index. Exit status 1 if one of them cannot be used.
    """
    from ..index_paths import existing_index
    from ..indexing.single_files import add_files
    from .changed import report_changes

    place = existing_index(find_index_of(files, directory))
    changes = add_files(place, files, progress_on_stderr(quiet=as_json))
    report_changes(changes, place, as_json=as_json)
    if changes.rejected:
        raise typer.Exit(1)
