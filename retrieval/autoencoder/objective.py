"""What training makes small: the error of reconstruction, and the size of the code if asked."""

from __future__ import annotations

from typing import Any, Protocol

import keras
import tensorflow as tf

from .architectures import Loss
from .networks import unbounded


class Objective(Protocol):
    """Gives the loss to descend, and the mean squared error to report, both scalars."""

    def __call__(self, clean: Any, corrupted: Any, *, training: bool) -> tuple[Any, Any]:
        """Measure one batch: `clean` and `corrupted` (n, size, size, 3) float32 in [0, 1]."""


class Reconstruction:
    """The picture that comes back from a corrupted one, against the clean one.

    `loss` is the mean squared error, or the mean cross-entropy of each value, computed from what the
    decoder's sigmoid is applied to. `sparsity` times the mean absolute value of the code is added.
    """

    def __init__(self, autoencoder: keras.Model, loss: Loss, *, sparsity: float = 0.0) -> None:
        """Take the halves of `autoencoder`, which `networks.build` made."""
        self._encoder = autoencoder.get_layer("encoder")
        self._decoder = unbounded(autoencoder.get_layer("decoder"))
        self._channels = self._decoder.output_shape[-1]
        self._loss, self._sparsity = loss, sparsity

    def __call__(self, clean: Any, corrupted: Any, *, training: bool) -> tuple[Any, Any]:
        """Loss and mean squared error of one batch."""
        target = clean if self._channels == 3 else tf.reduce_mean(clean, axis=-1, keepdims=True)
        code = self._encoder(corrupted, training=training)
        values = tf.cast(self._decoder(code, training=training), tf.float32)
        loss, mse = _LOSSES[self._loss](target, values)
        if self._sparsity:
            loss += self._sparsity * tf.reduce_mean(tf.abs(code))
        return loss, mse


def _squared_error(target: Any, values: Any) -> tuple[Any, Any]:
    bounded = tf.clip_by_value(values, 0.0, 1.0)
    return _mean_square(target - values), _mean_square(target - bounded)


def _cross_entropy(target: Any, logits: Any) -> tuple[Any, Any]:
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(target, logits))
    return loss, _mean_square(target - tf.sigmoid(logits))


def _mean_square(values: Any) -> Any:
    return tf.reduce_mean(tf.square(values))


_LOSSES = {"mse": _squared_error, "bce": _cross_entropy}
