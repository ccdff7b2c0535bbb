"""What changed in an index, as the commands that change it tell it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .printing import echo, echo_json, printable

if TYPE_CHECKING:
    from pathlib import Path

    from ..indexing.changes import Update


def report_changes(changes: Update, directory: Path, *, as_json: bool) -> None:
    """Print how much changed in the index, on one line or as JSON."""
    from ..index_paths import path_values

    if as_json:
        echo_json({**path_values("index", directory), "changes": changes.to_json()})
        return
    echo(str(changes) or "nothing has changed")
    for one in changes.rejected:
        echo(f"  {printable(one.path)}: {printable(one.reason)}")


def lines_of(changes: Update) -> Iterator[str]:
    """A line for each change: a sign and the path."""
    for sign, paths in (("+", changes.new), ("+", changes.copied), ("~", changes.changed)):
        yield from (f"{sign} {printable(path)}" for path in paths)
    yield from (f"> {printable(before)} -> {printable(after)}" for before, after in changes.renamed)
    yield from (f"- {printable(path)}" for path in changes.gone)
    yield from (f"! {printable(one.path)}: {printable(one.reason)}" for one in changes.rejected)
