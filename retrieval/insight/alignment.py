"""How well two pictures agree when one is laid over the other, whatever was cut off, scaled or tinted.

Pictures come as squares. What is cut off, reduced or squashed is then a scale and a shift along each axis.
They are found coarse to fine: by trying cuts of either picture, then by Gauss-Newton steps on the local
contrast (Lucas & Kanade, 1981), of which tint, brightness and contrast of the whole have dropped out.
Photographs taken one after the other cannot be laid over each other so well: they differ in more than that.

Where little is drawn on a plain ground, a scale and a shift can lay any dot on any other, and nothing is left
to tell whether that is right. Such pictures are compared as they are.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Pair: TypeAlias = tuple[Floats, Floats]

SIDE = 96
"""Pixels of a side of the squares that are compared."""

_SMALL, _MIDDLE = 24, 48
_STEPS = {_SMALL: 6, _MIDDLE: 6, SIDE: 5}
_CUTS = {0.85: 3, 0.7: 4, 0.55: 5}
_LIGHT = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_FARTHEST, _LARGEST_STEP = 2.5, 0.1
# What contrast is divided by at least, in levels of 255 and in shares of the contrast of the whole picture:
# noise on a plain ground is not to count like a drawing.
_LEAST_CONTRAST, _LEAST_SHARE = 2.0, 0.05
_REACH = 8
# Cutting leaves one picture whole within the other; a shape that lies elsewhere on a plain ground does not.
_LEAST_COVERED = 0.92
_LEAST_OF_OTHER = 0.15
# Corners that a picture has at least if scales and shifts can be found by it: four numbers, and each corner
# gives two. Found in squares of 8 pixels; the weaker of the two slopes of their contrast, squared.
_LEAST_CORNERS, _CELL, _CORNER = 16, 8, 0.01
_WHOLE = np.array([[1.0, 0.0, 1.0, 0.0]], dtype=np.float32)
_GOOD, _HOPELESS = 0.9, 0.6


def agreement(first: Pixels, second: Pixels, cut: Mask | None = None) -> Floats:
    """How well each of `first` (n, SIDE, SIDE, 3) agrees with its counterpart in `second`: (n,), at most 1.

    cut: where both of a pair are what `tells_cuts` is true of (n,), if that is known already.

    It is the correlation of their local contrast, red, green and blue, where one lies over the other; 0 where
    the one shows too little of the other. Where one has too few corners to be laid over the other, it is that
    of the two as they are.
    """
    if cut is None:
        cut = tells_cuts(first) & tells_cuts(second)
    pair = _planes(first), _planes(second)
    found = np.empty(len(first), dtype=np.float32)
    for which, compare in ((cut, _agreement_when_cut), (~cut, _agreement_as_they_are)):
        if which.any():
            found[which] = compare((pair[0][which], pair[1][which]))
    return found


def tells_cuts(pictures: Pixels) -> Mask:
    """Whether `agreement` can tell what was cut off each of `pictures` (n, SIDE, SIDE, 3): (n,)."""
    enough: Mask = _num_corners(_planes(pictures)) >= _LEAST_CORNERS
    return enough


def _num_corners(planes: Floats) -> NDArray[np.int64]:
    """How many squares of 8 pixels have slopes in two directions (n,), as by Shi and Tomasi, 1994."""
    count, _, side, _ = planes.shape
    slopes = np.gradient(_local_contrast(planes, _REACH), axis=(2, 3))
    cells = side // _CELL
    down, right, both = (
        (one * other).sum(axis=1).reshape(count, cells, _CELL, cells, _CELL).mean(axis=(2, 4))
        for one, other in ((slopes[0], slopes[0]), (slopes[1], slopes[1]), (slopes[0], slopes[1]))
    )
    weaker = (down + right) / 2 - np.sqrt(((down - right) / 2) ** 2 + both**2)
    corners: NDArray[np.int64] = (weaker > _CORNER).sum(axis=(1, 2))
    return corners


def _agreement_as_they_are(pair: Pair) -> Floats:
    whole = np.ones((len(pair[0]), *pair[0].shape[2:]), dtype=bool)
    return _correlation(_local_contrast(pair[0], _REACH), _local_contrast(pair[1], _REACH), whole)


def _agreement_when_cut(pair: Pair) -> Floats:
    maps, found = _roughly_aligned(pair)
    likely = np.flatnonzero(found >= _HOPELESS)
    if len(likely):
        left = pair[0][likely], pair[1][likely]
        found[likely] = _agreement_under(left, _aligned(_contrasts(left, SIDE), maps[likely], SIDE))
    return found


def _roughly_aligned(pair: Pair) -> tuple[Floats, Floats]:
    """Maps (n, 4) found on pictures shrunk to less and less, and how well they agree then (n,)."""
    small = _contrasts(pair, _SMALL)
    maps = _aligned(small, np.repeat(_WHOLE, len(pair[0]), axis=0), _SMALL)
    unlike = np.flatnonzero(_alike(small, maps) < _GOOD)
    if len(unlike):
        rest = small[0][unlike], small[1][unlike]
        maps[unlike] = _aligned(rest, _best_cuts(rest, maps[unlike]), _SMALL)
    contrasts = _contrasts(pair, _MIDDLE)
    maps = _aligned(contrasts, maps, _MIDDLE)
    return maps, _alike(contrasts, maps)


def _agreement_under(pair: Pair, maps: Floats) -> Floats:
    """The agreement of each pair, (n, 3, s, s), where the first lies on the second under `maps` (n, 4)."""
    # The one that shows a part is laid on the one that shows the whole, so that nothing is enlarged.
    part = maps[:, 0] * maps[:, 2] < 1.0
    laid, ground = (np.where(part[:, None, None, None], *each) for each in (pair[::-1], pair))
    maps = np.where(part[:, None], _inverse(maps), maps)
    laid, inside = _warped(laid, maps)
    covered = inside.mean(axis=(1, 2))
    shown = np.minimum(1.0, covered * maps[:, 0] * maps[:, 2])
    enough = (np.maximum(covered, shown) >= _LEAST_COVERED) & (np.minimum(covered, shown) >= _LEAST_OF_OTHER)
    alike = _correlation(_local_contrast(laid, _REACH), _local_contrast(ground, _REACH), inside)
    found: Floats = np.where(enough, alike, np.float32(0.0))
    return found


def _planes(pictures: Pixels) -> Floats:
    """(n, 3, s, s) float32."""
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2), dtype=np.float32)


def _light(planes: Floats, side: int) -> Floats:
    """The light (n, 1, side, side) of `planes` (n, 3, s, s), averaged down."""
    light = np.einsum("ncyx,c->nyx", planes, _LIGHT)
    shrink = _shrinking(planes.shape[-1], side)
    shrunk: Floats = (shrink @ light @ shrink.T)[:, None]
    return shrunk


def _local_contrast(planes: Floats, reach: int) -> Floats:
    """`planes` (n, c, s, s) less their mean within `reach` pixels, over the deviation there."""
    box = _box(planes.shape[-1], reach)
    mean = box @ planes @ box.T
    variance = box @ (planes**2).mean(axis=1) @ box.T - (mean**2).mean(axis=1)
    least = _LEAST_CONTRAST + _LEAST_SHARE * planes.std(axis=(1, 2, 3))
    contrast: Floats = (planes - mean) / (np.sqrt(np.maximum(variance, 0.0)) + least[:, None, None])[:, None]
    return contrast


def _contrasts(pair: Pair, side: int) -> Pair:
    """The local contrast (n, 1, side, side) of the light of both."""
    first, second = (_local_contrast(_light(each, side), max(3, side // 8)) for each in pair)
    return first, second


def _aligned(pair: Pair, maps: Floats, side: int) -> Floats:
    """`maps` (n, 4) improved, so that under them the first of `pair` lies on the second."""
    for _ in range(_STEPS[side]):
        maps = _step(*pair, maps)
    return maps


def _alike(pair: Pair, maps: Floats) -> Floats:
    laid, inside = _warped(pair[0], maps)
    return _correlation(laid, pair[1], inside)


def _step(first: Floats, second: Floats, maps: Floats) -> Floats:
    """One Gauss-Newton step, in which places that differ much count little."""
    count, _, side, _ = first.shape
    laid, inside = _warped(first, maps)
    differences = (second - laid)[:, 0]
    weights = inside / (1.0 + differences**2)
    slopes = [
        slope * (side / maps[:, scale, None, None])
        for slope, scale in zip(np.gradient(laid[:, 0], axis=(1, 2)), (0, 2), strict=True)
    ]
    places = _places(side)
    by_map = [slopes[0] * places[:, None], slopes[0], slopes[1] * places, slopes[1]]
    jacobian = np.stack(by_map, axis=1).reshape(count, 4, -1)
    weighted = jacobian * weights.reshape(count, 1, -1)
    normal = weighted @ jacobian.transpose(0, 2, 1)
    ridge = 1e-3 * np.trace(normal, axis1=1, axis2=2) / 4 + 1e-6
    normal += ridge[:, None, None] * np.eye(4, dtype=np.float32)
    step = np.linalg.solve(normal, weighted @ differences.reshape(count, -1, 1))[..., 0]
    moved = maps + np.clip(step, -_LARGEST_STEP, _LARGEST_STEP)
    least = np.array([1 / _FARTHEST, -_FARTHEST] * 2)
    bounded: Floats = np.clip(moved, least, _FARTHEST).astype(np.float32)
    return bounded


def _best_cuts(pair: Pair, maps: Floats) -> Floats:
    """Of maps that cut either picture, the one (n, 4) under which each pair agrees best, unless `maps` do."""
    best, chosen = _alike(pair, maps), np.array(maps)
    for cut in _cuts():
        found = _alike(pair, np.repeat(cut[None], len(maps), axis=0))
        better = found > best
        best[better], chosen[better] = found[better], cut
    return chosen


@lru_cache(maxsize=1)
def _cuts() -> Floats:
    """Maps (m, 4) that cut both sides alike, or one of them, at several places, of the one or the other."""
    found = []
    for cut, count in _CUTS.items():
        shifts = np.linspace(0.0, 1.0 - cut, count)
        found += [(cut, y, cut, x) for y in shifts for x in shifts]
        found += [(cut, y, 1.0, 0.0) for y in shifts]
        found += [(1.0, 0.0, cut, x) for x in shifts]
    cuts = np.array(found, dtype=np.float32)
    return np.concatenate([cuts, _inverse(cuts)])


def _inverse(maps: Floats) -> Floats:
    scales, shifts = maps[:, ::2], maps[:, 1::2]
    inverse: Floats = np.stack([1.0 / scales, -shifts / scales], axis=2).reshape(-1, 4)
    return inverse


def _warped(planes: Floats, maps: Floats) -> tuple[Floats, Mask]:
    """`planes` (n, c, s, s) seen at scale · place + shift along each axis, and where (n, s, s) they reach."""
    side = planes.shape[-1]
    rows, row_inside = _sampling(maps[:, 0], maps[:, 1], side)
    columns, column_inside = _sampling(maps[:, 2], maps[:, 3], side)
    inside = row_inside[:, :, None] & column_inside[:, None, :]
    laid: Floats = rows[:, None] @ planes @ columns.transpose(0, 2, 1)[:, None]
    return laid, inside


def _sampling(scales: Floats, shifts: Floats, side: int) -> tuple[Floats, Mask]:
    """Matrices (n, s, s) that interpolate between neighbours, and which places lie inside."""
    at = (scales[:, None] * _places(side) + shifts[:, None]) * side - 0.5
    inside = (at >= -0.5) & (at <= side - 0.5)
    distances = np.abs(np.clip(at, 0, side - 1)[:, :, None] - np.arange(side, dtype=np.float32))
    return np.maximum(0.0, 1.0 - distances), inside


def _correlation(first: Floats, second: Floats, inside: Mask) -> Floats:
    """Of each pair (n, c, s, s), over the places inside; deviations of all channels together."""
    weights = inside[:, None].astype(np.float32)
    count = np.maximum(inside.sum(axis=(1, 2)), 1)[:, None, None, None]
    centred = [
        (each - (each * weights).sum(axis=(2, 3), keepdims=True) / count) * weights
        for each in (first, second)
    ]
    spread = [np.sqrt((each**2).sum(axis=(1, 2, 3))) for each in centred]
    found: Floats = (centred[0] * centred[1]).sum(axis=(1, 2, 3)) / (spread[0] * spread[1] + 1e-6)
    return found


@lru_cache(maxsize=8)
def _places(side: int) -> Floats:
    """The middles of the pixels of a side, in shares of it."""
    places: Floats = (np.arange(side, dtype=np.float32) + 0.5) / np.float32(side)
    return places


@lru_cache(maxsize=8)
def _box(side: int, reach: int) -> Floats:
    near = np.abs(np.arange(side)[:, None] - np.arange(side)) <= reach
    box: Floats = (near / near.sum(axis=1, keepdims=True)).astype(np.float32)
    return box


@lru_cache(maxsize=8)
def _shrinking(side: int, to: int) -> Floats:
    shrink: Floats = np.kron(np.eye(to), np.full((1, side // to), to / side)).astype(np.float32)
    return shrink
