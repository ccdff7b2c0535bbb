"""Towns."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from .color import ORANGE, Palette, Tint, to_picture
from .sky import draw_hour, paint_sky

Box = tuple[float, float, float, float]


def paint_skylines(rng: np.random.Generator, size: int) -> Image.Image:
    """Two or three rows of towers with lit windows before the sky of any hour."""
    palette, lamps = draw_hour(rng, ORANGE), Palette.draw(rng, low=0.75, high=0.97)
    picture = to_picture(paint_sky(rng, size, palette))
    rows, ground = int(rng.integers(2, 4)), rng.uniform(0.8, 1.1)
    for nearness in np.linspace(1 / rows, 1, rows):
        tint = Tint(palette, 0.55 - 0.5 * nearness)
        left = -rng.uniform(0, 0.1)
        while left < 1:
            width = rng.uniform(0.08, 0.2) * (0.6 + 0.4 * nearness)
            top = ground - rng.uniform(0.15, 0.75) * (1.15 - 0.45 * nearness)
            box = (left * size, top * size, (left + width) * size, float(size))
            _draw_tower(rng, picture, box=box, tint=tint)
            _light_windows(rng, picture, box=box, tint=tint, lamps=lamps)
            left += width + max(0.0, rng.uniform(-0.05, 0.03))
    return picture


def _draw_tower(rng: np.random.Generator, picture: Image.Image, *, box: Box, tint: Tint) -> None:
    """A tower in `box` (left, top, right, bottom), flat, with a pointed roof or with a mast."""
    draw, ink = ImageDraw.Draw(picture), tint.ink(rng.uniform(-0.06, 0.06))
    left, top, right, _ = box
    middle, peak = (left + right) / 2, top - (right - left) * rng.uniform(0.3, 1.0)
    draw.rectangle(box, fill=ink)
    roof = rng.choice(["flat", "pointed", "mast"])
    if roof == "pointed":
        draw.polygon([(left, top), (middle, peak), (right, top)], fill=ink)
    if roof == "mast":
        draw.line([(middle, top), (middle, peak)], fill=ink, width=max(1, picture.width // 90))


def _light_windows(
    rng: np.random.Generator, picture: Image.Image, *, box: Box, tint: Tint, lamps: Palette
) -> None:
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = box
    pitch, lit = bottom / rng.uniform(24, 36), rng.uniform(0.25, 0.8)
    for y in np.arange(top + 0.6 * pitch, bottom, 1.5 * pitch):
        for x in np.arange(left + 0.5 * pitch, right - 0.8 * pitch, pitch):
            ink = lamps.ink(rng.random()) if rng.random() < lit else tint.ink(0.12)
            draw.rectangle((x, y, x + 0.5 * pitch, y + 0.8 * pitch), fill=ink)
