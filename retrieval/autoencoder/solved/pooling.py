"""From a map of contents to features of a view: its contents by place, and which of them come together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .lda import unit
from .pictures import Floats, View

# Along a side: how exactly the area is known that a place and a cell of a turned view share.
_POINTS_OF_A_PLACE = 4

ROOT = (0.7063, 0.38641, -0.05004, -0.46031, -0.30565, 2.09836, 0.61828, -3.16793, -0.46268, 1.64968)
"""What the powers of 2 x - 1 are multiplied by to give the root of x, see `matrix_root`: 0 for 0, else by
least squares over x from 0.0001 to 1, each order of magnitude alike."""


def pooling(view: View, *, side: int, grid: int) -> Floats:
    """Weights (side · side, grid · grid) that average a map of `side` × `side` over the cells of `view`.

    A place of the map counts by the area that it shares with the cell; of a view that is turned or slanted,
    by how many of the points of the cell are in it.
    """
    if not view.is_upright:
        return _points_shared(view, side, grid)
    rows = _shares(view.top, view.bottom, side, grid)
    columns = _shares(view.left, view.right, side, grid)
    columns = columns[:, ::-1] if view.mirrored else columns
    weights = rows[:, None, :, None] * columns[None, :, None, :]
    return np.asarray(weights.reshape(side * side, grid * grid))


def _shares(begin: float, end: float, side: int, cells: int) -> Floats:
    """The share (side, cells) of each cell's length between `begin` and `end` that each place covers."""
    edges = np.linspace(begin, end, cells + 1) * side
    places = np.arange(side)[:, None]
    overlap = np.minimum(edges[1:], places + 1) - np.maximum(edges[:-1], places)
    shares = np.maximum(overlap, 0.0)
    return np.asarray(shares / shares.sum(axis=0), dtype=np.float32)


