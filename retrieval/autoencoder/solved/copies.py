"""The second vector, to find copies by: solved so that edited versions of a picture agree.

What tells kinds apart may not depend on where in the picture it is; what tells one picture from all others
should. So the vector is solved from the parts of the encoder, which bear being cut, and from the *layout* of
the picture, which bears tints, noise and blur, both together. *Peaks* are the light of the layout to the
third power: where little is drawn on a plain ground, the ink stands out and noise vanishes.

Pictures that differ by the place of a dot alone have peaks and nothing else: parts and layout would only
bring noise into so few numbers. Which it is the pictures say: other versions of them, edited in one way each,
are looked for by both.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from ...parallel import in_order
from ..export import to_litert
from .editing import edited, edited_once
from .features import run
from .layout import LIGHT_SIDE, SMALL
from .lda import Linear, apply, compress, multiplied, scatter_of_views, solve_agreement, unit
from .neighbors import to_nearest
from .network import dense, has_layout, layout
from .pictures import Floats, Pixels

COPY_DIM = 128
_PICTURES = 300
_EDITED = 1_200
_LEAST_VERSIONS = 4
_MOST_VERSIONS = 12
_ASKED, _EDITED_ONCE = 50, 8
# Over the number of pictures: the fewer they are, the less of what tells them apart holds for other edits.
_RIDGE_PICTURES, _MOST_RIDGE = 300, 4.0
# Of layout, parts and peaks, each of length 1; the second where it finds by so much more.
_MORE = 0.03
_COPIES = "copies"
# What the vector for copies counts in a latent vector, where it does.
_DETAILS = 0.5
_WEIGHTS = np.array([[1.0, 1.0, 0.5], [0.0, 0.0, 1.0]], dtype=np.float32)


def draw_edits(pictures: Pixels, *, seed: int) -> tuple[Pixels, Pixels]:
    """Edited versions of at most 300 of `pictures` (n, S, S, 3) uint8: to solve on, and to ask with.

    Both (m · versions, S, S, 3), picture after picture; those to solve on with the picture itself first.
    """
    rng = np.random.default_rng([seed, 4])
    chosen = pictures[rng.permutation(len(pictures))[:_PICTURES]]
    versions = edited(chosen, _num_versions(len(chosen)), rng=rng)
    asked = edited_once(chosen[:_ASKED], _EDITED_ONCE, rng=rng)
    shape = -1, *pictures.shape[1:]
    return versions.reshape(shape), asked.reshape(shape)


def with_copies(
    encoder: keras.Model, pictures: Pixels, *, seed: int, known: Sequence[Floats] | None = None
) -> keras.Model:
    """`encoder` with a second vector of unit length behind the latent one: (dim + copy_dim,).

    Solved on what `draw_edits` makes of `pictures` (n, S, S, 3) uint8, n >= 2. Fewer than 128 numbers where
    so few pictures cannot differ in as many ways. `known` is what the vector is made of, layouts and parts
    (m · versions, d) of both kinds of edits; by default, the layers of `encoder` find it. An encoder
    `with_details` has a second vector in it: that one.
    """
    if _COPIES in (layer.name for layer in encoder.layers):
        return _both(encoder, encoder.get_layer(_COPIES).output, name="vectors")
    places = encoder.get_layer("layout").output if has_layout(encoder) else layout(encoder.input)
    parts = layers.UnitNormalization(name="parts_length")(encoder.get_layer("parts").output)
    if known is None:
        joined = layers.Concatenate(name="layout_and_parts")([places, parts])
        running = to_litert(keras.Model(encoder.input, joined), quantized=True)
        known = [run(running, each) for each in draw_edits(pictures, seed=seed)]
    num = min(len(pictures), _PICTURES)
    solved_on, asked_with = (
        _with_peaks(each.reshape(count, -1, each.shape[-1]))
        for count, each in zip((num, min(num, _ASKED)), known, strict=True)
    )
    outputs = [places, parts, peaks(places)]
    sizes = [each.shape[-1] for each in outputs]
    found = list(in_order(lambda weights: _solve(solved_on, np.repeat(weights, sizes)), _WEIGHTS))
    everything, alone = (_found_first(solved_on[:, :1], asked_with, each) for each in found)
    copies = _applied(found[1 if alone > everything + _MORE else 0], outputs, sizes)
    return _both(encoder, copies, name="latent_and_copies")


def _both(encoder: keras.Model, copies: keras.KerasTensor, *, name: str) -> keras.Model:
    both = layers.Concatenate(name=name)([encoder.output, copies])
    return keras.Model(encoder.input, both, name="encoder")


def with_details(both: keras.Model, pictures: Pixels, *, dim: int) -> tuple[keras.Model, Floats]:
    """The encoder of `both` vectors, `dim` numbers of which are latent, with a latent vector made of both.

    Where place tells everything, what sets this very picture apart from others sets near kinds apart too. It
    counts half as much, in as many numbers as before, compressed as in the last layers.

    Returns the encoder and the latents (n, `dim`) of `pictures` (n, S, S, 3) uint8.
    """
    shares = np.repeat(np.array([1.0, _DETAILS], dtype=np.float32), [dim, both.output_shape[-1] - dim])
    joined = run(to_litert(both, quantized=True), pictures) * shares
    latent = compress(joined, dim, to_nearest(joined))
    x = dense(both.output, multiplied(latent, shares), name="details")
    x = layers.UnitNormalization(name="latent_with_details")(x)
    return keras.Model(both.input, x, name="encoder"), apply(latent, joined)


def _num_versions(num_pictures: int) -> int:
    return int(np.clip(_EDITED // num_pictures, _LEAST_VERSIONS, _MOST_VERSIONS))


def _with_peaks(layout_and_parts: Floats) -> Floats:
    """The same with the peaks behind them, as `peaks` makes them of the layout."""
    light = layout_and_parts[..., : LIGHT_SIDE**2] * np.float32(LIGHT_SIDE)
    return np.concatenate([layout_and_parts, unit(light**3 + np.float32(SMALL))], axis=-1)


def peaks(places: keras.KerasTensor) -> keras.KerasTensor:
    """The peaks of the layout `places` (1216,): (1024,) of length 1."""
    num = places.shape[-1]
    x = layers.Reshape((num, 1), name="peaks_column")(places)
    x = layers.Flatten(name="peaks_light")(layers.Cropping1D((0, num - LIGHT_SIDE**2), name="peaks_first")(x))
    # Numbers of a picture's light are 1 on average before, so that the floor lies below what they become.
    x = layers.Rescaling(float(LIGHT_SIDE), name="peaks_scaled")(x)
    x = layers.Multiply(name="peaks_power")([x, x, x])
    x = layers.Rescaling(1.0, offset=SMALL, name="peaks_floor")(x)
    return layers.UnitNormalization(name="peaks")(x)


def _solve(versions: Floats, weights: Floats) -> Linear:
    """The directions in which `versions` (n, v, d) agree, their numbers multiplied by `weights` (d,)."""
    used = np.flatnonzero(weights)
    weighted = versions[:, :, used] * weights[used]
    flat = weighted.reshape(-1, len(used))
    # Everything happens between the versions, and they are fewer than their numbers.
    basis = np.linalg.qr((flat - flat.mean(axis=0)).T)[0]
    ridge = min(_RIDGE_PICTURES / len(versions), _MOST_RIDGE)
    scatter = scatter_of_views(weighted @ basis)
    found = solve_agreement(scatter, ridge=ridge * basis.shape[1] / len(used), num=COPY_DIM)
    matrix = np.zeros((len(weights), found.weights.shape[1]), dtype=np.float32)
    matrix[used] = weights[used, None] * (basis @ found.weights)
    return Linear(matrix, found.bias)


def _found_first(originals: Floats, asked: Floats, linear: Linear) -> float:
    """The share of `asked` (m, v, d) that find the original of theirs, (n, 1, d), first by `linear`."""
    vectors, queries = (apply(linear, each) for each in (originals, asked))
    nearest = np.argmax(queries @ vectors[:, 0].T, axis=2)
    return float((nearest == np.arange(len(asked))[:, None]).mean())


def _applied(linear: Linear, known: Sequence[keras.KerasTensor], sizes: Sequence[int]) -> keras.KerasTensor:
    """`linear` as layers, one for each of `known`: LiteRT then rounds each to bytes by a range of its own."""
    weights = np.split(linear.weights, np.cumsum(sizes)[:-1])
    nothing = np.zeros_like(linear.bias)
    used = [at for at, each in enumerate(weights) if each.any()]
    sums = [
        dense(
            known[at],
            Linear(weights[at], linear.bias if at == used[0] else nothing),
            name=f"edit_agreement_{at}",
        )
        for at in used
    ]
    total = layers.Add(name="edit_agreement")(sums) if len(sums) > 1 else sums[0]
    return layers.UnitNormalization(name=_COPIES)(total)
