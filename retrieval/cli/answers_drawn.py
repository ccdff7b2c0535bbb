"""Answers as a contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..images import SheetCell, SheetRow, contact_sheet
from .answers import Answer
from .answers_printed import distance_of
from .printing import note, shown

MOST_ROWS = 40
"""Queries on one sheet: more make a picture that no viewer opens."""


def draw_sheet(answers: Sequence[Answer], path: Path) -> None:
    """Draw `answers`, a row each, and write the sheet to `path`."""
    rows = [_row(answer) for answer in answers[:MOST_ROWS]]
    if not rows:
        return
    contact_sheet(rows).save(path)
    left_out = f", with the first {MOST_ROWS} of {len(answers)} queries" if len(answers) > MOST_ROWS else ""
    note(f"wrote {shown(path)}{left_out}")


def _row(answer: Answer) -> SheetRow:
    hits = [
        SheetCell(
            hit.path, f"{distance_of(hit)}{' itself' if hit.is_self else ''}\n{'/'.join(hit.path.parts[-2:])}"
        )
        for hit in answer.hits
    ]
    return SheetRow(hits, query=SheetCell(answer.query.source, f"query\n{Path(answer.query.name).name}"))
