"""`retrieve watch`: an index that stays current."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .options import IndexOption, ThreadsOption, find_index
from .printing import note, printable


def watch(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="The same as --index FOLDER.")
    ] = None,
    *,
    directory: IndexOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what changed together as JSON, on one line.")
    ] = False,
    _threads: ThreadsOption = None,
) -> None:
    """Keep an index current while its folders change, until Ctrl-C.

    \b
    retrieve watch photos/

    Each change is a line on stdout: "+" a new picture, "~" one with other contents, ">" one that was
    renamed, "-" one that is gone, "!" a file that cannot be used. What changed before comes first. Files that
    are still being written are waited for; a folder that vanishes takes nothing out of the index. It ends
    with an error where the index cannot be written for a minute.
    """
    from ..index_paths import existing_index
    from ..indexing.watch import Trouble, watch_folders
    from .changed import lines_of

    place = existing_index(find_index(directory, folder))
    note(f"watching the folders of {printable(place)}: end with Ctrl-C")
    try:
        for news in watch_folders(place):
            if isinstance(news, Trouble):
                note(f"retrieve: {printable(news.reason)}")
                continue
            for line in [json.dumps(news.paths_to_json())] if as_json else lines_of(news):
                print(line, flush=True)
    except KeyboardInterrupt:
        note("\nstopped watching")
