"""Fish and shells."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .brush import Brush
from .color import BLUE, ORANGE, RED, YELLOW, Rgb, Tint, contrasting_palettes
from .pose import Points, Pose, draw_spots, outline, ring_of
from .stage import clear_layer, set_on_stage

EYE_WHITE: Rgb = (245, 245, 240)
BLACK: Rgb = (20, 20, 25)


def paint_fish(rng: np.random.Generator, size: int) -> Image.Image:
    """Two to five fish of one kind seen from the side, with stripes, fins and an eye."""
    skin, behind = contrasting_palettes(rng, ORANGE, BLUE)
    layer = clear_layer(size)
    height, stripes = rng.uniform(0.3, 0.55), int(rng.integers(2, 6))
    for spot in draw_spots(rng, size, fewest=2, most=5, radius=(0.4, 0.52)):
        brush = Brush(layer, Pose.draw(rng, spot, turn=0.6, mirror=True))
        _draw_fish(brush, Tint(skin, rng.uniform(0.3, 0.7)), height=height, stripes=stripes)
    return set_on_stage(rng, layer, behind)


def _draw_fish(brush: Brush, tint: Tint, *, height: float, stripes: int) -> None:
    """A fish that heads to the right."""
    for fin in (
        [[-0.5, 0.0], [-1.0, -0.75 * height - 0.1], [-0.82, 0.0], [-1.0, 0.75 * height + 0.1]],
        [[0.35, -0.8 * height], [-0.15, -1.45 * height], [-0.4, -0.5 * height]],
        [[0.25, 0.8 * height], [-0.1, 1.3 * height], [-0.2, 0.7 * height]],
    ):
        brush.fill(np.array(fin), tint.ink(-0.3))
    brush.fill(_fish_body(height, -0.65, 1.0) * [1.03, 1.1], tint.ink(-0.45))
    brush.fill(_fish_body(height, -0.65, 1.0), tint.ink())
    for place in np.linspace(-0.4, 0.35, stripes):
        brush.fill(_fish_body(height, place - 0.05, place + 0.05), tint.ink(0.4))
    _draw_scales(brush, tint, height)
    brush.fill(np.array([[0.25, 0.1], [0.03, 0.28], [0.03, -0.02]]), tint.ink(-0.3))
    brush.disc((0.66, -0.25 * height), 0.1, EYE_WHITE)
    brush.disc((0.66, -0.25 * height), 0.055, BLACK)


def _draw_scales(brush: Brush, tint: Tint, height: float) -> None:
    """Rows of little bows on the body behind the gills."""
    bow = ring_of(np.linspace(-np.pi / 2, np.pi / 2, 6), 0.09) * [-1.0, 1.0]
    places = np.arange(-0.4, 0.45, 0.14)
    for place, half in zip(places, _half_height(height, places), strict=True):
        for y in np.arange(-0.75 * half, 0.75 * half, 0.16):
            brush.stroke(bow + np.array([place, y]), tint.ink(-0.4), width=0.025)


def _fish_body(height: float, start: float, end: float) -> Points:
    """The outline of the body between two places on its length, from -0.65 (tail) to 1 (mouth)."""
    along = np.linspace(start, end, 24)
    return outline(along, _half_height(height, along))


def _half_height(height: float, along: Points) -> Points:
    """Half the height of the body at these places on its length; `height` is half of the greatest."""
    part = (along + 0.65) / 1.65
    return np.asarray(height * np.sin(np.pi * part**0.8) ** 0.75 + 0.06 * (1 - part))


def paint_shells(rng: np.random.Generator, size: int) -> Image.Image:
    """One to four spiral shells, their chambers banded from the mouth to the middle."""
    pearl, behind = contrasting_palettes(rng, RED, YELLOW)
    layer = clear_layer(size)
    for spot in draw_spots(rng, size, fewest=1, most=4, radius=(0.42, 0.54)):
        brush = Brush(layer, Pose.draw(rng, spot, mirror=True))
        _draw_shell(rng, brush, Tint(pearl, rng.uniform(0.35, 0.6)))
    return set_on_stage(rng, layer, behind)


def _draw_shell(rng: np.random.Generator, brush: Brush, tint: Tint) -> None:
    """Chambers between a growing spiral and itself one turn earlier, the innermost first."""
    growth, chambers = rng.uniform(0.13, 0.19), int(rng.integers(10, 19))
    bands = rng.uniform(0.2, 0.45)
    for step in range(-3 * chambers, 1):
        angles = 2 * np.pi * (step + np.linspace(0, 1.08, 6)) / chambers
        outer = ring_of(angles, np.exp(growth * angles))
        inner = ring_of(angles - 0.25, np.exp(growth * (angles - 2 * np.pi)))
        chamber = np.concatenate([outer, inner[::-1]]) - [0.15, 0.0]
        brush.fill(chamber, tint.ink(bands * (step % 2) + 0.25 * step / (3 * chambers)))
        brush.stroke(outer - [0.15, 0.0], tint.palette.ink(0.0), width=0.035)
