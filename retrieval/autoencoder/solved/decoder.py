"""The decoder of the solved encoder, solved too: by ridge regression from latent vectors to pictures."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from .pictures import Doubles, Floats, Pixels, shrink

_UNITS = 1_024
_COMPONENTS = 256
_SIDE = 32
_RIDGE = 0.07
_SPREAD = 2.0


def decoder_network(dim: int, size: int, *, components: int = _COMPONENTS) -> keras.Model:
    """Latent vectors (dim,) to pictures (size, size, 3) in [0, 1]: weighed sums of as many `components`."""
    latents = keras.Input((dim,), name="latents")
    x = layers.Dense(_UNITS, activation="relu", name="expand")(latents)
    x = layers.Dense(components, use_bias=False, name="weigh")(x)
    x = layers.Dense(_SIDE * _SIDE * 3, name="components")(x)
    x = layers.Reshape((_SIDE, _SIDE, 3), name="small_picture")(x)
    x = layers.UpSampling2D(size // _SIDE, interpolation="bilinear", name="enlarge")(x)
    return keras.Model(latents, layers.ReLU(max_value=1.0, name="picture")(x), name="decoder")


def solve_decoder(latents: Floats, pictures: Pixels, *, seed: int) -> keras.Model:
    """The decoder of `latents` (n, dim) of length 1 that comes nearest to `pictures` (n, S, S, 3).

    Its first layer is drawn at random and stays (extreme learning machine, Huang, Zhu & Siew 2006); on what
    that gives, pictures of 32 pixels are regressed, 7 % of the mean variance added to every direction.
    Of the result the leading 256 components are kept.
    """
    rng = np.random.default_rng([seed, 2])
    dim = latents.shape[1]
    kernel = rng.normal(size=(dim, _UNITS))
    kernel /= np.linalg.norm(kernel, axis=0)
    bias = rng.uniform(-_SPREAD, _SPREAD, _UNITS) / np.sqrt(dim)
    expanded = np.maximum(latents @ kernel.astype(np.float32) + bias.astype(np.float32), 0.0)
    small = shrink(pictures, pictures.shape[1] // _SIDE).reshape(len(pictures), -1)
    weights, components = _regressed(expanded, small)
    offset = small.mean(axis=0) - expanded.mean(axis=0) @ weights @ components
    decoder = decoder_network(dim, pictures.shape[1], components=len(components))
    decoder.set_weights([kernel, bias, weights, components, offset])
    return decoder


def _regressed(inputs: Floats, outputs: Floats) -> tuple[Doubles, Doubles]:
    """Weights (in, c) and components (c, out), whose product comes nearest from `inputs` (n, in) to `outputs`
    (n, out), both taken around their means: reduced-rank regression (Izenman 1975).
    """
    centred = inputs - inputs.mean(axis=0)
    covariance = (centred.T @ centred).astype(np.float64)
    within = covariance + _RIDGE * max(covariance.trace() / len(covariance), 1e-9) * np.eye(len(covariance))
    found = np.linalg.solve(within, (centred.T @ (outputs - outputs.mean(axis=0))).astype(np.float64))
    # The components are the leading right singular vectors of what comes out, root · found.
    root = np.linalg.cholesky(within).T @ found
    leading = np.linalg.eigh(root @ root.T)[1][:, : -_COMPONENTS - 1 : -1]
    components = np.linalg.qr(root.T @ leading)[0].T
    return found @ components.T, components
