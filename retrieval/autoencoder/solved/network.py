"""The solved weights as an ordinary Keras model of stock layers."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from .branch import Branch
from .lda import LastLayers, Linear
from .pictures import WHOLE, Floats, View


def pooling(view: View, *, side: int, grid: int) -> Floats:
    """Weights (side · side, grid · grid) that average a map of `side` × `side` over the cells of `view`.

    A place of the map counts by the area that it shares with the cell.
    """
    rows = _shares(view.top, view.bottom, side, grid)
    columns = _shares(view.left, view.right, side, grid)
    if view.mirrored:
        columns = columns[:, ::-1]
    weights = rows[:, None, :, None] * columns[None, :, None, :]
    return weights.reshape(side * side, grid * grid).astype(np.float32)


def _shares(begin: float, end: float, side: int, cells: int) -> Floats:
    """The share (side, cells) of each cell's length between `begin` and `end` that each place covers."""
    edges = np.linspace(begin, end, cells + 1) * side
    places = np.arange(side)[:, None]
    overlap = np.minimum(edges[1:], places + 1) - np.maximum(edges[:-1], places)
    shares = np.maximum(overlap, 0.0)
    return np.asarray(shares / shares.sum(axis=0), dtype=np.float32)


def feature_map(pictures: keras.KerasTensor, branch: Branch) -> keras.KerasTensor:
    """The map (side · side, c) of unit vectors that `branch` makes of `pictures` (S, S, 3) in [0, 1]."""
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
    x = _convolution(x, branch.content.weights[None, None], branch.content.bias, name=f"{name}_content")
    x = layers.UnitNormalization(name=f"{name}_direction")(x)
    return layers.Reshape((-1, branch.content.weights.shape[1]), name=f"{name}_places")(x)


def pooled(
    features: keras.KerasTensor, views: Sequence[View], branch: Branch, grid: int
) -> keras.KerasTensor:
    """`features` (side · side, c) averaged over the cells of each view: (len(views), grid · grid · c)."""
    num_places, dims = features.shape[1:]
    side = round(num_places**0.5)
    weights = np.concatenate([pooling(view, side=side, grid=grid) for view in views], axis=1)
    name = branch.config.name
    layer = layers.EinsumDense(
        "bpc,pv->bvc", output_shape=(weights.shape[1], dims), name=f"{name}_pool", trainable=False
    )
    x = _weighted(layer, features, weights)
    return layers.Reshape((len(views), grid * grid * dims), name=f"{name}_views")(x)


def views_network(branch: Branch, views: Sequence[View], *, size: int, grid: int) -> keras.Model:
    """Pictures (size, size, 3) in [0, 1] to the pooled features of each view, of unit length."""
    pictures = keras.Input((size, size, 3), name="pictures")
    x = pooled(feature_map(pictures, branch), views, branch, grid)
    return keras.Model(pictures, layers.UnitNormalization()(x))


def encoder_network(branches: Sequence[Branch], last: LastLayers, *, size: int, grid: int) -> keras.Model:
    """The encoder: pictures (size, size, 3) in [0, 1] to latent vectors of unit length."""
    pictures = keras.Input((size, size, 3), name="pictures")
    vectors = []
    for branch, agreement in zip(branches, last.branches, strict=True):
        name = branch.config.name
        x = pooled(feature_map(pictures, branch), [WHOLE], branch, grid)
        x = layers.Flatten(name=f"{name}_flat")(x)
        x = layers.UnitNormalization(name=f"{name}_length")(x)
        x = _dense(x, agreement, name=f"{name}_agreement")
        vectors.append(layers.UnitNormalization(name=f"{name}_vector")(x))
    joint = _dense(layers.Concatenate(name="scales")(vectors), last.joint, name="joint_agreement")
    parts = [
        _first(vector, last.branch_dims, name=f"leading_{number}") for number, vector in enumerate(vectors)
    ]
    parts = [
        layers.UnitNormalization(name=f"part_{number}")(part) for number, part in enumerate([*parts, joint])
    ]
    x = _dense(layers.Concatenate(name="parts")(parts), last.latent, name="compression")
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
