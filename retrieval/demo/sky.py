"""The sky of any hour, and the colours that all of a scene has from it."""

from __future__ import annotations

import numpy as np

from .color import Field, Palette
from .noise import fractal_noise


def draw_hour(rng: np.random.Generator, hue: float) -> Palette:
    """The colours of a scene from night to noon; `hue` is what it has most often."""
    return Palette.draw(rng, hue, low=rng.uniform(0.1, 0.35), high=rng.uniform(0.7, 0.97))


def paint_sky(rng: np.random.Generator, size: int, palette: Palette) -> Field:
    """Colours `(size, size, 3)` that get lighter or darker upwards, with clouds or without."""
    heights = np.arange(size, dtype=np.float32)[:, None] / size
    top, bottom = rng.uniform(0.25, 0.95), rng.uniform(0.7, 1.0)
    clouds = rng.uniform(0, 0.6) * (fractal_noise(rng, size, cells=3) - 0.4) * (1 - heights)
    return palette.ramp(top + (bottom - top) * heights + clouds)
