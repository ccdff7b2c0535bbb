"""What stands behind a shape, and the shadow that the shape throws on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from .color import Field, Palette, blend, to_colors, to_picture
from .noise import draw_plane, fractal_noise, rise


def clear_layer(size: int) -> Image.Image:
    """A transparent picture to draw subjects on."""
    return Image.new("RGBA", (size, size), (0, 0, 0, 0))


def set_on_stage(rng: np.random.Generator, layer: Image.Image, palette: Palette) -> Image.Image:
    """The subjects of an RGBA `layer`, shaded, before a backdrop in the colours of `palette`."""
    size = layer.width
    backdrop = BACKDROPS[int(rng.integers(len(BACKDROPS)))](rng, size, palette)
    cover = layer.getchannel("A")
    shift_x, shift_y = rng.integers(-size // 25, size // 25 + 1, 2)
    shadow = ImageChops.offset(cover, int(shift_x), int(shift_y)).filter(ImageFilter.BoxBlur(size / 50))
    light = 1 - rng.uniform(0.15, 0.55) * np.asarray(shadow, dtype=np.float32) / 255
    shade = 0.8 + 0.45 * fractal_noise(rng, size, cells=2, octaves=2)
    subject = to_colors(layer.convert("RGB")) * shade[..., None]
    return to_picture(blend(backdrop * light[..., None], subject, np.asarray(cover, dtype=np.float32) / 255))


def _plain(rng: np.random.Generator, size: int, palette: Palette) -> Field:
    x, _ = draw_plane(rng, size, tiles=(0.4, 1.0), bend=0.0)
    return palette.ramp(x - x.min())


def _clouds(rng: np.random.Generator, size: int, palette: Palette) -> Field:
    return palette.ramp(fractal_noise(rng, size, cells=int(rng.integers(2, 6)), octaves=3))


def _bands(rng: np.random.Generator, size: int, palette: Palette) -> Field:
    x, _ = draw_plane(rng, size, tiles=(1, 4), bend=rng.uniform(0, 0.2))
    return palette.ramp(0.5 + rng.uniform(0.1, 0.3) * np.sin(2 * np.pi * x))


def _blurred_lights(rng: np.random.Generator, size: int, palette: Palette) -> Field:
    axis = np.arange(size, dtype=np.float32) / size
    field = np.full((size, size), rng.uniform(0, 0.3), dtype=np.float32)
    for _ in range(int(rng.integers(8, 18))):
        x, y, radius = rng.random(), rng.random(), rng.uniform(0.04, 0.16)
        apart = np.hypot(axis - x, axis[:, None] - y)
        field += rng.uniform(0.1, 0.4) * (1 - rise(apart, 0.8 * radius, radius + 0.02))
    return palette.ramp(field)


def _floor_and_wall(rng: np.random.Generator, size: int, palette: Palette) -> Field:
    _, y = draw_plane(rng, size, tiles=(1, 1.01), turn=0.15, bend=0.0)
    y = y - y.mean() + rng.uniform(-0.3, 0.3)
    wall, ground = rng.permutation([rng.uniform(0.0, 0.4), rng.uniform(0.6, 1.0)])
    grain = 0.1 * fractal_noise(rng, size, cells=12)
    return palette.ramp(wall + (ground - wall) * rise(y, 0.0, 0.02) + grain + 0.3 * np.abs(y))


BACKDROPS: tuple[Callable[[np.random.Generator, int, Palette], Field], ...] = (
    _plain,
    _clouds,
    _bands,
    _blurred_lights,
    _floor_and_wall,
)
