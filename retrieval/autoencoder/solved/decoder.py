"""The decoder of the solved encoder: trained on its latent vectors, for a fixed number of steps."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from ...progress import Step
from .pictures import Floats, Pixels

STEPS = 600
_BATCH = 32
_FILTERS = (128, 64, 48, 32)


def decoder_network(dim: int, size: int) -> keras.Model:
    """Latent vectors (dim,) to pictures (size, size, 3) in [0, 1]: dense to 4×4, then doubled and doubled."""
    latents = keras.Input((dim,), name="latents")
    x = layers.Dense(4 * 4 * _FILTERS[0], activation="relu", name="expand")(latents)
    x = layers.Reshape((4, 4, _FILTERS[0]), name="map_4")(x)
    side = 8
    for filters in _FILTERS[1:]:
        if side < size:
            x = _doubled(filters, "relu", name=f"map_{side}")(x)
            side *= 2
    return keras.Model(latents, _doubled(3, "sigmoid", name="picture")(x), name="decoder")


def _doubled(filters: int, activation: str, *, name: str) -> layers.Layer:
    return layers.Conv2DTranspose(filters, 4, 2, padding="same", activation=activation, name=name)


def train_decoder(latents: Floats, pictures: Pixels, *, seed: int, step: Step) -> keras.Model:
    """The decoder of least squared error on `latents` (n, dim) of `pictures` (n, S, S, 3), as far as it gets.

    `STEPS` batches whatever n, drawn with replacement, so that its time does not depend on n.
    """
    keras.utils.set_random_seed(seed)
    decoder = decoder_network(latents.shape[1], pictures.shape[1])
    schedule = keras.optimizers.schedules.CosineDecay(2e-3, STEPS)
    decoder.compile(optimizer=keras.optimizers.Adam(schedule), loss="mse")
    rng = np.random.default_rng([seed, 2])
    for _ in range(STEPS):
        batch = rng.integers(len(latents), size=_BATCH)
        loss = decoder.train_on_batch(latents[batch], pictures[batch].astype(np.float32) / np.float32(255))
        step.advance()
        step.note(f"loss {float(loss):.4f}")
    return decoder
