"""Views of a picture: rectangles of it, pooled on a coarse grid from features that are there already."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .patches import Floats


class View(NamedTuple):
    """A rectangle by its edges, as shares of the sides, seen mirrored or not."""

    top: float
    bottom: float
    left: float
    right: float
    mirrored: bool = False


WHOLE = View(0.0, 1.0, 0.0, 1.0)


def draw_views(num: int, *, least_side: float, mirror: bool, rng: np.random.Generator) -> list[View]:
    """`num` views: the whole picture first, then rectangles whose sides are `least_side` to 1 of it."""
    views = [WHOLE]
    while len(views) < num:
        height, width = rng.uniform(least_side, 1.0, size=2)
        top, left = rng.uniform(0.0, 1.0 - height), rng.uniform(0.0, 1.0 - width)
        views.append(View(top, top + height, left, left + width, mirror and len(views) % 2 == 1))
    return views


def pooling(view: View, *, side: int, grid: int) -> Floats:
    """Weights (side · side, grid · grid) that average a map of `side` × `side` over the cells of `view`.

    A place of the map counts by the area that it shares with the cell.
    """
    rows = _shares(view.top, view.bottom, side, grid)
    columns = _shares(view.left, view.right, side, grid)
    if view.mirrored:
        columns = columns[:, ::-1]
    weights = rows[:, None, :, None] * columns[None, :, None, :]
    return weights.reshape(side * side, grid * grid).astype(np.float32)


def _shares(begin: float, end: float, side: int, cells: int) -> Floats:
    """The share (side, cells) of each cell's length between `begin` and `end` that each place covers."""
    edges = np.linspace(begin, end, cells + 1) * side
    places = np.arange(side)[:, None]
    overlap = np.minimum(edges[1:], places + 1) - np.maximum(edges[:-1], places)
    shares = np.maximum(overlap, 0.0)
    return np.asarray(shares / shares.sum(axis=0), dtype=np.float32)
