"""What views of pictures look like to a branch: maps by LiteRT, which is faster here than Keras, pooled."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from ...encoder import Network
from ...parallel import in_order
from ..export import to_litert
from .branch import Branch
from .config import EncoderConfig
from .network import map_network
from .pictures import Floats, Pixels, View
from .pooling import Pooling

Halves = NDArray[np.float16]

_BLOCK = 64
_MAPS_A_BLOCK = 8


def run(network: keras.Model | bytes, pictures: Pixels) -> Floats:
    """What `network`, of Keras or LiteRT, makes of `pictures` (n, S, S, 3) scaled to [0, 1]: (n, ...)."""
    running = Network(network if isinstance(network, bytes) else to_litert(network))
    results = np.empty((len(pictures), *running.output_shape), dtype=np.float32)
    for begin in range(0, len(pictures), _BLOCK):
        results[begin : begin + _BLOCK] = running.run(_scaled(pictures[begin : begin + _BLOCK]))
    return results


def view_features(
    branch: Branch, views: Sequence[View], pictures: Pixels, config: EncoderConfig
) -> tuple[Halves, Halves]:
    """The features of each view of `pictures` (n, S, S, 3): by cells (n, views, d), by pairs (n, views, e).

    In half precision, for they are many; of the maps themselves only a few exist at a time.
    """
    running = Network(to_litert(map_network(branch, size=pictures.shape[1]), quantized=True))
    side, _, contents = running.output_shape
    pooling = Pooling(views, (side * side, contents), grid=config.grid, pair_dims=config.pair_dims)

    def pooled(begin: int) -> tuple[Halves, Halves]:
        block = _scaled(pictures[begin : begin + _MAPS_A_BLOCK])
        maps = [running.run_one(picture).reshape(-1, contents) for picture in block]
        return (
            np.asarray([pooling.cells(each) for each in maps], dtype=np.float16),
            np.asarray([pooling.pairs(each) for each in maps], dtype=np.float16),
        )

    begins = range(0, len(pictures), _MAPS_A_BLOCK)
    cells = np.empty((len(pictures), len(views), pooling.cells_dim), dtype=np.float16)
    pairs = np.empty((len(pictures), len(views), pooling.pairs_dim), dtype=np.float16)
    for begin, block in zip(begins, in_order(pooled, begins), strict=True):
        cells[begin : begin + _MAPS_A_BLOCK], pairs[begin : begin + _MAPS_A_BLOCK] = block
    return cells, pairs


def _scaled(pictures: Pixels) -> Floats:
    return np.asarray(pictures / np.float32(255), dtype=np.float32)
