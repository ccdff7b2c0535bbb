"""Surfaces that fill the picture: bricks, cells, marble, cloth, wood."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .color import GREEN, ORANGE, RED, Field, Palette, blend, contrasting_palettes, to_picture
from .noise import draw_plane, fibres, fractal_noise, rise, scatter_values


def paint_bricks(rng: np.random.Generator, size: int) -> Image.Image:
    """A wall: rows of bricks, every other row shifted by half a brick, joints between them."""
    x, y = draw_plane(rng, size, tiles=(4.5, 11), turn=0.7, bend=0.04)
    length = rng.uniform(1.8, 3.0)
    row = np.floor(y)
    place = x / length + 0.5 * (row % 2)
    column = np.floor(place)
    to_joint = np.minimum(_to_edge(y - row), _to_edge(place - column) * length)
    grain = fractal_noise(rng, size, cells=int(rng.integers(12, 30)))
    brick, joint = contrasting_palettes(rng, RED)
    tone = 0.75 * scatter_values(rng, column, row) + 0.35 * (grain - 0.3)
    relief = 1 + 0.25 * (0.5 - (y - row)) * rng.choice([-1, 1])
    width = rng.uniform(0.04, 0.1)
    colors = blend(joint.ramp(0.3 + 0.5 * grain), brick.ramp(tone), rise(to_joint, width, width + 0.07))
    return to_picture(colors * relief[..., None])


def paint_cells(rng: np.random.Generator, size: int) -> Image.Image:
    """Voronoi cells, as in leaf tissue, dried mud or stained glass."""
    x, y = draw_plane(rng, size, tiles=(4, 10), bend=0.1)
    nearest, second, tone = _two_nearest_sites(rng, x, y)
    cell, wall = contrasting_palettes(rng)
    bulge = rng.uniform(-0.6, 0.6) * (nearest - 0.4)
    grain = 0.15 * fractal_noise(rng, size, cells=16)
    width = rng.uniform(0.03, 0.14)
    inside = rise(second - nearest, width, width + 0.06)
    return to_picture(blend(wall.ramp(0.4 + 2 * grain), cell.ramp(0.1 + 0.7 * tone + bulge + grain), inside))


def paint_marble(rng: np.random.Generator, size: int) -> Image.Image:
    """Polished stone: clouds crossed by veins that wander and branch."""
    x, y = draw_plane(rng, size, tiles=(2.0, 4.5), bend=0.5)
    y = y * rng.uniform(0.4, 0.8)
    drift_x, drift_y = (1.4 * fibres(rng, 1.3 * x, 1.3 * y) for _ in "xy")
    stone, vein = contrasting_palettes(rng, GREEN)
    cloud = fractal_noise(rng, size, cells=3, octaves=6)
    veins = np.zeros_like(x)
    for scale in (0.7, 1.5, 3.1):
        ridge = np.abs(fibres(rng, (x + drift_x) * scale, (y + drift_y) * scale) - 0.5)
        veins = np.maximum(veins, (1 - rise(ridge, 0.0, rng.uniform(0.03, 0.1))) / scale**0.5)
    veins *= 0.35 + 0.65 * rise(fractal_noise(rng, size, cells=4), 0.3, 0.7)
    return to_picture(blend(stone.ramp(0.1 + 0.8 * cloud), vein.ramp(cloud), veins))


def paint_cloth(rng: np.random.Generator, size: int) -> Image.Image:
    """Cloth: threads along and across, one over the other in plain, basket or twill order."""
    x, y = draw_plane(rng, size, tiles=(8, 16), bend=0.08)
    column, row = np.floor(x), np.floor(y)
    group, period, step = [(1, 2, 1), (2, 2, 1), (1, 4, 1), (1, 3, 1)][int(rng.integers(4))]
    over = (column // group + step * (row // group)) % period < period / 2
    round_x, round_y = np.abs(np.sin(np.pi * x)), np.abs(np.sin(np.pi * y))
    upright = round_x**0.7 * (0.55 + 0.45 * round_y)
    level = round_y**0.7 * (0.55 + 0.45 * round_x)
    warp, weft = contrasting_palettes(rng) if rng.random() < 0.35 else [Palette.draw(rng, low=0.4)] * 2
    twist = 0.2 * np.sin(2 * np.pi * (2 * x + 2 * y)) + 0.25 * (fibres(rng, x * 5, y * 5) - 0.5)
    upright_colors = warp.ramp(_thread_tones(rng, column) + twist)
    level_colors = weft.ramp(_thread_tones(rng, row) + twist)
    colors = blend(level_colors, upright_colors, over.astype(np.float32))
    return to_picture(colors * (0.3 + 0.85 * np.where(over, upright, level))[..., None])


def paint_wood(rng: np.random.Generator, size: int) -> Image.Image:
    """Planks or one board: long wavering grain that flows around knots."""
    x, y = draw_plane(rng, size, tiles=(1.0, 1.6), bend=0.03)
    planks = rng.uniform(1.5, 4) if rng.random() < 0.6 else 0.02
    board = np.floor(y * planks)
    offset = scatter_values(rng, board, board)
    flow = y + 0.5 * offset + 0.16 * fibres(rng, x * 1.5 + 9 * offset, y * 4)
    for _ in range(int(rng.integers(0, 4))):
        row, column = rng.integers(0, size, 2)
        apart = np.hypot((x - x[row, column]) * rng.uniform(1.2, 2.2), (y - y[row, column]) * 4.5)
        flow += rng.uniform(0.12, 0.3) * np.exp(-((apart / 0.4) ** 1.4)) * (board == board[row, column])
    rings = flow * rng.uniform(9, 18)
    ring = (rings - np.floor(rings)) ** 2
    fibre = fibres(rng, x * 5, y * 95)
    wood = Palette.draw(rng, ORANGE, low=rng.uniform(0.2, 0.45), high=rng.uniform(0.6, 0.95))
    colors = wood.ramp(0.9 - 0.45 * ring - 0.3 * fibre + 0.4 * (offset - 0.5))
    gap = rise(_to_edge(y * planks - board) / planks, 0.0, 0.02)
    return to_picture(colors * (0.35 + 0.65 * gap)[..., None])


def _to_edge(part: Field) -> Field:
    return np.minimum(part, 1 - part)


def _thread_tones(rng: np.random.Generator, threads: Field) -> Field:
    """Tones from 0.2 to 0.8 that repeat every few threads: a stripe of the cloth's plaid."""
    tones = rng.uniform(0.2, 0.8, int(rng.integers(1, 9))).astype(np.float32)
    return np.repeat(tones, 2)[threads.astype(np.intp) % (2 * len(tones))]


def _two_nearest_sites(rng: np.random.Generator, x: Field, y: Field) -> tuple[Field, Field, Field]:
    """Distances to the nearest and second nearest of one random site a unit square, and the cell's tone."""
    sites_x, sites_y = rng.uniform(0.05, 0.95, (2, 61, 61)).astype(np.float32)
    tones = rng.random((61, 61), dtype=np.float32)
    nearest, second, tone = np.full_like(x, 9), np.full_like(x, 9), np.zeros_like(x)
    for step_x in (-1, 0, 1):
        for step_y in (-1, 0, 1):
            column, row = np.floor(x) + step_x, np.floor(y) + step_y
            key = row.astype(np.intp) % 61, column.astype(np.intp) % 61
            apart = np.hypot(column + sites_x[key] - x, row + sites_y[key] - y)
            tone = np.where(apart < nearest, tones[key], tone)
            second = np.minimum(second, np.maximum(nearest, apart))
            nearest = np.minimum(nearest, apart)
    return nearest, second, tone
