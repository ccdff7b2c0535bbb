"""`retrieve remove`: pictures out of the index."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import FilesIndexOption, JsonOption, find_index_of


def remove(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE...]", readable=False, help="Pictures, or folders of them."),
    ] = None,
    *,
    missing: Annotated[
        bool, typer.Option("--missing", help="All whose files are gone, even if a whole folder is.")
    ] = False,
    directory: FilesIndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take pictures out of the index. Files are never deleted.

    \b
    retrieve remove photos/blurred.jpg
    retrieve remove --missing --index photos/

    A picture that is still in its folder is left out by retrieve index too, until it changes or is added
    again with retrieve add.
    """
    from ..index_paths import existing_index
    from ..indexing.single_files import remove_files, remove_missing
    from .changed import report_changes

    if missing == bool(files):
        raise typer.BadParameter("name files, or --missing for all that are gone, and not both")
    place = existing_index(find_index_of(files or [], directory))
    changes = remove_files(place, files) if files else remove_missing(place)
    report_changes(changes, place, as_json=as_json)
