"""Smooth random fields, and coordinates that are turned, scaled, tilted and bent at random."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .color import Field


def fractal_noise(rng: np.random.Generator, size: int, *, cells: int, octaves: int = 4) -> Field:
    """A cloud `(size, size) float32` from 0 to 1: `cells` blobs across, then finer and fainter ones."""
    total = np.zeros((size, size), dtype=np.float32)
    for octave in range(octaves):
        side = min(cells * 2**octave + 1, size)
        lattice = Image.fromarray(rng.random((side, side), dtype=np.float32))
        total += np.asarray(lattice.resize((size, size), Image.Resampling.BICUBIC)) / 2**octave
    total -= total.min()
    total /= max(float(total.max()), 1e-6)
    return total


def jagged_line(rng: np.random.Generator, size: int, *, peaks: int, octaves: int = 5) -> Field:
    """A line of peaks `(size,) float32`, heights from 0 to 1: straight pieces, then finer and lower ones."""
    places = np.linspace(0, 1, size)
    line = np.zeros(size)
    for octave in range(octaves):
        heights = rng.random(peaks * 2**octave + 2)
        stops = np.linspace(-0.1, 1.1, len(heights))
        line += np.interp(places, stops, heights) / 2.2**octave
    line -= line.min()
    line /= line.max()
    return line.astype(np.float32)


def draw_plane(
    rng: np.random.Generator,
    size: int,
    *,
    tiles: tuple[float, float],
    turn: float = np.pi,
    bend: float = 0.05,
) -> tuple[Field, Field]:
    """Coordinates x, y `(size, size) float32` of a plane seen at random.

    Between `tiles[0]` and `tiles[1]` units fit across the picture; the plane is turned by up to `turn`
    radians, tilted in perspective, shifted, and bent by about `bend` of the picture's width.
    """
    axis = np.linspace(-0.5, 0.5, size, dtype=np.float32)
    angle, tilt = rng.uniform(-turn, turn), rng.uniform(0, 2 * np.pi)
    x = axis * np.float32(np.cos(angle)) - axis[:, None] * np.float32(np.sin(angle))
    y = axis * np.float32(np.sin(angle)) + axis[:, None] * np.float32(np.cos(angle))
    depth = 1 + rng.uniform(0, 0.55) * (np.cos(tilt) * x + np.sin(tilt) * y)
    zoom = np.exp(rng.uniform(*np.log(tiles)))
    bent_x = x / depth + bend * (fractal_noise(rng, size, cells=3, octaves=2) - 0.5)
    bent_y = y / depth + bend * (fractal_noise(rng, size, cells=3, octaves=2) - 0.5)
    shift_x, shift_y = rng.uniform(0, 50, 2)
    return (bent_x * zoom + shift_x).astype(np.float32), (bent_y * zoom + shift_y).astype(np.float32)


def scatter_values(rng: np.random.Generator, columns: Field, rows: Field) -> Field:
    """A random value in 0 to 1 for every pair of whole numbers: the same pair, the same value."""
    table = rng.random((61, 61), dtype=np.float32)
    return table[rows.astype(np.intp) % 61, columns.astype(np.intp) % 61]


def fibres(rng: np.random.Generator, x: Field, y: Field) -> Field:
    """Smooth noise from 0 to 1 with one blob a unit of `x` and of `y`, to be stretched by scaling them."""
    column, row = np.floor(x), np.floor(y)
    along, across = _ease(x - column), _ease(y - row)
    table = np.pad(rng.random((96, 96), dtype=np.float32), (0, 1), mode="wrap")
    columns, rows = column.astype(np.intp) % 96, row.astype(np.intp) % 96
    upper = table[rows, columns] * (1 - along) + table[rows, columns + 1] * along
    lower = table[rows + 1, columns] * (1 - along) + table[rows + 1, columns + 1] * along
    return upper * (1 - across) + lower * across


def rise(field: Field, start: float, end: float) -> Field:
    """Zero up to `start`, one from `end` on, smooth between them."""
    return _ease(np.clip((field - start) / (end - start), 0, 1).astype(np.float32))


def _ease(part: Field) -> Field:
    return part * part * (3 - 2 * part)
