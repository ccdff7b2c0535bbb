"""A report as a folder: report.html, report.json, and the pictures that the page shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..errors import ImageUnreadable
from ..html import data_url, jpeg_url, render_page
from ..images import RIGHT, WRONG, SheetCell, SheetRow, Source, contact_sheet
from ..whole_files import replaced
from .charts import draw_charts
from .edits import edited_picture
from .intervals import Interval
from .report import Report
from .scores import METRICS, Answer, Example

COLUMNS = (
    *("precision_at_1", "precision_at_5", "precision_at_10", "map", "ndcg", "recall_at_10", "knn_accuracy"),
    *("self_recall_at_1", "self_mrr"),
)
TITLES = {
    "wins": "Latent search wins most over pixel search",
    "losses": "Latent search loses most to pixel search",
    "random": "Drawn at random",
}
CELL = 128


def write_report(report: Report, folder: Path | str) -> Path:
    """Write the page, its pictures and report.json into `folder`, which is made if missing; return the page.

    The page holds its pictures itself and can be sent alone; the files are there to be used elsewhere.

    Raises:
        OSError: the disk refused.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with replaced(folder / "report.json") as part:
        report.save(part)
    columns = [name for name in COLUMNS if not math.isnan(report.methods["latent"].figures[name].value)]
    charts = draw_charts(report, folder)
    content = render_page(
        "retrieval.evaluation",
        "report.html",
        report=report,
        columns=[METRICS[name].short for name in columns],
        rows=_table(report, columns),
        differences=_differences(report),
        charts={name: data_url("image/png", path.read_bytes()) for name, path in charts.items()},
        sheets=_draw_sheets(report, folder),
    )
    page = folder / "report.html"
    with replaced(page) as part:
        part.write_text(content, encoding="utf-8", errors="backslashreplace")
    return page


def _table(report: Report, columns: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "title": method.title,
            "figures": [_cell(method.figures[column]) for column in columns],
            "dim": method.dim or "–",
            "bytes": f"{method.bytes_per_image:,.0f}" if method.dim else "–",
            "encode": _milliseconds(method.encode_ms),
            "search": _milliseconds(method.search_ms),
        }
        for name, method in report.methods.items()
    ]


def _cell(figure: Interval) -> dict[str, str]:
    if math.isnan(figure.value):
        return {"value": "–", "interval": ""}
    interval = "" if math.isnan(figure.low) else f"{_short(figure.low)}–{_short(figure.high)}"
    return {"value": _short(figure.value), "interval": interval}


def _short(value: float) -> str:
    text = f"{value:.3f}"
    return text[1:] if text.startswith("0.") else text


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def _differences(report: Report) -> list[dict[str, str]]:
    figures = {name: report.difference.figures[name] for name in report.verdicts}
    return [
        {
            "metric": METRICS[name].full,
            "value": f"{figure.value:+.3f}",
            "interval": "" if math.isnan(figure.low) else f"{figure.low:+.3f} to {figure.high:+.3f}",
            "verdict": report.verdicts[name],
        }
        for name, figure in figures.items()
    ]


def _draw_sheets(report: Report, folder: Path) -> list[dict[str, str]]:
    sheets = []
    for kind, examples in report.examples.items():
        if examples:
            sheet = draw_examples(report, examples, title=TITLES[kind])
            sheet.save(folder / f"{kind}.png")
            sheets.append({"title": TITLES[kind], "kind": kind, "url": jpeg_url(sheet)})
    return sheets


def draw_examples(report: Report, examples: Sequence[Example], *, title: str) -> Image.Image:
    """A contact sheet of `examples`: each query twice, with the answers of latent and of pixel search."""
    rows = [row for example in examples for row in _rows(report, example)]
    return contact_sheet(rows, title=title, cell=CELL)


def _rows(report: Report, example: Example) -> list[SheetRow]:
    picture, asked = _query(report, example), example.label or Path(example.path).name
    change = f"{example.edit_label}\n" if example.edit else ""
    return [
        SheetRow(
            [_answer(report, answer) for answer in answers],
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


def _answer(report: Report, answer: Answer) -> SheetCell:
    caption = answer.label or Path(answer.path).name
    return SheetCell(report.folder / answer.path, caption, frame=RIGHT if answer.right else WRONG)
