"""The solved weights as an ordinary Keras model of stock layers."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from .branch import Branch
from .config import EncoderConfig
from .last_layers import LastLayers
from .lda import Linear
from .pictures import WHOLE, Floats
from .pooling import ROOT_STEPS, for_full_matrices, pooling


def contents(pictures: keras.KerasTensor, branch: Branch, num: int) -> list[keras.KerasTensor]:
    """The contents (h, w, c) of `pictures` (S, S, 3) in [0, 1] for `branch`: the first `num`, the rest."""
    config, name = branch.config, branch.config.name
    x = pictures
    if config.factor > 1:
        x = layers.AveragePooling2D(config.factor, name=f"{name}_shrink")(x)
    kernel, bias = branch.whitening
    kernel = kernel.reshape(config.patch, config.patch, 3, -1)
    x = _convolution(x, kernel, bias, name=f"{name}_whiten", strides=config.stride)
    x = layers.UnitNormalization(name=f"{name}_contrast")(x)
    threshold = np.full(len(branch.atoms), -config.threshold, dtype=np.float32)
    x = _convolution(x, branch.atoms.T[None, None], threshold, name=f"{name}_atoms", activation="relu")
    weights, bias = branch.content
    found = [_convolution(x, weights[None, None, :, :num], bias[:num], name=f"{name}_content")]
    if weights.shape[1] > num:
        found.append(_convolution(x, weights[None, None, :, num:], bias[num:], name=f"{name}_more_content"))
    return found


def feature_map(found: Sequence[keras.KerasTensor], name: str) -> keras.KerasTensor:
    """All that `contents` found, of unit length at each place: (places, c)."""
    x = layers.Concatenate(name=f"{name}_contents")(found) if len(found) > 1 else found[0]
    x = layers.UnitNormalization(name=f"{name}_direction")(x)
    return layers.Reshape((-1, x.shape[-1]), name=f"{name}_places")(x)


def cells(features: keras.KerasTensor, name: str, grid: int) -> keras.KerasTensor:
    """`features` (side · side, c) averaged over the cells of the whole picture: (grid · grid · c,)."""
    num_places, dims = features.shape[1:]
    weights = pooling(WHOLE, side=round(num_places**0.5), grid=grid)
    layer = layers.EinsumDense(
        "bpc,pv->bvc", output_shape=(grid * grid, dims), name=f"{name}_pool", trainable=False
    )
    x = layers.Flatten(name=f"{name}_cells")(_weighted(layer, features, weights))
    return layers.UnitNormalization(name=f"{name}_cells_length")(x)


def pairs(first: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """The root of the mean of u uᵀ over all places, u the `first` contents (h, w, d): (d · d,)."""
    height, width, dims = first.shape[1:]
    x = layers.UnitNormalization(name=f"{name}_pairs_direction")(first)
    x = layers.Reshape((-1, dims), name=f"{name}_pairs_places")(x)
    x = layers.Dot(axes=(1, 1), name=f"{name}_pairs")([x, x])
    x = layers.Rescaling(1.0 / (height * width), name=f"{name}_pairs_mean")(x)
    x = layers.Flatten(name=f"{name}_pairs_flat")(_matrix_root(x, f"{name}_root"))
    return layers.UnitNormalization(name=f"{name}_pairs_length")(x)


def _matrix_root(moments: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """See `pooling.matrix_root`."""
    identity = (1.5 * np.eye(moments.shape[1])).tolist()
    root = product = moments
    for step in range(ROOT_STEPS):
        factor = layers.Rescaling(-0.5, offset=identity, name=f"{name}_factor_{step}")(product)
        half = _product(product, factor, f"{name}_half_{step}")
        root = _product(root, factor, f"{name}_{step}") if step else half
        if step < ROOT_STEPS - 1:
            product = _product(half, factor, f"{name}_product_{step}")
    return root


def _product(first: keras.KerasTensor, second: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.Dot(axes=(2, 1), name=name)([first, second])


def map_network(branch: Branch, *, size: int) -> keras.Model:
    """Pictures (size, size, 3) in [0, 1] to the map (places, c) of the branch."""
    pictures = keras.Input((size, size, 3), name="pictures")
    found = contents(pictures, branch, branch.content.weights.shape[1])
    return keras.Model(pictures, feature_map(found, branch.config.name))


def encoder_network(
    branches: Sequence[Branch], last: LastLayers, config: EncoderConfig, *, size: int
) -> keras.Model:
    """The encoder: pictures (size, size, 3) in [0, 1] to latent vectors of unit length."""
    pictures = keras.Input((size, size, 3), name="pictures")
    vectors = []
    for number, branch in enumerate(branches):
        name = branch.config.name
        by_place, by_pair = last.parts[2 * number : 2 * number + 2]
        found = contents(pictures, branch, config.pair_dims)
        x = cells(feature_map(found, name), name, config.grid)
        x = _dense(x, by_place, name=f"{name}_cells_agreement")
        vectors.append(layers.UnitNormalization(name=f"{name}_cells_vector")(x))
        whole = for_full_matrices(by_pair.weights, found[0].shape[-1])
        x = _dense(pairs(found[0], name), Linear(whole, by_pair.bias), name=f"{name}_pairs_agreement")
        vectors.append(layers.UnitNormalization(name=f"{name}_pairs_vector")(x))
    joined = layers.Concatenate(name="parts")(vectors)
    known = [_first(vector, last.leading_dims, name=f"leading_{row}") for row, vector in enumerate(vectors)]
    known.append(_dense(joined, last.joint, name="joint_agreement"))
    known.append(_dense(joined, last.neighbors, name="neighbor_agreement"))
    known.append(_dense(joined, last.gathering, name="gathering"))
    known = [layers.UnitNormalization(name=f"known_{row}")(each) for row, each in enumerate(known)]
    x = _dense(layers.Concatenate(name="known")(known), last.latent, name="compression")
    return keras.Model(pictures, layers.UnitNormalization(name="latent")(x), name="encoder")


def _convolution(
    x: keras.KerasTensor,
    kernel: Floats,
    bias: Floats,
    *,
    name: str,
    strides: int = 1,
    activation: str | None = None,
) -> keras.KerasTensor:
    layer = layers.Conv2D(kernel.shape[3], kernel.shape[0], strides=strides, activation=activation, name=name)
    return _weighted(layer, x, kernel, bias)


def _dense(x: keras.KerasTensor, linear: Linear, *, name: str) -> keras.KerasTensor:
    return _weighted(layers.Dense(linear.weights.shape[1], name=name), x, *linear)


def _first(vectors: keras.KerasTensor, num: int, *, name: str) -> keras.KerasTensor:
    """The first `num` numbers of `vectors` (d,). Slicing would get a name that counts the slices so far, and
    with it another fingerprint for the same encoder."""
    dims = vectors.shape[1]
    x = layers.Reshape((dims, 1), name=f"{name}_column")(vectors)
    x = layers.Cropping1D((0, dims - min(num, dims)), name=name)(x)
    return layers.Flatten(name=f"{name}_row")(x)


def _weighted(layer: keras.Layer, x: keras.KerasTensor, *weights: Floats) -> keras.KerasTensor:
    """`layer` applied to `x`, with these weights from the start."""
    result = layer(x)
    layer.set_weights(weights)
    return result
