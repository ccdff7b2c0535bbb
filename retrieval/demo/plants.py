"""Ferns and flowers."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .brush import Brush
from .color import GREEN, PINK, Palette, Tint, contrasting_palettes
from .pose import Points, Pose, draw_spots, outline, rotation
from .stage import clear_layer, set_on_stage


def paint_ferns(rng: np.random.Generator, size: int) -> Image.Image:
    """Two to four fronds: a bowed stem with pairs of slender leaves that get shorter to the tip."""
    green, behind = contrasting_palettes(rng, GREEN)
    layer = clear_layer(size)
    for spot in draw_spots(rng, size, fewest=2, most=4, radius=(0.6, 0.7)):
        brush = Brush(layer, Pose.draw(rng, spot))
        _draw_frond(rng, brush, Tint(green, rng.uniform(0.2, 0.8)))
    return set_on_stage(rng, layer, behind)


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
    return set_on_stage(rng, layer, behind)


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
