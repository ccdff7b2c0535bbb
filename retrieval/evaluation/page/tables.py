"""Tables drawn in shades: which edits a method survives, which classes it mixes up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Floats
from ..report import Report
from .style import INK, PALE, charted, paper, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_NAMED_CLASSES = 40
DARK = 0.6


def draw_self_retrieval(report: Report, path: Path) -> None:
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
    save(figure, path)


def draw_confusion(report: Report, path: Path) -> None:
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
    save(figure, path)


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
