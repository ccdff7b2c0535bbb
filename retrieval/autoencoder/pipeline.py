"""From decoded pictures to batches for training: shuffled, scaled, corrupted, each epoch afresh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from .corruption import Corruption

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Pipeline:
    """Batches of (clean, corrupted) pictures, both (n, size, size, 3) float32 in [0, 1].

    `pixels` (n, size, size, 3) uint8 may be a memory-mapped file: only the pictures of a few batches are in
    memory at a time. Everything random is drawn from `seed` and the number of the epoch, so that an epoch
    repeated after an interruption is the same epoch.
    """

    pixels: Pixels
    corruption: Corruption
    batch_size: int
    seed: int

    def epoch(self, number: int, rows: NDArray[np.int64], *, shuffled: bool = True) -> tf.data.Dataset:
        """The batches of the pictures in `rows`; epoch `number` decides order and corruption."""
        order = np.random.default_rng([self.seed, number]).permutation(rows) if shuffled else rows
        batches = tf.data.Dataset.from_tensor_slices(order).batch(self.batch_size).enumerate()
        workers = tf.data.AUTOTUNE
        loaded = batches.map(self._load, num_parallel_calls=workers, deterministic=True)

        def with_corruption(batch: Any, clean: Any) -> Any:
            values = tf.cast(clean, tf.float32) / 255.0
            return values, corrupt(values, self.corruption, tf.stack([self.seed, (number << 32) + batch]))

        return loaded.map(with_corruption, num_parallel_calls=workers, deterministic=True).prefetch(workers)

    def _load(self, batch: Any, rows: Any) -> Any:
        pictures = tf.numpy_function(self._take, [rows], tf.uint8, stateful=False)
        return batch, tf.ensure_shape(pictures, (None, *self.pixels.shape[1:]))

    def _take(self, rows: NDArray[np.int64]) -> Pixels:
        taken: Pixels = self.pixels[rows]
        return taken


def corrupt(pictures: Any, corruption: Corruption, key: Any) -> Any:
    """`pictures` (n, height, width, 3) float32 in [0, 1], corrupted; `key` is two int64 numbers.

    The same in TensorFlow as `Corruption.apply` in NumPy, drawn from other random numbers.
    """
    noisy = _noisy(pictures, corruption, key) if corruption.noise else pictures
    return (
        _occluded(noisy, corruption.occlude, tf.random.experimental.stateless_fold_in(key, 1))
        if corruption.occlude
        else noisy
    )


def _noisy(pictures: Any, corruption: Corruption, key: Any) -> Any:
    shape = tf.shape(pictures)
    channels = 1 if corruption.grey else shape[3]
    noise = tf.random.stateless_normal([shape[0], shape[1], shape[2], channels], key)
    return tf.clip_by_value(pictures + corruption.noise * noise, 0.0, 1.0)


def _occluded(pictures: Any, share: float, key: Any) -> Any:
    shape = tf.cast(tf.shape(pictures), tf.float32)
    count, height, width = shape[0], shape[1], shape[2]
    longest = min(1.0, (2 * share) ** 0.5)
    random = tf.random.stateless_uniform([3, tf.cast(count, tf.int32)], key)
    tall = tf.maximum(1.0, tf.round(height * (share / longest + (longest - share / longest) * random[0])))
    wide = tf.minimum(width, tf.round(width * height * share / tall))
    top = tf.floor(random[1] * (height - tall + 1))
    left = tf.floor(random[2] * (width - wide + 1))
    rows = _within(tf.range(height), top, tall)[:, :, None]
    columns = _within(tf.range(width), left, wide)[:, None, :]
    covered = tf.logical_and(rows, columns)[..., None]
    return tf.where(covered, 0.0, pictures)


def _within(positions: Any, start: Any, length: Any) -> Any:
    return (positions >= start[:, None]) & (positions < (start + length)[:, None])
