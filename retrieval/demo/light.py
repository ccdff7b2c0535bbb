"""What a camera adds to any picture: the light of the day, a lens, a sensor."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from .color import Field, to_colors, to_picture


def light_up(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """The picture under another light: colour cast, exposure, uneven light, vignette, blur and noise."""
    if rng.random() < 0.25:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.7) * picture.width / 96))
    colors = to_colors(picture)
    colors = colors * rng.uniform(0.94, 1.06, 3).astype(np.float32)
    colors = np.clip(colors, 0, 1) ** np.float32(np.exp(rng.uniform(-0.45, 0.3)))
    contrast = rng.uniform(0.75, 1.15)
    colors = (colors - 0.5) * contrast + 0.5
    colors = colors * _uneven_light(rng, picture.width)[..., None]
    noise = rng.standard_normal((*colors.shape[:2], 1), dtype=np.float32) * rng.uniform(0, 0.16) ** 2
    return to_picture(colors + noise)


def _uneven_light(rng: np.random.Generator, size: int) -> Field:
    """Brightness from place to place: a slope in any direction and corners that are darker."""
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * axis + np.sin(angle) * axis[:, None]
    corners = axis**2 + axis[:, None] ** 2
    light = 1.05 + rng.uniform(0, 0.3) * slope - rng.uniform(0, 0.22) * corners
    return np.asarray(light, dtype=np.float32)
