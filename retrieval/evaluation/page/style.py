"""How charts look: colours by method, the paper they are drawn on, and saving them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..method import PIXEL_METHODS
from ..report import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, PALE, GRID = "#1d2733", "#68737f", "#e4e8ec"
COLORS = {
    "latent": "#1f6feb",
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


def save(figure: Figure, path: Path) -> None:
    """Write `figure` to `path` as PNG. Signs that the font lacks become boxes, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figure.savefig(path, dpi=DOTS_PER_INCH)
