"""The charts of a report: figures with intervals, precision against recall, quality against strength."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from ..report import Report
from ..robustness import Curve
from .style import GRID, INK, PALE, charted, color_of, paper, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOTS = {"precision_at_1": "precision at 1", "precision_at_10": "precision at 10", "map": "mAP"}
SELF_DOTS = {"self_recall_at_1": "original found first", "self_mrr": "mean reciprocal rank"}
STRENGTH_WORDS = {
    "noise": "standard deviation, for values from 0 to 1",
    "occlusion": "share of the area covered",
}
QUALITY_WORDS = {"precision_at_1": "precision at 1", "self_recall_at_1": "original found first"}


def draw_figures(report: Report, path: Path) -> None:
    """A dot with its 95 % interval for every method, a panel for each of the main figures."""
    panels = DOTS if report.corpus.classes else SELF_DOTS
    names = [
        name
        for name in report.methods
        if not math.isnan(report.methods[name].figures[next(iter(panels))].value)
    ]
    figure, axes = paper(10, 0.9 + 0.34 * len(names), columns=len(panels))
    for place, (axis, (metric, title)) in enumerate(zip(axes, panels.items(), strict=True)):
        for row, name in enumerate(names):
            _draw_dot(axis, report, name, metric, len(names) - row)
        axis.set_title(title, fontsize=11, color=INK, loc="left")
        axis.set_yticks(range(1, len(names) + 1))
        axis.set_yticklabels([report.methods[name].title for name in reversed(names)] if not place else [])
        axis.set_ylim(0.4, len(names) + 0.6)
        axis.set_xlim(left=0)
        axis.grid(axis="x", color=GRID)
    save(figure, path)


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


def draw_precision_recall(report: Report, path: Path) -> None:
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
    save(figure, path)


def draw_robustness(report: Report, path: Path) -> None:
    """Quality against the strength of noise and of occlusion; bands are 95 % intervals."""
    figure, axes = paper(10, 4.2, columns=len(report.curves))
    for axis, curve in zip(axes, report.curves, strict=True):
        _draw_curve(axis, curve, report)
    axes[0].set_ylabel(QUALITY_WORDS[report.curves[0].quality], color=PALE)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=9
    )
    save(figure, path)


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
    axis.set_xlabel(STRENGTH_WORDS[curve.edit], color=PALE)
    axis.set_xlim(curve.strengths[0], curve.strengths[-1])
    axis.set_ylim(0, 1.02)
    axis.grid(color=GRID)


def _line(name: str, report: Report) -> dict[str, object]:
    style = {"chance": "--", "pixel_l1": ":", "pixel_cosine": ":"}.get(name, "-")
    width = 2.6 if name == "latent" else 1.6
    return {"color": color_of(name, report), "linestyle": style, "linewidth": width}
