"""The layout of a picture: what is where, whatever its tint and contrast.

The light of 32 × 32 places and the colour of 8 × 8, each without its mean over the picture, together of
length 1. Here of views, to solve on; `network.layout` is the same of whole pictures, as layers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .lda import unit
from .pictures import Floats, Pixels, View
from .pooling import shares

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
    begins = range(0, len(pictures), _PICTURES_A_BLOCK)
    blocks = (pictures[begin : begin + _PICTURES_A_BLOCK] for begin in begins)
    return np.concatenate([np.stack([_layout(block, view) for view in views], axis=1) for block in blocks])


def _layout(pictures: Pixels, view: View) -> Floats:
    values = pictures / np.float32(255)
    light, colors = _places(values @ LIGHT, view, LIGHT_SIDE), _places(values @ COLORS, view, COLOR_SIDE)
    return unit(np.concatenate([light, colors], axis=1) + np.float32(SMALL))


def _places(values: Floats, view: View, grid: int) -> Floats:
    """`values` (n, S, S, c) averaged over the cells of `view`, without their mean: (n, grid · grid · c)."""
    rows, columns = shares(view, side=values.shape[1], grid=grid)
    pooled = np.einsum("nhwc,hg,wk->ngkc", values, rows, columns, optimize=True)
    return np.asarray((pooled - pooled.mean(axis=(1, 2), keepdims=True)).reshape(len(values), -1))
