"""A network from elsewhere and the solved encoder as one Keras model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers
from PIL import Image

from ..encoder import EncoderDescription
from .pretrained import sized
from .solved.lda import Linear
from .solved.pictures import Floats

_SMALL = 1e-6


class AdaptedLayers(NamedTuple):
    """The weights behind both.

    agreement, neighbors: the network's vector (d,), of length 1, to directions in which views, and views and
    linked pictures, agree. compression: both of these, each of length 1, to fewer numbers. latent: those and
    the solved latents, each of length 1, to the latent vector.
    """

    agreement: Linear
    neighbors: Linear
    compression: Linear
    latent: Linear


def adapted_network(
    network: keras.Model, description: EncoderDescription, solved: keras.Model, weights: AdaptedLayers
) -> keras.Model:
    """Pictures (size, size, 3) in [0, 1] to latent vectors of length 1, and behind them those for copies.

    `size` is the larger of what `network`, which `description` describes, and `solved` take; the other one
    gets the picture squashed as it would be on reading. `solved` gives its latent vector, or a list of this
    and its vector to find copies by, which is passed on.
    """
    sizes = (description.size, solved.input_shape[1])
    pictures = keras.Input((max(sizes), max(sizes), 3), name="pictures")
    entry = _squashed(pictures, sizes[0], "squashed_network")
    scale, mean = (np.broadcast_to(each, 3) for each in (description.scale, description.mean))
    prepare = layers.Rescaling((255.0 / scale).tolist(), (-mean / scale).tolist(), name="prepare")
    # LiteRT makes NaN of a vector of zeros that is to get length 1.
    found = sized(network, sizes[0], "network")(prepare(entry))
    vector = layers.Rescaling(1.0, _SMALL, name="never_zero", dtype="float32")(found)
    vector = _unit(vector, "network_vector")
    known = [
        _unit(_dense(vector, weights.agreement, "views_agree"), "views_vector"),
        _unit(_dense(vector, weights.neighbors, "neighbors_agree"), "neighbors_vector"),
    ]
    found = _dense(_joined(known, "network_known"), weights.compression, "network_compression")
    own = sized(solved, sizes[1], "solved")(_squashed(pictures, sizes[1], "squashed"))
    own_latent, *copies = own if isinstance(own, list) else [own]
    latents = [_unit(found, "network_latent"), own_latent]
    latent = _dense(_joined(latents, "known"), weights.latent, "compression")
    vectors = [_unit(latent, "latent"), *copies]
    return keras.Model(pictures, _joined(vectors, "vectors") if copies else vectors[0], name="encoder")


def _squashed(pictures: Any, size: int, name: str) -> Any:
    """`pictures` (side, side, 3) squashed to (size, size, 3), as `images.load` does."""
    side = pictures.shape[1]
    if side == size:
        return pictures
    weights = squashing(side, size)
    for axis, equation, shape in (
        ("rows", "bhwc,hi->biwc", (size, side, 3)),
        ("columns", "bhwc,wi->bhic", (size, size, 3)),
    ):
        layer = layers.EinsumDense(equation, shape, name=f"{name}_{axis}", trainable=False)
        pictures = _weighted(layer, pictures, weights)
    return pictures


def squashing(side: int, size: int) -> Floats:
    """What makes `size` pixels of a row of `side`: (side, size), by Pillow's bicubic filter."""
    lines = Image.fromarray(np.eye(side, dtype=np.float32))
    return np.array(lines.resize((size, side), Image.Resampling.BICUBIC), dtype=np.float32)


def _dense(x: Any, linear: Linear, name: str) -> Any:
    layer = layers.Dense(linear.weights.shape[1], name=name, dtype="float32")
    return _weighted(layer, x, *linear)


def _weighted(layer: keras.Layer, x: Any, *weights: Floats) -> Any:
    result = layer(x)
    layer.set_weights(weights)
    return result


def _unit(x: Any, name: str) -> Any:
    return layers.UnitNormalization(name=name, dtype="float32")(x)


def _joined(vectors: Sequence[Any], name: str) -> Any:
    return layers.Concatenate(name=name, dtype="float32")(vectors)
