"""The solved weights as an ordinary Keras model of stock layers."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from .branch import Branch
from .config import EncoderConfig
from .last_layers import LastLayers
from .layout import COLOR_SIDE, COLORS, LIGHT, LIGHT_SIDE, SMALL
from .lda import Linear
from .pictures import WHOLE, Floats
from .pooling import ROOT, for_full_matrices, pooling


def feature_map(pictures: keras.KerasTensor, branch: Branch) -> keras.KerasTensor:
    """The contents (h, w, c) of `pictures` (S, S, 3) in [0, 1] for `branch`, of unit length at each place."""
    config, name = branch.config, branch.config.name
    x = pictures
    if config.factor > 1:
        x = layers.AveragePooling2D(config.factor, name=f"{name}_shrink")(x)
    kernel, bias = branch.whitening
    kernel = kernel.reshape(config.patch, config.patch, 3, -1)
    x = convolution(x, kernel, bias, name=f"{name}_whiten", strides=config.stride)
    x = layers.UnitNormalization(name=f"{name}_contrast")(x)
    threshold = np.full(len(branch.atoms), -config.threshold, dtype=np.float32)
    x = convolution(x, branch.atoms.T[None, None], threshold, name=f"{name}_atoms", activation="relu")
    weights, bias = branch.content
    x = convolution(x, weights[None, None], bias, name=f"{name}_content")
    return layers.UnitNormalization(name=f"{name}_direction")(x)


def cells(features: keras.KerasTensor, name: str, grid: int) -> keras.KerasTensor:
    """`features` (side, side, c) averaged over the cells of the whole picture: (grid · grid · c,)."""
    side = features.shape[2]
    if side % grid == 0:
        x = layers.AveragePooling2D(side // grid, name=f"{name}_pool")(features)
    else:
        x = _averaged(features, name, grid)
    x = layers.Flatten(name=f"{name}_cells")(x)
    return layers.UnitNormalization(name=f"{name}_cells_length")(x)


def _averaged(features: keras.KerasTensor, name: str, grid: int) -> keras.KerasTensor:
    """`features` (side, side, c) averaged over cells that may end within a place: (grid · grid, c)."""
    side, dims = features.shape[2:]
    layer = layers.EinsumDense(
        "bpc,pv->bvc", output_shape=(grid * grid, dims), name=f"{name}_pool", trainable=False
    )
    x = layers.Reshape((side * side, dims), name=f"{name}_places")(features)
    return _weighted(layer, x, pooling(WHOLE, side=side, grid=grid))


def pairs(features: keras.KerasTensor, name: str, pair_dims: int) -> keras.KerasTensor:
    """The root of the mean of u uᵀ over all places, u the first contents of `features` (side, side, c), all
    of unit length: (d · d,), with d at most `pair_dims`.
    """
    height, width, contents = features.shape[1:]
    dims = min(pair_dims, contents)
    x = features
    if dims < contents:
        # "Channels first" lets it cut the last axis. Slicing would get a name that counts the slices so far,
        # and with it another fingerprint for the same encoder.
        cut = (0, 0), (0, contents - dims)
        x = layers.Cropping2D(cut, data_format="channels_first", name=f"{name}_pairs_first")(x)
        x = layers.UnitNormalization(name=f"{name}_pairs_direction")(x)
    x = layers.Reshape((height * width, dims), name=f"{name}_pairs_places")(x)
    x = layers.Dot(axes=(1, 1), name=f"{name}_pairs")([x, x])
    x = layers.Rescaling(1.0 / (height * width), name=f"{name}_pairs_mean")(x)
    x = layers.Flatten(name=f"{name}_pairs_flat")(_matrix_root(x, f"{name}_root"))
    return layers.UnitNormalization(name=f"{name}_pairs_length")(x)


def _matrix_root(moments: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """See `pooling.matrix_root`."""
    identity = np.eye(moments.shape[1])
    centred = layers.Rescaling(2.0, offset=(-identity).tolist(), name=f"{name}_centred")(moments)
    square = _product(centred, centred, f"{name}_square")
    cube = _product(square, centred, f"{name}_cube")
    root = layers.Rescaling(ROOT[9], name=f"{name}_9")(cube)
    for power in (6, 3, 0):
        one, two, three = ROOT[power : power + 3]
        first = layers.Rescaling(two, offset=(one * identity).tolist(), name=f"{name}_{power + 1}")(centred)
        second = layers.Rescaling(three, name=f"{name}_{power + 2}")(square)
        root = layers.Add(name=f"{name}_from_{power}")([root, first, second])
        if power:
            root = _product(root, cube, f"{name}_{power}")
    return root


def _product(first: keras.KerasTensor, second: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.Dot(axes=(2, 1), name=name)([first, second])


def map_network(branch: Branch, *, size: int) -> keras.Model:
    """Pictures (size, size, 3) in [0, 1] to the map (side, side, c) of the branch."""
    pictures = keras.Input((size, size, 3), name="pictures")
    return keras.Model(pictures, feature_map(pictures, branch))


def encoder_network(
    branches: Sequence[Branch], last: LastLayers, config: EncoderConfig, *, size: int
) -> keras.Model:
    """The encoder: pictures (size, size, 3) in [0, 1] to latent vectors of unit length.

    `last` has two parts a branch, and one more where the layout of the picture is a part.
    """
    pictures = keras.Input((size, size, 3), name="pictures")
    vectors = []
    for number, branch in enumerate(branches):
        name = branch.config.name
        by_place, by_pair = last.parts[2 * number : 2 * number + 2]
        features = feature_map(pictures, branch)
        x = dense(cells(features, name, config.grid), by_place, name=f"{name}_cells_agreement")
        vectors.append(layers.UnitNormalization(name=f"{name}_cells_vector")(x))
        whole = for_full_matrices(by_pair.weights, min(config.pair_dims, features.shape[-1]))
        x = pairs(features, name, config.pair_dims)
        x = dense(x, Linear(whole, by_pair.bias), name=f"{name}_pairs_agreement")
        vectors.append(layers.UnitNormalization(name=f"{name}_pairs_vector")(x))
    if len(last.parts) > len(vectors):
        x = dense(layout(pictures), last.parts[-1], name="layout_agreement")
        vectors.append(layers.UnitNormalization(name="layout_vector")(x))
    joined = layers.Concatenate(name="parts")(vectors)
    known = [_leading(vector, last, row) for row, vector in enumerate(vectors)]
    known.append(dense(joined, last.joint, name="joint_agreement"))
    known.append(dense(joined, last.neighbors, name="neighbor_agreement"))
    known.append(dense(joined, last.gathering, name="gathering"))
    known = [layers.UnitNormalization(name=f"known_{row}")(each) for row, each in enumerate(known)]
    x = dense(layers.Concatenate(name="known")(known), last.latent, name="compression")
    return keras.Model(pictures, layers.UnitNormalization(name="latent")(x), name="encoder")


def layout(pictures: keras.KerasTensor) -> keras.KerasTensor:
    """The layout of `pictures` (S, S, 3) in [0, 1], see `layout.py`: unit length (1216,)."""
    size = pictures.shape[1]
    light = _places(pictures, size // LIGHT_SIDE, "light", LIGHT)
    colors = _places(pictures, size // COLOR_SIDE, "colors", COLORS)
    x = layers.Concatenate(name="layout_places")([light, colors])
    x = layers.Rescaling(1.0, offset=SMALL, name="layout_floor")(x)
    return layers.UnitNormalization(name="layout")(x)


def has_layout(encoder: keras.Model) -> bool:
    """Whether the layout is a part of `encoder`."""
    return any(layer.name == "layout" for layer in encoder.layers)


def _places(pictures: keras.KerasTensor, factor: int, name: str, channels: Floats) -> keras.KerasTensor:
    """`pictures` averaged down by `factor`, their colours times `channels` (3, c), without the mean: flat."""
    x = layers.AveragePooling2D(factor, name=f"{name}_shrink")(pictures)
    no_bias = np.zeros(channels.shape[1], dtype=np.float32)
    x = convolution(x, channels[None, None], no_bias, name=f"{name}_channels")
    mean = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_mean")(x)
    return layers.Flatten(name=f"{name}_flat")(layers.Subtract(name=f"{name}_contrast")([x, mean]))


def convolution(
    x: keras.KerasTensor,
    kernel: Floats,
    bias: Floats,
    *,
    name: str,
    strides: int = 1,
    activation: str | None = None,
) -> keras.KerasTensor:
    """`x` (h, w, in) through a `kernel` (side, side, in, out) with its `bias` (out,)."""
    layer = layers.Conv2D(kernel.shape[3], kernel.shape[0], strides=strides, activation=activation, name=name)
    return _weighted(layer, x, kernel, bias)


def dense(x: keras.KerasTensor, linear: Linear, *, name: str) -> keras.KerasTensor:
    """`x` (in,) through `linear`."""
    return _weighted(layers.Dense(linear.weights.shape[1], name=name), x, *linear)


def _leading(vector: keras.KerasTensor, last: LastLayers, row: int) -> keras.KerasTensor:
    """The leading directions of the `vector` (d,) of the part `row`, see `LastLayers`."""
    if last.leading is not None:
        return dense(vector, last.leading[row], name=f"leading_{row}")
    return _first(vector, last.leading_dims, name=f"leading_{row}")


def _first(vectors: keras.KerasTensor, num: int, *, name: str) -> keras.KerasTensor:
    """The first `num` numbers of `vectors` (d,); about slicing see `pairs`."""
    dims = vectors.shape[1]
    x = layers.Reshape((dims, 1), name=f"{name}_column")(vectors)
    x = layers.Cropping1D((0, dims - min(num, dims)), name=name)(x)
    return layers.Flatten(name=f"{name}_row")(x)


def _weighted(layer: keras.Layer, x: keras.KerasTensor, *weights: Floats) -> keras.KerasTensor:
    """`layer` applied to `x`, with these weights from the start."""
    result = layer(x)
    layer.set_weights(weights)
    return result
