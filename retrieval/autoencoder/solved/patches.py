"""Square patches of pictures, drawn at random places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .recipe import Scale

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


def shrink(pictures: Pixels | Floats, factor: int) -> Floats:
    """`pictures` (n, S, S, 3) averaged over squares of `factor` pixels: (n, s, s, 3) of 0 to 1."""
    n, side = len(pictures), pictures.shape[1] // factor
    squares = pictures.reshape(n, side, factor, side, factor, 3)
    return np.asarray(squares.mean(axis=(2, 4), dtype=np.float32) / np.float32(255.0), dtype=np.float32)


def draw_patches(pictures: Pixels, scale: Scale, num: int, rng: np.random.Generator) -> Floats:
    """`num` patches of each picture, (n, num, patch · patch · 3) float32 in [0, 1], rows of the patch first.

    They lie where the encoder looks: on the grid of `scale.stride`.
    """
    small = shrink(pictures, scale.factor)
    places = (small.shape[1] - scale.patch) // scale.stride + 1
    top = rng.integers(places, size=(len(small), num, 1, 1)) * scale.stride + np.arange(scale.patch)[:, None]
    left = rng.integers(places, size=(len(small), num, 1, 1)) * scale.stride + np.arange(scale.patch)
    patches: Floats = small[np.arange(len(small))[:, None, None, None], top, left]
    return patches.reshape(len(small), num, -1)
