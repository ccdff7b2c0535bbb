"""The open sea."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .color import BLUE, Field, Palette, blend, to_picture
from .noise import fractal_noise, rise
from .sky import draw_hour, paint_sky


@dataclass(frozen=True, slots=True)
class View:
    """Where the sea meets the sky and where the sun is, in parts of the picture's width."""

    horizon: float
    sun_x: float
    sun_y: float


def paint_seas(rng: np.random.Generator, size: int) -> Image.Image:
    """Water below a sun or moon that glitters on the waves; now and then sails."""
    palette = draw_hour(rng, BLUE)
    horizon = rng.uniform(0.25, 0.65)
    view = View(horizon, rng.uniform(0.15, 0.85), horizon * rng.uniform(0.0, 0.9))
    sky = _add_sun(rng, paint_sky(rng, size, palette), palette, view)
    rows = np.arange(size, dtype=np.float32)[:, None] / size
    water = _paint_water(rng, size, palette, view)
    picture = to_picture(blend(sky, water, rise(rows, horizon, horizon + 0.01)))
    for _ in range(int(rng.integers(0, 4))):
        _draw_boat(rng, picture, palette, horizon)
    return picture


def _add_sun(rng: np.random.Generator, sky: Field, palette: Palette, view: View) -> Field:
    axis = np.arange(len(sky), dtype=np.float32) / len(sky)
    apart = np.hypot(axis - view.sun_x, axis[:, None] - view.sun_y)
    radius = rng.uniform(0.05, 0.14)
    disc = 1 - rise(apart, radius, radius + 0.01)
    glow = 0.6 * np.exp(-4 * np.maximum(apart - radius, 0))
    return blend(sky, palette.table[-1] + 0.15, np.maximum(disc, glow))


def _paint_water(rng: np.random.Generator, size: int, palette: Palette, view: View) -> Field:
    """Waves that widen towards the viewer, brightest in the path below the sun."""
    axis = np.arange(size, dtype=np.float32) / size
    near = np.maximum(axis[:, None] - view.horizon, 0.004) / (1 - view.horizon)
    far = 1 / (near + 0.12)
    swell = fractal_noise(rng, size, cells=5, octaves=3)
    across = (axis - view.sun_x) * far
    crests = np.sin(rng.uniform(14, 26) * far + 5 * swell)
    waves = crests * np.sin(3.5 * across + 8 * swell + rng.uniform(0, 6))
    path = np.exp(-((across / rng.uniform(0.7, 1.6)) ** 2))
    water = palette.ramp(rng.uniform(0.1, 0.35) + 0.14 * waves + 0.2 * (1 - near))
    return blend(water, palette.table[-1] + 0.1, rise(waves, 0.05, 0.5) * path)


def _draw_boat(rng: np.random.Generator, picture: Image.Image, palette: Palette, horizon: float) -> None:
    """A boat with two sails, larger the nearer it is."""
    near, size = rng.uniform(0.02, 0.5), picture.width
    x, y = rng.uniform(0.1, 0.9) * size, (horizon + near * (1 - horizon)) * size
    scale = (0.06 + 0.22 * near) * size
    side, tone = rng.choice([-1, 1]), rng.choice([0.05, 0.95])
    draw = ImageDraw.Draw(picture)
    for outline, ink in (
        ([(0.1, -0.2), (0.1, -2.2), (1.1, -0.2)], palette.ink(tone)),
        ([(-0.1, -0.2), (-0.1, -1.8), (-0.8, -0.2)], palette.ink(tone)),
        ([(-1.0, 0.0), (1.2, 0.0), (0.8, 0.4), (-0.7, 0.4)], palette.ink(0.0)),
    ):
        draw.polygon([(x + side * scale * across, y + scale * down) for across, down in outline], fill=ink)
