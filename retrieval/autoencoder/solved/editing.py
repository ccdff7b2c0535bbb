"""Pictures edited as people edit them: what a copy may look like, drawn at random for the fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageFilter

from .pictures import Floats, Pixels

_Way: TypeAlias = Callable[[Pixels, np.random.Generator], Pixels]

_LEAST_SIDE = 0.5
_MOST_DEGREES = 15.0
_MOST_COVERED = 0.4
_MOST_CAST = 0.25
_MOST_NOISE = 0.6
_MOST_BLUR = 2.0  # a standard deviation, in pixels of a picture of 64


def edited(pictures: Pixels, num: int, *, rng: np.random.Generator) -> Pixels:
    """`num` versions of each of `pictures` (n, S, S, 3): (n, num, S, S, 3), the first unchanged.

    The others are cut to a rectangle, turned a little, mirrored, covered in part; of another contrast,
    brightness and tint; noisy or blurred: each of these by chance, and so often several together.
    """
    return np.stack([[picture, *(_edit(picture, rng) for _ in range(num - 1))] for picture in pictures])


def edited_once(pictures: Pixels, num: int, *, rng: np.random.Generator) -> Pixels:
    """`num` versions, at most eight, of each of `pictures` (n, S, S, 3): (n, num, S, S, 3).

    Each is edited in one way alone, and no two of a picture in the same.
    """
    return np.stack([[way(picture, rng) for way in _some_ways(num, rng)] for picture in pictures])


def _some_ways(num: int, rng: np.random.Generator) -> list[_Way]:
    return [_ALONE[place] for place in rng.permutation(len(_ALONE))[:num]]


def _edit(picture: Pixels, rng: np.random.Generator) -> Pixels:
    changed = np.asarray(_seen_elsewhere(Image.fromarray(picture), rng))
    values = changed / np.float32(255)
    for chance, change in _CHANGES:
        if rng.random() < chance:
            values = np.clip(change(values, rng), 0.0, 1.0)
    edited = _to_pixels(values)
    return _blur(edited, rng) if rng.random() < 0.3 else edited


def _blur(picture: Pixels, rng: np.random.Generator) -> Pixels:
    radius = rng.uniform(0.0, _MOST_BLUR) * len(picture) / 64
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


def _mirror(picture: Pixels, rng: np.random.Generator) -> Pixels:  # noqa: ARG001
    return picture[:, ::-1]


def _cut(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """A square of `picture`, drawn to its size."""
    size = len(picture)
    side = size * rng.uniform(_LEAST_SIDE, 1.0)
    left, top = rng.random(2) * (size - side)
    box = (left, top, left + side, top + side)
    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BILINEAR, box))


def _to_pixels(values: Floats) -> Pixels:
    return np.rint(values * 255).astype(np.uint8)


def _seen_elsewhere(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A rectangle of `image` drawn to its size, turned by some degrees, mirrored or not; grey outside."""
    size = image.width
    side = rng.uniform(_LEAST_SIDE, 1.0) if rng.random() < 0.6 else 1.0
    angle = np.deg2rad(rng.uniform(-_MOST_DEGREES, _MOST_DEGREES)) if rng.random() < 0.3 else 0.0
    across, down = size * (0.5 + (rng.random(2) - 0.5) * (1.0 - side))
    turn = side * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if rng.random() < 0.5:
        turn[:, 0] *= -1.0
    left, top = np.array([across, down]) - turn @ [size / 2, size / 2]
    affine = (*turn[0], left, *turn[1], top)
    return image.transform(
        image.size, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR, fillcolor=(128, 128, 128)
    )


def _cover(values: Floats, rng: np.random.Generator) -> Floats:
    """A square of one colour somewhere."""
    size = len(values)
    side = round(size * rng.uniform(0.05, _MOST_COVERED) ** 0.5)
    top, left = rng.integers(size - side + 1, size=2)
    values = values.copy()
    values[top : top + side, left : left + side] = rng.random(3)
    return values


def _contrast(values: Floats, rng: np.random.Generator) -> Floats:
    mean = values.mean()
    return np.asarray(mean + (values - mean) * np.float32(np.exp(rng.uniform(-0.8, 0.5))))


def _brightness(values: Floats, rng: np.random.Generator) -> Floats:
    return np.asarray(values * np.float32(np.exp(rng.uniform(-0.6, 0.5))))


def _cast(values: Floats, rng: np.random.Generator) -> Floats:
    return values + rng.uniform(-_MOST_CAST, _MOST_CAST, 3).astype(np.float32)


def _noise(values: Floats, rng: np.random.Generator) -> Floats:
    deviation = np.float32(rng.uniform(0.0, _MOST_NOISE))
    return np.asarray(values + deviation * rng.standard_normal(values.shape, dtype=np.float32))


_CHANGES: tuple[tuple[float, Callable[[Floats, np.random.Generator], Floats]], ...] = (
    (0.3, _cover),
    (0.5, _contrast),
    (0.5, _brightness),
    (0.5, _cast),
    (0.4, _noise),
)


def _alone(change: Callable[[Floats, np.random.Generator], Floats]) -> _Way:
    return lambda picture, rng: _to_pixels(np.clip(change(picture / np.float32(255), rng), 0.0, 1.0))


_ALONE: tuple[_Way, ...] = (_cut, _mirror, _blur, *(_alone(change) for _, change in _CHANGES))
