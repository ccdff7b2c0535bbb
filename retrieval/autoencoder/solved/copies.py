"""The second vector, to find copies by: solved so that edited versions of a picture agree.

What tells kinds apart may not depend on where in the picture it is; what tells one picture from all others
should. So the vector is solved from the parts of the encoder, which bear being cut, and from the *layout* of
the picture, which bears tints, noise and blur, both together.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
from keras import layers

from ..export import to_litert
from .editing import edited
from .features import run
from .lda import scatter_of_views, solve_agreement
from .network import dense, has_layout, layout
from .pictures import Floats, Pixels

COPY_DIM = 96
_PICTURES = 300
_EDITED = 1_200
_LEAST_VERSIONS = 4
_MOST_VERSIONS = 12
_RIDGE = 1.0


def with_copies(
    encoder: keras.Model,
    pictures: Pixels,
    *,
    seed: int,
    layout_and_parts: Callable[[Pixels], Floats] | None = None,
) -> keras.Model:
    """`encoder` with a second vector of unit length behind the latent one: (dim + copy_dim,).

    Solved on edited versions of at most 300 of `pictures` (n, S, S, 3) uint8, n >= 2. Fewer than 96 numbers
    where so few pictures cannot differ in as many ways. `layout_and_parts` gives what the vector is made of,
    (n, d) of pictures (n, S, S, 3); by default, the layers of `encoder`.
    """
    rng = np.random.default_rng([seed, 4])
    chosen = rng.permutation(len(pictures))[:_PICTURES]
    versions = edited(pictures[chosen], _num_versions(len(chosen)), rng=rng)
    places = encoder.get_layer("layout").output if has_layout(encoder) else layout(encoder.input)
    parts = layers.UnitNormalization(name="parts_length")(encoder.get_layer("parts").output)
    known = layers.Concatenate(name="layout_and_parts")([places, parts])
    if layout_and_parts is None:
        network = to_litert(keras.Model(encoder.input, known), quantized=True)
        layout_and_parts = partial(run, network)
    features = layout_and_parts(versions.reshape(-1, *pictures.shape[1:]))
    scatter = scatter_of_views(features.reshape(*versions.shape[:2], -1))
    solved = solve_agreement(scatter, ridge=_RIDGE, num=COPY_DIM)
    copies = layers.UnitNormalization(name="copies")(dense(known, solved, name="edit_agreement"))
    both = layers.Concatenate(name="latent_and_copies")([encoder.output, copies])
    return keras.Model(encoder.input, both, name="encoder")


def _num_versions(num_pictures: int) -> int:
    return int(np.clip(_EDITED // num_pictures, _LEAST_VERSIONS, _MOST_VERSIONS))
