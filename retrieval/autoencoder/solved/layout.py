"""The layout of a picture: what is where, whatever its tint and contrast.

The light of 32 × 32 places and the colour of 8 × 8, each without its mean over the picture, together of
length 1. Here of views, to solve on; `network.layout` is the same of whole pictures, as layers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from .lda import unit
from .pictures import Floats, Pixels, View
from .pooling import pooling

LIGHT_SIDE = 32
COLOR_SIDE = 8
LIGHT = np.array([[0.299], [0.587], [0.114]], dtype=np.float32)
# A place of colours stands for as many of light; a length wants the root of that.
COLORS = np.float32(LIGHT_SIDE / COLOR_SIDE) * (np.eye(3, dtype=np.float32) - LIGHT)
# What a flat picture has in place of a layout: LiteRT makes NaN of zeros that are to get unit length.
SMALL = 1e-3

_PICTURES_A_BLOCK = 128


def layout_features(pictures: Pixels, views: Sequence[View]) -> Floats:
    """The layout of each of `views` of `pictures` (n, S, S, 3) uint8: (n, views, 1216) of unit length."""
    side = pictures.shape[1]
    weights = [[_weights(view, side, grid) for grid in (LIGHT_SIDE, COLOR_SIDE)] for view in views]
    begins = range(0, len(pictures), _PICTURES_A_BLOCK)
    blocks = (pictures[begin : begin + _PICTURES_A_BLOCK] for begin in begins)
    return np.concatenate([_layouts(block, weights) for block in blocks])


def _weights(view: View, side: int, grid: int) -> csr_array:
    """What averages `side` × `side` pixels over the cells of `view`: (grid · grid, side · side)."""
    return csr_array(pooling(view, side=side, grid=grid).T)


def _layouts(pictures: Pixels, weights: Sequence[Sequence[csr_array]]) -> Floats:
    """The layouts (n, views, 1216), of unit length, by the `weights` of light and colours of each view."""
    values = pictures.reshape(len(pictures), -1, 3) / np.float32(255)
    known = values @ LIGHT, values @ COLORS
    layouts = [np.concatenate(list(map(_averaged, known, of_view)), axis=1) for of_view in weights]
    return unit(np.stack(layouts, axis=1) + np.float32(SMALL))


def _averaged(values: Floats, weights: csr_array) -> Floats:
    """`values` (n, S · S, c) averaged by `weights` (places, S · S), without their mean: (n, places · c)."""
    count, pixels, channels = values.shape
    # One product with all pictures: pixels first.
    averages = weights @ values.transpose(1, 0, 2).reshape(pixels, -1)
    places = averages.reshape(-1, count, channels).transpose(1, 0, 2)
    return np.asarray((places - places.mean(axis=1, keepdims=True)).reshape(count, -1))
