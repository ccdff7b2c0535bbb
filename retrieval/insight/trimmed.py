"""Whether one of two drawings is the other with a little cut off its sides.

A drawing has too few corners to find any scale and shift by. But what people trim keeps its proportions,
loses little, and lies within the whole: three numbers within narrow bounds, where even a line has four. They
are sought from the ink, what differs from the ground, blurred at first so that a line is drawn towards the
other from afar. All of the part then has to agree, the empty ground as well, and by more than what is
compared as it is: a place and a size that are free lay many a shape on another.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .warping import (
    WHOLE,
    Floats,
    Mask,
    Pair,
    alike,
    box,
    correlation,
    local_contrast,
    shrinking,
    step,
    warped,
)

_LEAST_KEPT = 0.78
_KEPT, _PLACES = (0.95, 0.9, 0.84), (0.0, 0.5, 1.0)
# Blur of the ink, in pixels of the squares, side of the squares it is averaged down to, and steps.
_FIRST = (3, 24, 6)
_NEXT = ((5, 48, 5), (2, 48, 5), (1, 96, 5))
# Of 2,500 pairs of neighbours among icons, glyphs, lines, stars, dots and cut-outs none agreed by as much;
# with their edited copies some did by 0.98.
LEAST_TRIMMED = 0.985
_HOPELESS = 0.85
_SMOOTH, _REACH = 1, 8
_SLACK = 0.01
# One scale for both axes, and a shift along each.
_FREE = np.array([[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], dtype=np.float32)


def agreement_when_trimmed(pair: Pair) -> Floats:
    """How well each of the first, (n, 3, s, s), agrees with its counterpart once either is trimmed: (n,).

    The correlation of their local contrast over all of the part; 0 where it is less than 0.985.
    """
    ink = _ink(pair[0]), _ink(pair[1])
    small = _blurred(ink[0], *_FIRST[:2]), _blurred(ink[1], *_FIRST[:2])
    maps, found, turned = _likelier_way(small)
    found[:] = np.where(found >= _HOPELESS, found, 0.0)
    likely = np.flatnonzero(found)
    if len(likely):
        wholes, parts = _in_order(pair, turned, likely)
        inks = _in_order(ink, turned, likely)
        maps = maps[likely]
        for blur, side, steps in _NEXT:
            maps = _improved((_blurred(inks[0], blur, side), _blurred(inks[1], blur, side)), maps, steps)
        found[likely] = _agreement_under((wholes, parts), maps)
    return np.where(found >= LEAST_TRIMMED, found, np.float32(0.0))


def _likelier_way(pair: Pair) -> tuple[Floats, Floats, Mask]:
    """Maps (n, 4) to the part from the whole, how well they agree, and where the second is the whole (n,)."""
    both = np.concatenate(pair), np.concatenate(pair[::-1])
    count = len(both[0])
    alikes = [alike(both, np.repeat(cut[None], count, axis=0)) for cut in _cuts()]
    maps = _improved(both, _cuts()[np.argmax(alikes, axis=0)], _FIRST[2])
    found = alike(both, maps).reshape(2, -1)
    way = np.argmax(found, axis=0)
    at = np.arange(len(way))
    return maps.reshape(2, -1, 4)[way, at], found[way, at], way == 1


def _in_order(pair: Pair, turned: Mask, which: NDArray[np.int64]) -> Pair:
    """Those of `pair` in the places `which`, the whole first."""
    first, second = pair[0][which], pair[1][which]
    chosen = turned[which].reshape(-1, *[1] * (first.ndim - 1))
    return np.where(chosen, second, first), np.where(chosen, first, second)


def _agreement_under(pair: Pair, maps: Floats) -> Floats:
    # Thin lines do not fall on the same pixels after scaling.
    whole, part = (_smoothed(each, _SMOOTH) for each in pair)
    laid, inside = warped(whole, maps)
    everywhere = np.ones_like(inside)
    return correlation(local_contrast(laid, _REACH), local_contrast(part, _REACH), everywhere)


def _improved(pair: Pair, maps: Floats, steps: int) -> Floats:
    """`maps` (n, 4) after some steps; the part never leaves the whole."""
    whole, part = pair
    for _ in range(steps):
        # The part has less ground, and thicker lines: without a gain of its own it would seem to be enlarged.
        laid = warped(whole, maps)[0]
        gain = (laid * part).sum(axis=(2, 3), keepdims=True) / (
            np.square(laid).sum((2, 3), keepdims=True) + 1e-6
        )
        maps = step((gain * whole, part), maps, _FREE)
        scales = np.clip(maps[:, :1], _LEAST_KEPT, 1.0)
        shifts = np.clip(maps[:, 1::2], -_SLACK, 1.0 - scales + _SLACK)
        maps = np.concatenate([scales, shifts[:, :1], scales, shifts[:, 1:]], axis=1)
    return maps


@lru_cache(maxsize=1)
def _cuts() -> Floats:
    """Maps (m, 4) to start from."""
    cuts = [
        (kept, down * (1 - kept), kept, right * (1 - kept))
        for kept in _KEPT
        for down in _PLACES
        for right in _PLACES
    ]
    return np.concatenate([WHOLE, np.array(cuts, dtype=np.float32)])


def _ink(planes: Floats) -> Floats:
    """How far each place of `planes` (n, 3, s, s) is from the ground, its commonest colour: (n, s, s)."""
    ground = np.median(planes, axis=(2, 3), keepdims=True)
    ink: Floats = np.abs(planes - ground).sum(axis=1)
    return ink


def _blurred(ink: Floats, blur: int, side: int) -> Floats:
    """`ink` (n, s, s) blurred, averaged down to `side`, of mean square 1: (n, 1, side, side)."""
    shrink = shrinking(ink.shape[-1], side)
    small = shrink @ _smoothed(_smoothed(ink, blur), blur) @ shrink.T
    scale = np.sqrt(np.square(small).mean(axis=(1, 2), keepdims=True)) + 1e-6
    blurred: Floats = (small / scale)[:, None]
    return blurred


def _smoothed(planes: Floats, blur: int) -> Floats:
    means = box(planes.shape[-1], blur)
    smoothed: Floats = means @ planes @ means.T
    return smoothed
