"""The demonstration corpus: a folder of pictures drawn by this program, a subfolder a class."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image

from .drawing import light_up
from .landscapes import paint_mountains, paint_seas, paint_skylines
from .nature import paint_ferns, paint_fish, paint_flowers, paint_shells
from .symbols import paint_faces, paint_gears, paint_signs, paint_stars
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

SMALLEST = 16
OVERSAMPLING = 2
PNG_EVERY = 8


def draw_corpus(
    folder: Path,
    *,
    images: int = 1200,
    size: int = 96,
    seed: int = 0,
    on_picture: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Draw `images` square pictures of `size` pixels into `folder/<class>/<number>.jpg`, and list them.

    Every eighth picture is a PNG. The classes get the same number of pictures, the first ones one more where
    they do not come out even. Within a class colour, light, position, scale, rotation, background and noise
    change from picture to picture. The same seed draws the same pictures; existing files of the same name are
    overwritten, others are left alone. `on_picture` is called with each path when it has been written.

    Raises:
        ValueError: fewer pictures than classes, a size below 16, or a negative seed.
        OSError: the folder cannot be written to.

    Example:
        >>> paths = draw_corpus(Path("demo"), images=32)  # doctest: +SKIP
        >>> paths[0]  # doctest: +SKIP
        PosixPath('demo/bricks/0000.png')
    """
    _check(images, size, seed)
    paths = []
    for index, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(images // len(CLASSES) + (index < images % len(CLASSES))):
            path = folder / name / f"{number:04d}{'.png' if number % PNG_EVERY == 0 else '.jpg'}"
            draw_picture(name, number, size=size, seed=seed).save(path, quality=90)
            paths.append(path)
            if on_picture is not None:
                on_picture(path)
    return paths


def draw_picture(name: str, number: int, *, size: int = 96, seed: int = 0) -> Image.Image:
    """Picture `number` of the class `name`: RGB, `size` pixels square, the same for the same arguments.

    Example:
        >>> draw_picture("wood", 3, size=64).size
        (64, 64)
    """
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), number])
    return light_up(rng, CLASSES[name](rng, OVERSAMPLING * size).reduce(OVERSAMPLING))


def _check(images: int, size: int, seed: int) -> None:
    faults = []
    if images < len(CLASSES):
        faults.append(f"{images} pictures for {len(CLASSES)} classes: ask for {len(CLASSES)} or more")
    if size < SMALLEST:
        faults.append(f"pictures of {size} pixels: ask for {SMALLEST} pixels or more")
    if seed < 0:
        faults.append(f"seed {seed}: give 0 or a positive whole number")
    if faults:
        raise ValueError("cannot draw the demonstration corpus: " + "; ".join(faults))
