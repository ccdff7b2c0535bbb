"""What fitting reads off pictures: patches, views, and whether they are aligned."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .config import BranchConfig

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

ALIGNED = 0.2
_ALIGNMENT_SIDE = 32


class View(NamedTuple):
    """A rectangle by its edges, as shares of the sides, seen mirrored or not."""

    top: float
    bottom: float
    left: float
    right: float
    mirrored: bool = False


WHOLE = View(0.0, 1.0, 0.0, 1.0)


def shrink(pictures: Pixels | Floats, factor: int) -> Floats:
    """`pictures` (n, S, S, 3) averaged over squares of `factor` pixels: (n, s, s, 3) of 0 to 1."""
    n, side = len(pictures), pictures.shape[1] // factor
    squares = pictures.reshape(n, side, factor, side, factor, 3)
    return np.asarray(squares.mean(axis=(2, 4), dtype=np.float32) / np.float32(255.0), dtype=np.float32)


def alignment(pictures: Pixels) -> float:
    """The share of the variation within `pictures` (n, S, S, 3) that their mean picture explains, 0 to 1.

    It says whether the same place means the same thing in all of them. Digits, glyphs and centred products
    give 0.3 and more, photographs under 0.15; from `ALIGNED` on a folder counts as aligned. `docs/design.md`
    has the figures. It needs no label.

    Example: pictures that are all the same are as aligned as can be.
        >>> stripes = np.tile(np.array([0, 255], dtype=np.uint8), (5, 32, 16))[..., None].repeat(3, -1)
        >>> round(alignment(stripes), 6)
        1.0
    """
    small = shrink(pictures, pictures.shape[1] // _ALIGNMENT_SIDE)
    within = float(small.var(axis=(1, 2)).mean())
    of_mean = float(small.mean(axis=0, dtype=np.float64).var(axis=(0, 1)).mean())
    return of_mean / within if within > 0 else 0.0


def draw_patches(pictures: Pixels, config: BranchConfig, num: int, rng: np.random.Generator) -> Floats:
    """`num` patches of each picture, (n, num, patch · patch · 3) float32 in [0, 1], rows of the patch first.

    They lie where the encoder looks: on the grid of `config.stride`.
    """
    small = shrink(pictures, config.factor)
    places = (small.shape[1] - config.patch) // config.stride + 1
    top = (
        rng.integers(places, size=(len(small), num, 1, 1)) * config.stride + np.arange(config.patch)[:, None]
    )
    left = rng.integers(places, size=(len(small), num, 1, 1)) * config.stride + np.arange(config.patch)
    patches: Floats = small[np.arange(len(small))[:, None, None, None], top, left]
    return patches.reshape(len(small), num, -1)


def draw_views(num: int, *, least_side: float, mirror: bool, rng: np.random.Generator) -> list[View]:
    """`num` views: the whole picture first, then rectangles whose sides are `least_side` to 1 of it."""
    views = [WHOLE]
    while len(views) < num:
        height, width = rng.uniform(least_side, 1.0, size=2)
        top, left = rng.uniform(0.0, 1.0 - height), rng.uniform(0.0, 1.0 - width)
        views.append(View(top, top + height, left, left + width, mirror and len(views) % 2 == 1))
    return views