def _points_shared(view: View, side: int, grid: int) -> Floats:
    """The share (side · side, grid · grid) of each cell's points that are in each place."""
    in_cell = _POINTS_OF_A_PLACE * max(1, -(-side // grid))
    points = (np.arange(grid * in_cell) + 0.5) / (grid * in_cell)
    rows, columns = view.points(points[:, None], points[None, :])
    places = np.minimum(rows * side, side - 1).astype(np.intp) * side
    places += np.minimum(columns * side, side - 1).astype(np.intp)
    cell = np.arange(grid * in_cell) // in_cell
    cells = cell[:, None] * grid + cell[None, :]
    counts = np.bincount((places * grid**2 + cells).ravel(), minlength=(side * grid) ** 2)
    return np.asarray(counts.reshape(side * side, grid * grid) / in_cell**2, dtype=np.float32)


class Pooling:
    """Both poolings of several views of maps (side · side, c) of unit vectors.

    `cells`: the map averaged over grid × grid cells, which know what is where. `pairs`: of the first contents
    u of each place, `pair_dims` at most and of unit length, the mean of u uᵀ, whose matrix root knows what
    comes together and nothing of where (iSQRT-COV, arXiv 1712.01034).
    """

    def __init__(self, views: Sequence[View], shape: tuple[int, ...], *, grid: int, pair_dims: int) -> None:
        """For maps of this shape (side · side, c)."""
        self._side, contents = round(shape[0] ** 0.5), shape[1]
        self.num_views, self.pair_dims = len(views), min(pair_dims, contents)
        self.cells_dim, self.pairs_dim = grid**2 * contents, self.pair_dims * (self.pair_dims + 1) // 2
        self._weights = np.concatenate([pooling(view, side=self._side, grid=grid).T for view in views])
        self._seen = [self._shown(pooling(view, side=self._side, grid=1)[:, 0]) for view in views]

    def cells(self, features: Floats) -> Floats:
        """`features` (..., side · side, c) by place: (..., views, grid · grid · c) of unit length."""
        pooled = self._weights @ features
        return unit(pooled.reshape(*features.shape[:-2], self.num_views, -1))

    def pairs(self, features: Floats) -> Floats:
        """`features` (..., side · side, c) by pairs: (..., views, d · (d + 1) / 2) of unit length."""
        before, dims = features.shape[:-2], self.pair_dims
        contents = features if dims == features.shape[-1] else unit(features[..., :dims])
        contents = contents.reshape(*before, self._side, self._side, dims)
        moments = np.empty((*before, self.num_views, dims, dims), dtype=np.float32)
        for view, (rows, columns, roots) in enumerate(self._seen):
            members = (contents[..., rows, columns, :] * roots).reshape(*before, -1, dims)
            np.matmul(members.swapaxes(-1, -2), members, out=moments[..., view, :, :])
        return unit(upper_triangle(matrix_root(moments)))

    def _shown(self, weights: Floats) -> tuple[slice, slice, Floats]:
        """The rows and columns of places that a view shows, by its `weights` (side · side,), and the roots of
        these, once for every content: NumPy multiplies long rows faster than many by a number each.
        """
        of_places = weights.reshape(self._side, self._side)
        down, across = _not_zero(of_places.sum(axis=1)), _not_zero(of_places.sum(axis=0))
        return down, across, np.repeat(np.sqrt(of_places[down, across])[..., None], self.pair_dims, axis=2)


def _not_zero(shares: Floats) -> slice:
    places = np.flatnonzero(shares)
    return slice(places[0], places[-1] + 1)


def matrix_root(moments: Floats) -> Floats:
    """The matrix square root of `moments` (..., d, d), symmetric with eigenvalues in 0 to 1; nearly so.

    The polynomial `ROOT` of 2 · moments - 1, by four products of matrices (Paterson & Stockmeyer 1973). It is
    within 0.013 of five steps of Newton and Schulz, which take twelve: small eigenvalues come out smaller
    than their root. The network takes the same products.
    """
    centred: Floats = np.float32(2.0) * moments
    _on_diagonals(centred)[...] -= 1.0
    square = centred @ centred
    cube = square @ centred
    root: Floats = np.float32(ROOT[9]) * cube
    term = np.empty_like(root)
    for power in (6, 3, 0):
        one, two, three = np.array(ROOT[power : power + 3], dtype=np.float32)
        root += np.multiply(centred, two, out=term)
        root += np.multiply(square, three, out=term)
        _on_diagonals(root)[...] += one
        if power:
            root, term = np.matmul(root, cube, out=term), root
    return root


def _on_diagonals(matrices: Floats) -> Floats:
    """The numbers (..., d) on the diagonals of `matrices` (..., d, d), to be written to."""
    return np.asarray(np.einsum("...ii->...i", matrices))


def upper_triangle(matrices: Floats) -> Floats:
    """Symmetric `matrices` (..., d, d) as (..., d · (d + 1) / 2), of the same inner products."""
    dims = matrices.shape[-1]
    whole = matrices.reshape(*matrices.shape[:-2], dims * dims)
    triangle: Floats = whole.take(_upper_places(dims), axis=-1)
    triangle *= _scales(dims)
    return triangle


def for_full_matrices(weights: Floats, dims: int) -> Floats:
    """`weights` (d · (d + 1) / 2, out) for upper triangles, as weights (d · d, out) for whole matrices."""
    rows, columns = np.triu_indices(dims)
    full = np.empty((dims, dims, weights.shape[1]), dtype=np.float32)
    full[rows, columns] = full[columns, rows] = weights / _scales(dims)[:, None]
    return full.reshape(dims * dims, -1)


@cache
def _upper_places(dims: int) -> NDArray[np.intp]:
    """Where the upper triangle is in a matrix (dims, dims) that is flat."""
    rows, columns = np.triu_indices(dims)
    return rows * dims + columns


@cache
def _scales(dims: int) -> Floats:
    """What makes up for a number of the triangle standing for two: √2 beside the diagonal, 1 on it."""
    rows, columns = np.triu_indices(dims)
    return np.where(rows == columns, 1.0, np.sqrt(2.0)).astype(np.float32)
