"""Squares laid over each other by a scale and a shift along each axis, and how well they then agree."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Pair: TypeAlias = tuple[Floats, Floats]

WHOLE = np.array([[1.0, 0.0, 1.0, 0.0]], dtype=np.float32)
"""A map has four numbers: scale and shift from top to bottom, then from left to right, in shares of the side.

This one changes nothing.
"""

_LARGEST_STEP = 0.1
# What contrast is divided by at least, in levels of 255 and in shares of the contrast of the whole picture:
# noise on a plain ground is not to count like a drawing.
_LEAST_CONTRAST, _LEAST_SHARE = 2.0, 0.05


def alike(pair: Pair, maps: Floats) -> Floats:
    """The correlation of each of `pair` under `maps`, (n,)."""
    laid, inside = warped(pair[0], maps)
    return correlation(laid, pair[1], inside)


def step(pair: Pair, maps: Floats, free: Floats) -> Floats:
    """One Gauss-Newton step (Lucas & Kanade, 1981) from `maps` (n, 4), in which places that differ much count
    little.

    pair: one plane each, (n, 1, s, s). free: the directions (k, 4) in which maps may change.
    """
    first, second = pair
    count, _, side, _ = first.shape
    laid, inside = warped(first, maps)
    differences = (second - laid)[:, 0]
    weights = inside / (1.0 + differences**2)
    slopes = [
        slope * (side / maps[:, scale, None, None])
        for slope, scale in zip(np.gradient(laid[:, 0], axis=(1, 2)), (0, 2), strict=True)
    ]
    places = places_of(side)
    by_map = [slopes[0] * places[:, None], slopes[0], slopes[1] * places, slopes[1]]
    jacobian = free @ np.stack(by_map, axis=1).reshape(count, 4, -1)
    weighted = jacobian * weights.reshape(count, 1, -1)
    normal = weighted @ jacobian.transpose(0, 2, 1)
    ridge = 1e-3 * np.trace(normal, axis1=1, axis2=2) / len(free) + 1e-6
    normal += ridge[:, None, None] * np.eye(len(free), dtype=np.float32)
    found = np.linalg.solve(normal, weighted @ differences.reshape(count, -1, 1))[..., 0]
    change: Floats = np.clip(found, -_LARGEST_STEP, _LARGEST_STEP).astype(np.float32)
    return maps + change @ free


def inverse(maps: Floats) -> Floats:
    """The maps (n, 4) that undo `maps`."""
    scales, shifts = maps[:, ::2], maps[:, 1::2]
    undone: Floats = np.stack([1.0 / scales, -shifts / scales], axis=2).reshape(-1, 4)
    return undone


def warped(planes: Floats, maps: Floats) -> tuple[Floats, Mask]:
    """`planes` (n, c, s, s) seen at scale · place + shift along each axis, and where (n, s, s) they reach."""
    side = planes.shape[-1]
    rows, row_inside = _sampling(maps[:, 0], maps[:, 1], side)
    columns, column_inside = _sampling(maps[:, 2], maps[:, 3], side)
    inside = row_inside[:, :, None] & column_inside[:, None, :]
    laid: Floats = rows[:, None] @ planes @ columns.transpose(0, 2, 1)[:, None]
    return laid, inside


def _sampling(scales: Floats, shifts: Floats, side: int) -> tuple[Floats, Mask]:
    """Matrices (n, s, s) that interpolate between neighbours, and which places lie inside."""
    at = (scales[:, None] * places_of(side) + shifts[:, None]) * side - 0.5
    inside = (at >= -0.5) & (at <= side - 0.5)
    distances = np.abs(np.clip(at, 0, side - 1)[:, :, None] - np.arange(side, dtype=np.float32))
    return np.maximum(0.0, 1.0 - distances), inside


def local_contrast(planes: Floats, reach: int) -> Floats:
    """`planes` (n, c, s, s) less their mean within `reach` pixels, over the deviation there."""
    means = box(planes.shape[-1], reach)
    mean = means @ planes @ means.T
    variance = means @ (planes**2).mean(axis=1) @ means.T - (mean**2).mean(axis=1)
    least = _LEAST_CONTRAST + _LEAST_SHARE * planes.std(axis=(1, 2, 3))
    contrast: Floats = (planes - mean) / (np.sqrt(np.maximum(variance, 0.0)) + least[:, None, None])[:, None]
    return contrast


def correlation(first: Floats, second: Floats, inside: Mask) -> Floats:
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
def places_of(side: int) -> Floats:
    """The middles of the pixels of a side, in shares of it."""
    places: Floats = (np.arange(side, dtype=np.float32) + 0.5) / np.float32(side)
    return places


@lru_cache(maxsize=8)
def box(side: int, reach: int) -> Floats:
    """The matrix (side, side) of means within `reach` places."""
    near = np.abs(np.arange(side)[:, None] - np.arange(side)) <= reach
    means: Floats = (near / near.sum(axis=1, keepdims=True)).astype(np.float32)
    return means


@lru_cache(maxsize=8)
def shrinking(side: int, to: int) -> Floats:
    """The matrix (to, side) that averages down."""
    shrink: Floats = np.kron(np.eye(to), np.full((1, side // to), to / side)).astype(np.float32)
    return shrink
