"""Writing a report into a folder: report.html, report.json, and the pictures that the page shows."""

from __future__ import annotations

import base64
import io
import math
from pathlib import Path
from typing import Any

from PIL import Image

from ..intervals import Interval
from ..report import Report
from ..words import METRIC_WORDS
from .charts import draw_figures, draw_precision_recall, draw_robustness
from .sheets import TITLES, draw_sheet
from .tables import draw_confusion, draw_self_retrieval

COLUMNS = {
    "precision_at_1": "P@1",
    "precision_at_5": "P@5",
    "precision_at_10": "P@10",
    "map": "mAP",
    "ndcg": "nDCG",
    "recall_at_10": "R@10",
    "knn_accuracy": "k-NN",
}
SELF_COLUMNS = {"self_recall_at_1": "found first", "self_mrr": "MRR"}


def write_report(report: Report, folder: Path) -> Path:
    """Write the page, its pictures and report.json into `folder`, which is made if missing; return the page.

    The page holds its pictures itself and can be sent alone; the files are there to be used elsewhere.

    Raises:
        OSError: the disk refused.
    """
    from jinja2 import Environment, PackageLoader

    folder.mkdir(parents=True, exist_ok=True)
    report.save(folder / "report.json")
    environment = Environment(loader=PackageLoader("retrieval.evaluation.page"), autoescape=True)
    template = environment.get_template("report.html")
    page = folder / "report.html"
    content = template.render(
        report=report,
        columns=_columns(report),
        rows=_table(report),
        differences=_differences(report),
        charts=_draw_charts(report, folder),
        sheets=_draw_sheets(report, folder),
    )
    page.write_text(content, encoding="utf-8", errors="backslashreplace")
    return page


def _columns(report: Report) -> dict[str, str]:
    by_class = COLUMNS if report.corpus.classes else {}
    return {**by_class, **(SELF_COLUMNS if report.edits else {})}


def _table(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "title": method.title,
            "figures": [_cell(method.figures[column]) for column in _columns(report)],
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
    return [
        {
            "metric": METRIC_WORDS[name],
            "value": f"{figure.value:+.3f}",
            "interval": "" if math.isnan(figure.low) else f"{figure.low:+.3f} to {figure.high:+.3f}",
            "verdict": report.verdicts[name],
        }
        for name, figure in report.difference.figures.items()
        if name in report.verdicts
    ]


def _draw_charts(report: Report, folder: Path) -> dict[str, str]:
    """Draw the charts that there is something to draw for; their data URLs by name."""
    charts = {}
    if report.corpus.classes or report.edits:
        charts["figures"] = draw_figures
    if report.corpus.classes:
        charts |= {"precision-recall": draw_precision_recall, "confusion": draw_confusion}
    if report.edits:
        charts |= {"self-retrieval": draw_self_retrieval, "robustness": draw_robustness}
    urls = {}
    for name, draw in charts.items():
        path = folder / f"{name}.png"
        draw(report, path)
        urls[name] = _url("image/png", path.read_bytes())
    return urls


def _draw_sheets(report: Report, folder: Path) -> list[dict[str, str]]:
    return [
        {"title": TITLES[kind], "kind": kind, "url": _jpeg(draw_sheet(report, kind, folder / f"{kind}.png"))}
        for kind, examples in report.examples.items()
        if examples
    ]


def _jpeg(sheet: Image.Image) -> str:
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=85)
    return _url("image/jpeg", file.getvalue())


def _url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
