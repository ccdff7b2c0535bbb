"""The classes of the demonstration corpus: a name, and what paints a picture of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from PIL import Image

from .animals import paint_fish, paint_shells
from .faces import paint_faces
from .mountains import paint_mountains
from .plants import paint_ferns, paint_flowers
from .seas import paint_seas
from .shapes import paint_gears, paint_signs, paint_stars
from .skylines import paint_skylines
from .textures import paint_bricks, paint_cells, paint_cloth, paint_marble, paint_wood

Painter = Callable[[np.random.Generator, int], Image.Image]

CLASSES: Mapping[str, Painter] = MappingProxyType(
    {
        "bricks": paint_bricks,
        "cells": paint_cells,
        "cloth": paint_cloth,
        "faces": paint_faces,
        "ferns": paint_ferns,
        "fish": paint_fish,
        "flowers": paint_flowers,
        "gears": paint_gears,
        "marble": paint_marble,
        "mountains": paint_mountains,
        "seas": paint_seas,
        "shells": paint_shells,
        "signs": paint_signs,
        "skylines": paint_skylines,
        "stars": paint_stars,
        "wood": paint_wood,
    }
)
"""A painter takes a random generator and a width in pixels and returns a square RGB picture of that width."""
