"""`retrieve verify`: is an index sound?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import IndexOption, JsonOption, ThreadsOption, find_index
from .printing import counted, echo, echo_json, note, printable
from .progress import progress_on_stderr

if TYPE_CHECKING:
    from ..indexing.verify import Findings, Mended


def verify(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="The same as --index FOLDER.")
    ] = None,
    *,
    directory: IndexOption = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Embed some of the pictures again too, and compare.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended from the rest, or from the pictures.")
    ] = False,
    as_json: JsonOption = False,
    _threads: ThreadsOption = None,
) -> None:
    """Check an index: every file against its checksum, vectors, rows and search structure with each other.

    \b
    retrieve verify photos/

    Each fault is a line, with what to do. Exit status: 0 if there is none, or none is left after
    --repair; 1 if there is one.
    """
    from ..index_paths import existing_index
    from ..indexing.verify import mend_index, verify_index

    place, progress = existing_index(find_index(directory, folder)), progress_on_stderr(quiet=as_json)
    found = verify_index(place, deep=deep, progress=progress)
    mended = mend_index(place, found, progress) if repair and found.faults else None
    left = mended.left if mended else found
    if as_json:
        echo_json(_as_object(place, found, mended))
    else:
        _report(place, found, mended, deep=deep)
    if left.faults:
        raise typer.Exit(1)


def _report(place: Path, found: Findings, mended: Mended | None, *, deep: bool) -> None:
    for fault in found.faults:
        echo(printable(fault))
    if mended is not None:
        echo(f"mended {len(mended.repaired):,} of {counted(len(found.faults), 'fault')}")
        if mended.embedded:
            echo(f"embedded {counted(mended.embedded, 'damaged picture')} again")
        for path in mended.lost:
            echo(f"lost {printable(path)}")
    left = mended.left if mended else found
    words = "sound" if not left.faults else counted(len(left.faults), "fault")
    report = left.report
    counts = f"{counted(report.count, 'picture')}, {counted(report.removed, 'removed one')}"
    echo(f"{printable(place)}: {words}, {counts}")
    if report.recall is not None:
        echo(f"  recall    {report.recall:.4f} of the ten nearest by exact search")
    if deep and left.embedded:
        echo(
            f"  embedded  {counted(left.embedded, 'picture')} again, {len(left.others):,} came out otherwise"
        )
    elif deep and not left.faults and report.count:
        echo("  embedded  none: all pictures are gone, or others since they were indexed")
    mendable = left.others or any(fault.repairable for fault in report.faults)
    if left.faults and (mended is not None or not mendable):
        note("retrieve: what cannot be mended: `retrieve index FOLDER --refit` makes the index anew")


def _as_object(place: Path, found: Findings, mended: Mended | None) -> dict[str, Any]:
    from ..index_paths import path_values

    left = mended.left if mended else found
    return {
        **path_values("index", place),
        "faults": list(left.faults),
        "repaired": list(mended.repaired) if mended else [],
        "lost": list(mended.lost) if mended else [],
        "pictures": left.report.count,
        "removed": left.report.removed,
        "recall": left.report.recall,
        "embedded": left.embedded,
        "others": list(left.others),
    }
