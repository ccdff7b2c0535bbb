"""From an architecture to Keras: encoder, decoder, and the autoencoder of the two."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras
from keras import layers

from .architectures import Architecture, NetworkConfig

RGB = 3


def build(config: NetworkConfig) -> keras.Model:
    """The autoencoder of `config`: (n, size, size, 3) in [0, 1] in and out, with its two halves as layers.

    `encoder` gives the code flat, (n, dim); `decoder` takes it so. Where the config has one channel, the
    encoder starts by averaging red, green and blue, and the decoder ends by repeating its grey: neither
    takes parameters. The weights are drawn by the seed given to `keras.utils.set_random_seed`.

    Example:
        >>> build(NetworkConfig(ARCHITECTURES["dense"], size=28, channels=1)).count_params()
        473636
    """
    encoder, decoder = _encoder(config), _decoder(config)
    pictures = keras.Input((config.size, config.size, RGB), name="pictures")
    return keras.Model(pictures, decoder(encoder(pictures)), name="autoencoder")


def unbounded(decoder: keras.Model) -> keras.Model:
    """`decoder` up to the values, of any size, that it then brings between 0 and 1.

    Training descends from these: cross-entropy is exact only from what the sigmoid is applied to, and the
    squared error of values that are cut off has no slope.
    """
    return keras.Model(decoder.input, decoder.get_layer("unbounded").output, name="unbounded")


def _encoder(config: NetworkConfig) -> keras.Model:
    pictures = keras.Input((config.size, config.size, RGB), name="pictures")
    grey = keras.ops.mean(pictures, axis=-1, keepdims=True) if config.channels == 1 else pictures
    return keras.Model(pictures, _chain(_encoder_layers(config), grey), name="encoder")


def _decoder(config: NetworkConfig) -> keras.Model:
    code = keras.Input((config.dim,), name="code")
    unbounded = _chain(_decoder_layers(config), code)
    # Under the squared error a sigmoid gets stuck at black for pictures that are mostly black (seen on MNIST
    # with conv-strided), so there the values are cut off instead. Mixed precision stops here: a picture needs
    # more than the eleven bits of float16.
    bounds = {"bce": layers.Activation("sigmoid", dtype="float32"), "mse": layers.ReLU(1.0, dtype="float32")}
    values = bounds[config.loss](unbounded)
    pictures = values if config.channels == RGB else layers.Concatenate(dtype="float32")([values] * RGB)
    return keras.Model(code, pictures, name="decoder")


def _chain(chain: Iterator[layers.Layer], value: Any) -> Any:
    for layer in chain:
        value = layer(value)
    return value


def _encoder_layers(config: NetworkConfig) -> Iterator[layers.Layer]:
    architecture = config.architecture
    pooled = architecture.halving == "pooling"
    for filters in architecture.stages(config.size):
        yield from _convolution(architecture, filters, strides=1 if pooled else 2)
        if pooled:
            yield layers.MaxPooling2D(2, padding="same")
    yield layers.Flatten()
    for units in architecture.hidden:
        yield layers.Dense(units, activation="relu")
    # Indexes compare codes, so they are float32 under mixed precision too.
    flat = len(config.code_shape) == 1
    yield layers.Dense(config.dim, dtype="float32") if flat else layers.Activation("linear", dtype="float32")


def _decoder_layers(config: NetworkConfig) -> Iterator[layers.Layer]:
    architecture, stages = config.architecture, config.architecture.stages(config.size)
    if len(config.code_shape) == 1:
        yield from _unfolding(config)
    if stages:
        side = config.size // 2 ** len(stages)
        yield layers.Reshape((side, side, stages[-1]))
        yield from _enlarging_layers(config, stages)
    if architecture.closing:
        yield layers.Conv2D(config.channels, architecture.kernel, padding="same", name="unbounded")


def _unfolding(config: NetworkConfig) -> Iterator[layers.Layer]:
    """Dense layers from a flat code back to the last map, or to the picture where there are no maps."""
    stages = config.architecture.stages(config.size)
    for units in reversed(config.architecture.hidden):
        yield layers.Dense(units, activation="relu")
    if stages:
        side = config.size // 2 ** len(stages)
        yield layers.Dense(math.prod((side, side, stages[-1])), activation="relu")
    else:
        shape = (config.size, config.size, config.channels)
        yield layers.Dense(math.prod(shape))
        yield layers.Reshape(shape, name="unbounded")


def _enlarging_layers(config: NetworkConfig, stages: Sequence[int]) -> Iterator[layers.Layer]:
    architecture = config.architecture
    # Undoing the stage that made 32 maps of 16 leaves 16; a closing convolution works on as many as came in.
    targets = list(reversed(stages)) if architecture.closing else [*reversed(stages[:-1]), config.channels]
    for number, filters in enumerate(targets):
        last = number == len(targets) - 1 and not architecture.closing
        if config.enlarging == "up-sampling":
            yield from _up_sampling(architecture, filters, last=last)
        else:
            yield from _transposed(architecture, filters, last=last)


def _up_sampling(architecture: Architecture, filters: int, *, last: bool) -> Iterator[layers.Layer]:
    if architecture.closing:
        yield from _convolution(architecture, filters, strides=1)
        yield layers.UpSampling2D(2)
        return
    yield layers.UpSampling2D(2)
    if last:
        yield layers.Conv2D(filters, architecture.kernel, padding="same", name="unbounded")
    else:
        yield from _convolution(architecture, filters, strides=1)


def _transposed(architecture: Architecture, filters: int, *, last: bool) -> Iterator[layers.Layer]:
    if last:
        yield layers.Conv2DTranspose(filters, architecture.kernel, 2, "same", name="unbounded")
        return
    yield layers.Conv2DTranspose(
        filters, architecture.kernel, 2, "same", use_bias=not architecture.normalized
    )
    yield from _activation(architecture)


def _convolution(architecture: Architecture, filters: int, *, strides: int) -> Iterator[layers.Layer]:
    yield layers.Conv2D(filters, architecture.kernel, strides, "same", use_bias=not architecture.normalized)
    yield from _activation(architecture)


def _activation(architecture: Architecture) -> Iterator[layers.Layer]:
    if architecture.normalized:
        # The usual 0.99 would take hundreds of steps to follow, and small folders have a dozen an epoch.
        yield layers.BatchNormalization(momentum=0.9)
    yield layers.ReLU()
