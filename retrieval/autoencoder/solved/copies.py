"""The second vector, to find copies by: solved so that edited versions of a picture agree.

What tells kinds apart may not depend on where in the picture it is; what tells one picture from all others
should. So the vector is solved from the parts of the encoder, which bear being cut, and from the *layout* of
the picture, which bears tints, noise and blur, both together.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from ..export import to_litert
from .editing import edited
from .features import run
from .lda import scatter_of_views, solve_agreement
from .network import convolution, dense
from .pictures import Pixels

COPY_DIM = 96
_PICTURES = 300
_EDITED = 1_200
_LEAST_VERSIONS = 4
_MOST_VERSIONS = 12
_RIDGE = 1.0
_LIGHT_SIDE = 32
_COLOR_SIDE = 8
_LIGHT = np.array([0.299, 0.587, 0.114], dtype=np.float32)
# What a flat picture has in place of a layout: LiteRT makes NaN of zeros that are to get unit length.
_SMALL = 1e-3


def with_copies(encoder: keras.Model, pictures: Pixels, *, seed: int) -> keras.Model:
    """`encoder` with a second vector of unit length behind the latent one: (dim + copy_dim,).

    Solved on edited versions of at most 300 of `pictures` (n, S, S, 3) uint8, n >= 2. Fewer than 96 numbers
    where so few pictures cannot differ in as many ways.
    """
    rng = np.random.default_rng([seed, 4])
    chosen = rng.permutation(len(pictures))[:_PICTURES]
    versions = edited(pictures[chosen], _num_versions(len(chosen)), rng=rng)
    known = layers.Concatenate(name="layout_and_parts")(
        [
            layout(encoder.input),
            layers.UnitNormalization(name="parts_length")(encoder.get_layer("parts").output),
        ]
    )
    network = to_litert(keras.Model(encoder.input, known), quantized=True)
    features = run(network, versions.reshape(-1, *pictures.shape[1:]))
    scatter = scatter_of_views(features.reshape(*versions.shape[:2], -1))
    solved = solve_agreement(scatter, ridge=_RIDGE, num=COPY_DIM)
    copies = layers.UnitNormalization(name="copies")(dense(known, solved, name="edit_agreement"))
    both = layers.Concatenate(name="latent_and_copies")([encoder.output, copies])
    return keras.Model(encoder.input, both, name="encoder")


def layout(pictures: keras.KerasTensor) -> keras.KerasTensor:
    """What is where in `pictures` (S, S, 3) in [0, 1], whatever its tint and contrast: unit length (1216,).

    The light of 32 × 32 places and the colour of 8 × 8, each without its mean over the picture.
    """
    size = pictures.shape[1]
    light = _places(pictures, size // _LIGHT_SIDE, "light", _LIGHT[:, None])
    # A place of colours stands for as many of light; a length wants the root of that.
    weight = np.float32(_LIGHT_SIDE / _COLOR_SIDE)
    colors = _places(pictures, size // _COLOR_SIDE, "colors", weight * (np.eye(3) - _LIGHT[:, None]))
    x = layers.Concatenate(name="layout_places")([light, colors])
    return layers.UnitNormalization(name="layout")(
        layers.Rescaling(1.0, offset=_SMALL, name="layout_floor")(x)
    )


def _places(pictures: keras.KerasTensor, factor: int, name: str, channels: np.ndarray) -> keras.KerasTensor:
    """`pictures` averaged down by `factor`, their colours times `channels` (3, c), without the mean: flat."""
    x = layers.AveragePooling2D(factor, name=f"{name}_shrink")(pictures)
    kernel = channels[None, None].astype(np.float32)
    x = convolution(x, kernel, np.zeros(kernel.shape[3], dtype=np.float32), name=f"{name}_channels")
    mean = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_mean")(x)
    return layers.Flatten(name=f"{name}_flat")(layers.Subtract(name=f"{name}_contrast")([x, mean]))


def _num_versions(num_pictures: int) -> int:
    return int(np.clip(_EDITED // num_pictures, _LEAST_VERSIONS, _MOST_VERSIONS))
