"""Cartoon faces."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .brush import Brush
from .color import YELLOW, Palette, Rgb, Tint, contrasting_palettes
from .pose import Pose, draw_spots, ring_of
from .stage import clear_layer, set_on_stage

WHITE: Rgb = (248, 246, 240)
BLACK: Rgb = (25, 20, 30)


def paint_faces(rng: np.random.Generator, size: int) -> Image.Image:
    """One to four round faces with eyes, mouth and mood, some with hair, glasses or cheeks."""
    skin, behind = contrasting_palettes(rng, YELLOW)
    layer = clear_layer(size)
    for spot in draw_spots(rng, size, fewest=1, most=4, radius=(0.4, 0.5)):
        brush = Brush(layer, Pose.draw(rng, spot, turn=0.6, squash=0.2))
        tint = Tint(skin, rng.uniform(0.3, 0.7))
        line = BLACK if sum(tint.ink()) > 330 else WHITE
        _draw_head(rng, brush, tint)
        _draw_eyes(rng, brush, line)
        _draw_mouth(rng, brush, line)
    return set_on_stage(rng, layer, behind)


def _draw_head(rng: np.random.Generator, brush: Brush, tint: Tint) -> None:
    """The disc of the face, behind it ears or curls, on it a cap and cheeks."""
    hair, kind = Palette.draw(rng), rng.choice(["bald", "ears", "curls", "cap"])
    if kind == "ears":
        brush.disc((-0.72, -0.72), 0.36, tint.ink(-0.3))
        brush.disc((0.72, -0.72), 0.36, tint.ink(-0.3))
    if kind == "curls":
        for x, y in ring_of(np.linspace(np.pi, 2 * np.pi, 9), 0.9):
            brush.disc((x, y), 0.26, hair.ink(0.3))
    brush.disc((0.0, 0.0), 1.0, tint.ink(-0.35))
    brush.disc((0.0, 0.0), 0.95, tint.ink())
    if kind == "cap":
        brush.fill(ring_of(np.linspace(1.15 * np.pi, 1.85 * np.pi, 20), 1.05), hair.ink(0.6))
    if rng.random() < 0.4:
        brush.disc((-0.58, 0.25), 0.15, tint.ink(0.35))
        brush.disc((0.58, 0.25), 0.15, tint.ink(0.35))


def _draw_eyes(rng: np.random.Generator, brush: Brush, line: Rgb) -> None:
    """Two eyes that look the same way: wide open, plain dots, or behind glasses."""
    apart, radius, lift = rng.uniform(0.3, 0.42), rng.uniform(0.15, 0.23), rng.uniform(-0.1, 0.1)
    look_x, look_y = rng.uniform(-0.07, 0.07, 2)
    kind = rng.choice(["open", "dots", "glasses"])
    for x in (-apart, apart):
        if kind == "glasses":
            brush.disc((x, -0.2), radius + 0.09, line)
        if kind != "dots":
            brush.disc((x, -0.2), radius, WHITE)
        brush.disc((x + look_x, look_y - 0.2), 0.65 * radius, line if kind == "dots" else BLACK)
        if kind != "glasses":
            brow = np.array([[x - 0.18, -lift], [x + 0.18, lift]]) - [0.0, radius + 0.33]
            brush.stroke(brow, line, width=0.055)
    if kind == "glasses":
        brush.stroke(np.array([[-apart, -0.2], [apart, -0.2]]), line, width=0.055)


def _draw_mouth(rng: np.random.Generator, brush: Brush, line: Rgb) -> None:
    """A laugh, a smile, a sulk or a round O."""
    kind, width = rng.choice(["laugh", "smile", "sulk", "round"]), rng.uniform(0.35, 0.55)
    bow = ring_of(np.linspace(0.1, np.pi - 0.1, 16), width) * [1.0, 0.8]
    if kind == "laugh":
        brush.fill(bow + np.array([0.0, 0.22]), line)
    elif kind == "smile":
        brush.stroke(bow + np.array([0.0, 0.2]), line, width=0.09)
    elif kind == "sulk":
        brush.stroke(bow * [1.0, -0.7] + np.array([0.0, 0.7]), line, width=0.09)
    else:
        brush.disc((0.0, 0.45), 0.45 * width, line)
