"""Animals and plants: fish, shells, ferns and flowers."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .color import BLUE, GREEN, ORANGE, PINK, RED, YELLOW, Palette, Rgb, Tint, contrasting_palettes
from .drawing import (
    Brush,
    Points,
    Pose,
    before_backdrop,
    clear_layer,
    draw_spots,
    outline,
    ring_of,
    rotation,
)

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
    return before_backdrop(rng, layer, behind)


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
    return before_backdrop(rng, layer, behind)


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


def paint_ferns(rng: np.random.Generator, size: int) -> Image.Image:
    """Two to four fronds: a bowed stem with pairs of slender leaves that get shorter to the tip."""
    green, behind = contrasting_palettes(rng, GREEN)
    layer = clear_layer(size)
    for spot in draw_spots(rng, size, fewest=2, most=4, radius=(0.6, 0.7)):
        brush = Brush(layer, Pose.draw(rng, spot))
        _draw_frond(rng, brush, Tint(green, rng.uniform(0.2, 0.8)))
    return before_backdrop(rng, layer, behind)


def _draw_frond(rng: np.random.Generator, brush: Brush, tint: Tint) -> None:
    pairs, bow = int(rng.integers(9, 16)), rng.uniform(-0.5, 0.5)
    slope, length = rng.uniform(0.6, 1.1), rng.uniform(0.4, 0.6)
    leaf = _leaf(width=min(0.3, 2.6 / pairs))
    for place in np.linspace(-0.75, 0.97, pairs):
        heading = np.arctan(2 * bow * place)
        reach = length * np.sqrt(1 - 0.96 * (0.5 + 0.5 * place) ** 2)
        for side in (-1, 1):
            turned = reach * leaf @ rotation(heading + side * slope).T + [place, bow * place**2]
            brush.fill(turned, tint.ink(0.2 * side + rng.uniform(-0.1, 0.1)))
    along = np.linspace(-1, 1, 24)
    brush.stroke(np.stack([along, bow * along**2], axis=-1), tint.ink(-0.3), width=0.045)


def paint_flowers(rng: np.random.Generator, size: int) -> Image.Image:
    """Two to five blossoms of one kind: one to three rings of rounded petals around a button."""
    color, behind = contrasting_palettes(rng, PINK, GREEN)
    button = Palette.draw(rng, low=0.4, high=0.95)
    layer = clear_layer(size)
    petals, rings = int(rng.integers(5, 14)), int(rng.integers(1, 4))
    for spot in draw_spots(rng, size, fewest=2, most=5, radius=(0.44, 0.52)):
        brush, tone = Brush(layer, Pose.draw(rng, spot, squash=0.4)), rng.uniform(0.3, 0.7)
        for ring in range(rings):
            tint = Tint(color, tone + 0.15 * ring)
            _draw_petals(brush, tint, petals=petals, length=1 - 0.27 * ring, turn=0.5 * ring)
        brush.disc((0.0, 0.0), 0.2, button.ink(0.3))
        brush.disc((0.0, 0.0), 0.13, button.ink(0.8))
    return before_backdrop(rng, layer, behind)


def _draw_petals(brush: Brush, tint: Tint, *, petals: int, length: float, turn: float) -> None:
    """A ring of petals with dark rims, turned by `turn` petals."""
    petal = length * _leaf(width=min(0.9, 3.6 / petals), blunt=True)
    for index in range(petals):
        turned = rotation(2 * np.pi * (index + turn) / petals).T
        brush.fill(petal @ turned, tint.ink(-0.25))
        brush.fill(petal * [0.94, 0.78] @ turned, tint.ink(0.15 * (index % 2)))
        brush.stroke(np.array([[0.25, 0.0], [0.8 * length, 0.0]]) @ turned, tint.ink(-0.25), width=0.03)


def _leaf(*, width: float, blunt: bool = False) -> Points:
    """A leaf from the origin to (1, 0), widest near its root or, if blunt, near its end."""
    along = np.linspace(0, 1, 16)
    profile = np.sin(np.pi * along**1.7) ** 0.6 if blunt else np.sin(np.pi * along**0.7)
    return outline(along, width / 2 * profile)
