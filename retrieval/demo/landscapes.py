"""Mountains, seas and towns under the sky of any hour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .color import BLUE, ORANGE, PURPLE, Field, Palette, Tint, blend, to_picture
from .noise import fractal_noise, jagged_line, rise

Box = tuple[float, float, float, float]


def scene_palette(rng: np.random.Generator, hue: float) -> Palette:
    """The colours of a scene from night to noon; `hue` is what it has most often."""
    return Palette.draw(rng, hue, low=rng.uniform(0.1, 0.35), high=rng.uniform(0.7, 0.97))


def paint_sky(rng: np.random.Generator, size: int, palette: Palette) -> Field:
    """Colours `(size, size, 3)` that get lighter or darker upwards, with clouds or without."""
    heights = np.arange(size, dtype=np.float32)[:, None] / size
    top, bottom = rng.uniform(0.25, 0.95), rng.uniform(0.7, 1.0)
    clouds = rng.uniform(0, 0.6) * (fractal_noise(rng, size, cells=3) - 0.4) * (1 - heights)
    return palette.ramp(top + (bottom - top) * heights + clouds)


def paint_mountains(rng: np.random.Generator, size: int) -> Image.Image:
    """Three to six jagged ranges, one behind the other, fading into the sky; often snow on the far one."""
    palette = scene_palette(rng, PURPLE)
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


@dataclass(frozen=True, slots=True)
class View:
    """Where the sea meets the sky and where the sun is, in parts of the picture's width."""

    horizon: float
    sun_x: float
    sun_y: float


def paint_seas(rng: np.random.Generator, size: int) -> Image.Image:
    """Water below a sun or moon that glitters on the waves; now and then sails."""
    palette = scene_palette(rng, BLUE)
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


def paint_skylines(rng: np.random.Generator, size: int) -> Image.Image:
    """Two or three rows of towers with lit windows before the sky of any hour."""
    palette, lamps = scene_palette(rng, ORANGE), Palette.draw(rng, low=0.75, high=0.97)
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
