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
_MAPS_A_BLOCK = 4


def run(network: keras.Model | bytes, pictures: Pixels) -> Floats:
    """What `network`, of Keras or LiteRT, makes of `pictures` (n, S, S, 3) scaled to [0, 1]: (n, ...)."""
    running = Network(network if isinstance(network, bytes) else to_litert(network))
    results = np.empty((len(pictures), *running.output_shape), dtype=np.float32)
    for begin in range(0, len(pictures), _BLOCK):
        results[begin : begin + _BLOCK] = running.run(_scaled(pictures[begin : begin + _BLOCK]))
    return results


def running_map(branch: Branch, *, size: int) -> Network:
    """What makes maps (side, side, c) of pictures (size, size, 3) in [0, 1], see `network.map_network`."""
    return Network(to_litert(map_network(branch, size=size), quantized=True))


def view_features(
    running: Network, views: Sequence[View], pictures: Pixels, config: EncoderConfig
) -> tuple[Halves, Halves]:
    """The features of each view of `pictures` (n, S, S, 3): by cells (n, views, d), by pairs (n, views, e).

    `running`: the `running_map` of a branch. In half precision, for they are many; of the maps themselves
    only a few exist at a time.
    """
    side, _, contents = running.output_shape
    pooling = Pooling(views, (side * side, contents), grid=config.grid, pair_dims=config.pair_dims)

    cells = np.empty((len(pictures), len(views), pooling.cells_dim), dtype=np.float16)
    pairs = np.empty((len(pictures), len(views), pooling.pairs_dim), dtype=np.float16)

    def pool(begin: int) -> None:
        block = slice(begin, begin + _MAPS_A_BLOCK)
        maps = np.stack([running.run_one(picture) for picture in _scaled(pictures[block])])
        maps = maps.reshape(len(maps), side * side, contents)
        cells[block], pairs[block] = pooling.cells(maps), pooling.pairs(maps)

    for _ in in_order(pool, range(0, len(pictures), _MAPS_A_BLOCK)):
        pass
    return cells, pairs


def _scaled(pictures: Pixels) -> Floats:
    return np.asarray(pictures / np.float32(255), dtype=np.float32)
