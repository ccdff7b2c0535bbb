"""Contact sheets: the same query with the answers of latent search above and of pixel search below."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ...errors import ImageUnreadable
from ...images import RIGHT, WRONG, SheetCell, SheetRow, Source, contact_sheet
from ..edited import edited_picture
from ..report import Answer, Example, Report

TITLES = {
    "wins": "Latent search wins most over pixel search",
    "losses": "Latent search loses most to pixel search",
    "random": "Drawn at random",
}
CELL = 128


def draw_sheet(report: Report, kind: str, path: Path) -> Image.Image:
    """Draw the examples of a kind, "wins", "losses" or "random", and write them to `path` as PNG."""
    rows = [row for example in report.examples[kind] for row in _rows(report, example)]
    sheet = contact_sheet(rows, title=TITLES[kind], cell=CELL)
    sheet.save(path)
    return sheet


def _rows(report: Report, example: Example) -> list[SheetRow]:
    picture, asked = _query(report, example), example.label or Path(example.path).name
    change = f"{example.edit_label}\n" if example.edit else ""
    return [
        SheetRow(
            [_cell(report, answer) for answer in answers],
            query=SheetCell(picture, f"{name}\n{change}{asked}"),
        )
        for name, answers in (("latent", example.latent), ("pixel", example.pixel))
    ]


def _query(report: Report, example: Example) -> Source:
    path = report.queries_folder / example.path
    if not example.edit:
        return path
    try:
        return np.asarray(edited_picture(path, example.edit, example.strength, seed=report.run["seed"]))
    except ImageUnreadable:
        return path  # the sheet says that it cannot be read


def _cell(report: Report, answer: Answer) -> SheetCell:
    caption = answer.label or Path(answer.path).name
    return SheetCell(report.folder / answer.path, caption, frame=RIGHT if answer.right else WRONG)
