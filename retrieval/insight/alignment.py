"""How well two pictures agree when one is laid over the other, whatever was cut off, scaled or tinted.

Pictures come as squares. What is cut off, reduced or squashed is then a scale and a shift along each axis.
They are found coarse to fine: by trying cuts of either picture, then by Gauss-Newton steps on the local
contrast (Lucas & Kanade, 1981), of which tint, brightness and contrast of the whole have dropped out.
Photographs taken one after the other cannot be laid over each other so well: they differ in more than that.

Where little is drawn on a plain ground, a scale and a shift can lay any dot on any other, and nothing is left
to tell whether that is right. Such pictures are compared as they are, and as `trimmed` compares them.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .trimmed import LEAST_TRIMMED, agreement_when_trimmed
from .warping import (
    WHOLE,
    Floats,
    Pair,
    alike,
    correlation,
    inverse,
    local_contrast,
    shrinking,
    step,
    warped,
)

Pixels = NDArray[np.uint8]
Counts = NDArray[np.int64]

SIDE = 96
"""Pixels of a side of the squares that are compared."""

_SMALL, _MIDDLE = 24, 48
_STEPS = {_SMALL: 6, _MIDDLE: 6, SIDE: 5}
_CUTS = {0.85: 3, 0.7: 4, 0.55: 5}
_LIGHT = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_FARTHEST = 2.5
_LEAST_MAP = np.array([1 / _FARTHEST, -_FARTHEST] * 2)
_FREE = np.eye(4, dtype=np.float32)
_REACH = 8
# Cutting leaves one picture whole within the other; a shape that lies elsewhere on a plain ground does not.
_LEAST_COVERED = 0.92
_LEAST_OF_OTHER = 0.15
CORNERS_OF_CUT = 16
"""Corners that a picture has at least if any scale and shift can be found by it."""

CORNERS_OF_TRIMMED = 5
"""The same if little may have been cut off. One dot may lie in four squares, and could be any other dot."""

# A corner is a square of 8 pixels where the weaker of two slopes of the contrast, squared, is this much.
_CELL, _CORNER = 8, 0.01
_GOOD, _HOPELESS = 0.9, 0.6


def agreement(first: Pixels, second: Pixels, corners: Counts | None = None) -> Floats:
    """How well each of `first` (n, SIDE, SIDE, 3) agrees with its counterpart in `second`: (n,), at most 1.

    corners: of the one of each pair that has fewer, as `num_corners` counts them (n,), if known already.

    It is the correlation of their local contrast, red, green and blue, where one lies over the other; 0 where
    the one shows too little of the other. Where one has too few corners to be laid over the other, it is that
    of the two as they are, or that of `agreement_when_trimmed` if it is more and there are corners for that.
    """
    if corners is None:
        corners = np.minimum(num_corners(first), num_corners(second))
    pair = _planes(first), _planes(second)
    found = np.empty(len(first), dtype=np.float32)
    kinds = (
        (corners >= CORNERS_OF_CUT, _agreement_when_cut),
        ((corners >= CORNERS_OF_TRIMMED) & (corners < CORNERS_OF_CUT), _agreement_of_drawings),
        (corners < CORNERS_OF_TRIMMED, _agreement_as_they_are),
    )
    for which, compare in kinds:
        if which.any():
            found[which] = compare((pair[0][which], pair[1][which]))
    return found


def num_corners(pictures: Pixels) -> Counts:
    """How many squares of 8 pixels of `pictures` (n, SIDE, SIDE, 3) have slopes in two directions: (n,).

    As by Shi and Tomasi, 1994.
    """
    planes = _planes(pictures)
    count, _, side, _ = planes.shape
    slopes = np.gradient(local_contrast(planes, _REACH), axis=(2, 3))
    cells = side // _CELL
    down, right, both = (
        (one * other).sum(axis=1).reshape(count, cells, _CELL, cells, _CELL).mean(axis=(2, 4))
        for one, other in ((slopes[0], slopes[0]), (slopes[1], slopes[1]), (slopes[0], slopes[1]))
    )
    weaker = (down + right) / 2 - np.sqrt(((down - right) / 2) ** 2 + both**2)
    corners: Counts = (weaker > _CORNER).sum(axis=(1, 2))
    return corners


def _agreement_as_they_are(pair: Pair) -> Floats:
    whole = np.ones((len(pair[0]), *pair[0].shape[2:]), dtype=bool)
    return correlation(local_contrast(pair[0], _REACH), local_contrast(pair[1], _REACH), whole)


def _agreement_of_drawings(pair: Pair) -> Floats:
    found = _agreement_as_they_are(pair)
    unlike = np.flatnonzero(found < LEAST_TRIMMED)
    if len(unlike):
        trimmed = agreement_when_trimmed((pair[0][unlike], pair[1][unlike]))
        found[unlike] = np.maximum(found[unlike], trimmed)
    return found


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
    maps = _aligned(small, np.repeat(WHOLE, len(pair[0]), axis=0), _SMALL)
    unlike = np.flatnonzero(alike(small, maps) < _GOOD)
    if len(unlike):
        rest = small[0][unlike], small[1][unlike]
        maps[unlike] = _aligned(rest, _best_cuts(rest, maps[unlike]), _SMALL)
    contrasts = _contrasts(pair, _MIDDLE)
    maps = _aligned(contrasts, maps, _MIDDLE)
    return maps, alike(contrasts, maps)


def _agreement_under(pair: Pair, maps: Floats) -> Floats:
    """The agreement of each pair, (n, 3, s, s), where the first lies on the second under `maps` (n, 4)."""
    # The one that shows a part is laid on the one that shows the whole, so that nothing is enlarged.
    part = maps[:, 0] * maps[:, 2] < 1.0
    laid, ground = (np.where(part[:, None, None, None], *each) for each in (pair[::-1], pair))
    maps = np.where(part[:, None], inverse(maps), maps)
    laid, inside = warped(laid, maps)
    covered = inside.mean(axis=(1, 2))
    shown = np.minimum(1.0, covered * maps[:, 0] * maps[:, 2])
    enough = (np.maximum(covered, shown) >= _LEAST_COVERED) & (np.minimum(covered, shown) >= _LEAST_OF_OTHER)
    agreeing = correlation(local_contrast(laid, _REACH), local_contrast(ground, _REACH), inside)
    found: Floats = np.where(enough, agreeing, np.float32(0.0))
    return found


def _planes(pictures: Pixels) -> Floats:
    """(n, 3, s, s) float32."""
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2), dtype=np.float32)


def _light(planes: Floats, side: int) -> Floats:
    """The light (n, 1, side, side) of `planes` (n, 3, s, s), averaged down."""
    light = np.einsum("ncyx,c->nyx", planes, _LIGHT)
    shrink = shrinking(planes.shape[-1], side)
    shrunk: Floats = (shrink @ light @ shrink.T)[:, None]
    return shrunk


def _contrasts(pair: Pair, side: int) -> Pair:
    """The local contrast (n, 1, side, side) of the light of both."""
    first, second = (local_contrast(_light(each, side), max(3, side // 8)) for each in pair)
    return first, second


def _aligned(pair: Pair, maps: Floats, side: int) -> Floats:
    """`maps` (n, 4) improved, so that under them the first of `pair` lies on the second."""
    for _ in range(_STEPS[side]):
        maps = np.clip(step(pair, maps, _FREE), _LEAST_MAP, _FARTHEST).astype(np.float32)
    return maps


def _best_cuts(pair: Pair, maps: Floats) -> Floats:
    """Of maps that cut either picture, the one (n, 4) under which each pair agrees best, unless `maps` do."""
    best, chosen = alike(pair, maps), np.array(maps)
    for cut in _cuts():
        found = alike(pair, np.repeat(cut[None], len(maps), axis=0))
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
    return np.concatenate([cuts, inverse(cuts)])
