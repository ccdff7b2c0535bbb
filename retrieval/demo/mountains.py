"""Mountains."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .color import PURPLE, Field, Palette, blend, to_picture
from .noise import fractal_noise, jagged_line, rise
from .sky import draw_hour, paint_sky


def paint_mountains(rng: np.random.Generator, size: int) -> Image.Image:
    """Three to six jagged ranges, one behind the other, fading into the sky; often snow on the far one."""
    palette = draw_hour(rng, PURPLE)
    colors = paint_sky(rng, size, palette)
    ranges = int(rng.integers(3, 7))
    tops = np.linspace(rng.uniform(0.0, 0.45), rng.uniform(0.7, 0.95), ranges)
    tones = np.linspace(rng.uniform(0.4, 0.65), rng.uniform(0.0, 0.15), ranges)
    for index in range(ranges):
        snow = rng.uniform(0.05, 0.15) if index == 0 and rng.random() < 0.6 else 0.0
        colors = _add_range(rng, colors, palette, top=tops[index], tone=tones[index], snow=snow)
    return to_picture(colors)


def _add_range(
    rng: np.random.Generator, colors: Field, palette: Palette, *, top: float, tone: float, snow: float
) -> Field:
    """A range before `colors`, its highest peak at `top`, lit from one side, with snow down to `snow`."""
    size = len(colors)
    line = jagged_line(rng, size, peaks=int(rng.integers(2, 6)))
    down = np.arange(size, dtype=np.float32)[:, None] / size - top
    below = down - rng.uniform(0.2, 0.35) * (1 - line)
    rock = fractal_noise(rng, size, cells=10) - 0.5
    width = max(3, size // 12)
    slope = np.convolve(np.gradient(line) * size / 4, np.full(width, 1 / width), mode="same")
    light = 0.12 * slope * np.exp(-7 * np.maximum(below, 0)) + 0.2 * rock + 0.15 * below
    colors = blend(colors, palette.ramp(tone + light), rise(below, 0.0, 1.5 / size))
    cap = rise(below, 0.0, 0.01) * (1 - rise(down + 0.25 * rock, snow, snow + 0.03)) * (snow > 0)
    return blend(colors, palette.ramp(0.95 + light), cap)
