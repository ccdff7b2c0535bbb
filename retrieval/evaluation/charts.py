"""The charts of a report: figures with intervals, curves, what edits do, which classes are mixed up."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .arrays import Floats
from .method import PIXEL_METHODS
from .report import Report
from .robustness import Curve
from .scores import METRICS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, PALE, GRID = "#1d2733", "#68737f", "#e4e8ec"
COLORS = {
    "latent": "#1f6feb",
    "copies": "#7aa7f0",
    "pixel": "#d1495b",
    "pixel_l1": "#e58f65",
    "pixel_cosine": "#e58f65",
    "pca": "#c9971c",
    "color_histogram": "#2a9d8f",
    "phash": "#8d6a9f",
    "chance": "#9aa4ae",
}
OTHERS = ("#0b3d91", "#5a7d2a", "#a23b72", "#3c7a89", "#7f4f24")
DOTS_PER_INCH = 150
MOST_NAMED_CLASSES = 40
DARK = 0.6
PANELS = ("precision_at_1", "precision_at_10", "map")
SELF_PANELS = ("self_recall_at_1", "self_mrr")
STRENGTHS = {
    "noise": "standard deviation, for values from 0 to 1",
    "occlusion": "share of the area covered",
}


def draw_charts(report: Report, folder: Path) -> dict[str, Path]:
    """Draw the charts for which there is something to draw as PNG into `folder`; their paths by name."""
    charts: dict[str, Callable[[Report], Figure]] = {}
    if report.by_class or report.edits:
        charts["figures"] = draw_figures
    if report.by_class:
        charts |= {"precision-recall": draw_precision_recall, "confusion": draw_confusion}
    if report.edits:
        charts |= {"self-retrieval": draw_self_retrieval, "robustness": draw_robustness}
    paths = {name: folder / f"{name}.png" for name in charts}
    for name, draw in charts.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # signs that the font lacks become boxes
            draw(report).savefig(paths[name], dpi=DOTS_PER_INCH)
    return paths


def draw_figures(report: Report) -> Figure:
    """A dot with its 95 % interval for every method, a panel for each of the main figures."""
    panels = PANELS if report.by_class else SELF_PANELS
    names = [
        name for name, method in report.methods.items() if not math.isnan(method.figures[panels[0]].value)
    ]
    figure, axes = paper(10, 0.9 + 0.34 * len(names), columns=len(panels))
    for place, (axis, metric) in enumerate(zip(axes, panels, strict=True)):
        for row, name in enumerate(names):
            _draw_dot(axis, report, name, metric, len(names) - row)
        axis.set_title(METRICS[metric].full, fontsize=11, color=INK, loc="left")
        axis.set_yticks(range(1, len(names) + 1))
        axis.set_yticklabels([report.methods[name].title for name in reversed(names)] if not place else [])
        axis.set_ylim(0.4, len(names) + 0.6)
        axis.set_xlim(left=0)
        axis.grid(axis="x", color=GRID)
    return figure


def _draw_dot(axis: Axes, report: Report, name: str, metric: str, height: float) -> None:
    value, color = report.methods[name].figures[metric], color_of(name, report)
    if not math.isnan(value.low):
        axis.plot([value.low, value.high], [height, height], color=color, linewidth=2.2, alpha=0.5)
    axis.plot([value.value], [height], "o", color=color, markersize=6)
    axis.annotate(
        f"{value.value:.3f}",
        (value.value, height),
        xytext=(0, 6),
        textcoords="offset points",
        fontsize=7.5,
        color=PALE,
        ha="center",
    )


def draw_precision_recall(report: Report) -> Figure:
    """Interpolated precision against recall, a line for each method."""
    figure, [axis] = paper(7, 4.6)
    for name in charted(report):
        curve = report.methods[name].curve
        steps = [place / (len(curve) - 1) for place in range(len(curve))]
        axis.plot(steps, curve, label=report.methods[name].title, **_line(name, report))
    axis.set_xlim(0, 1)
    axis.set_ylim(bottom=0)
    axis.set_xlabel("recall", color=PALE)
    axis.set_ylabel("precision", color=PALE)
    axis.grid(color=GRID)
    axis.legend(frameon=False, fontsize=9, labelcolor=INK)
    return figure


def draw_robustness(report: Report) -> Figure:
    """Quality against the strength of noise and of occlusion; bands are 95 % intervals."""
    figure, axes = paper(10, 4.2, columns=len(report.curves))
    for axis, curve in zip(axes, report.curves, strict=True):
        _draw_curve(axis, curve, report)
    axes[0].set_ylabel(METRICS[report.curves[0].quality].full, color=PALE)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=9
    )
    return figure


def _draw_curve(axis: Axes, curve: Curve, report: Report) -> None:
    for name in charted(report):
        if name not in curve.points:
            continue
        points = curve.points[name]
        axis.plot(
            curve.strengths,
            [point.value for point in points],
            label=report.methods[name].title,
            **_line(name, report),
        )
        if name in {"latent", "pixel"}:
            low, high = [point.low for point in points], [point.high for point in points]
            axis.fill_between(
                curve.strengths, low, high, color=color_of(name, report), alpha=0.13, linewidth=0
            )
    axis.set_title(curve.edit, fontsize=11, color=INK, loc="left")
    axis.set_xlabel(STRENGTHS[curve.edit], color=PALE)
    axis.set_xlim(curve.strengths[0], curve.strengths[-1])
    axis.set_ylim(0, 1.02)
    axis.grid(color=GRID)


def _line(name: str, report: Report) -> dict[str, object]:
    style = {"chance": "--", "pixel_l1": ":", "pixel_cosine": ":"}.get(name, "-")
    width = 2.6 if name == "latent" else 1.6
    return {"color": color_of(name, report), "linestyle": style, "linewidth": width}


def draw_self_retrieval(report: Report) -> Figure:
    """How often the original of an edited picture is found first: edits × methods."""
    names = [name for name in charted(report) if name in report.edits[0].recall_at_1]
    shares = np.array([[each.recall_at_1[name].value for name in names] for each in report.edits])
    figure, [axis] = paper(2.6 + 1.15 * len(names), 1.2 + 0.27 * len(shares))
    _shade(axis, shares)
    for (row, column), share in np.ndenumerate(shares):
        color = "white" if share > DARK else INK
        axis.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=8.5, color=color)
    axis.set_xticks(range(len(names)))
    axis.set_xticklabels([_folded(report.methods[name].title) for name in names], parse_math=False)
    axis.xaxis.tick_top()
    axis.set_yticks(range(len(shares)))
    axis.set_yticklabels([each.label for each in report.edits])
    return figure


def draw_confusion(report: Report) -> Figure:
    """Class of the query (rows) against class of the nearest answer (columns), in shares of the row."""
    num_classes = len(report.classes)
    side = min(7.0, max(3.4, 0.26 * num_classes))
    figure, axes = paper(2 * side + 1.6, side + 1.2, columns=2)
    for axis, name in zip(axes, ("latent", "pixel"), strict=True):
        counts = report.confusion[name]
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        _shade(axis, shares)
        axis.set_title(report.methods[name].title, fontsize=11, color=INK, loc="left", parse_math=False)
        axis.set_xlabel("class of the nearest answer", color=PALE)
        _name_classes(axis, report.classes, rows=name == "latent")
        if num_classes <= 12:
            _write_shares(axis, shares)
    axes[0].set_ylabel("class of the query", color=PALE)
    return figure


def _name_classes(axis: Axes, classes: tuple[str, ...], *, rows: bool) -> None:
    if len(classes) > MOST_NAMED_CLASSES:
        axis.set_xticks([])
        axis.set_yticks([])
        return
    axis.set_xticks(range(len(classes)))
    axis.set_xticklabels(map(_short, classes), rotation=90, fontsize=8, parse_math=False)
    axis.set_yticks(range(len(classes)))
    axis.set_yticklabels(map(_short, classes) if rows else [], fontsize=8, parse_math=False)


def _write_shares(axis: Axes, shares: Floats) -> None:
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.005:
            color = "white" if share > DARK else INK
            axis.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=8, color=color)


def _shade(axis: Axes, shares: Floats) -> None:
    axis.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.05, aspect="auto", interpolation="nearest")
    axis.spines["bottom"].set_visible(False)


def _short(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:17]}…"


def _folded(title: str) -> str:
    return title.replace(", ", ",\n").replace(" (", "\n(").replace(" of ", "\nof ").replace(" h", "\nh")


def color_of(name: str, report: Report) -> str:
    """The colour of a method, the same in every chart of a report."""
    if name in COLORS:
        return COLORS[name]
    others = [each for each in report.methods if each not in COLORS]
    return OTHERS[others.index(name) % len(OTHERS)]


def charted(report: Report) -> tuple[str, ...]:
    """The methods that charts show: of the pixel methods only L2 and, if it is another, the best."""
    left_out = set(PIXEL_METHODS) - {"pixel", report.best_pixel}
    return tuple(name for name in report.methods if name not in left_out)


def paper(width: float, height: float, *, columns: int = 1) -> tuple[Figure, Sequence[Axes]]:
    """A white figure of `width` × `height` inches with axes side by side, in the report's style."""
    # Drawn without pyplot: nothing global is changed, and no window system is asked for.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = [figure.add_subplot(1, columns, column + 1) for column in range(columns)]
    for each in axes:
        each.tick_params(colors=PALE, labelsize=9, length=0)
        each.set_axisbelow(True)
        for side in ("top", "right", "left"):
            each.spines[side].set_visible(False)
        each.spines["bottom"].set_color("#c5ccd3")
    return figure, axes
