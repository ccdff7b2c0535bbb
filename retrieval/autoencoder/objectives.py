"""What training makes small: the error of reconstruction, and the distance between views of one picture."""

from __future__ import annotations

from typing import Any, Protocol

import keras
import tensorflow as tf

from .architectures import Loss
from .networks import unbounded

_TEMPERATURE = 0.1
_MEASURED = (0, 0)


class Objective(Protocol):
    """Gives the loss to make small, and the mean squared error to report, both scalars."""

    def __call__(self, clean: Any, corrupted: Any, *, training: bool, step: Any = 0) -> tuple[Any, Any]:
        """Measure one batch: `clean` and `corrupted` (n, size, size, 3) float32 in [0, 1].

        What is random in the training step of number `step` depends on that alone, so that training can go
        on after an interruption.
        """


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

    def __call__(self, clean: Any, corrupted: Any, *, training: bool, step: Any = 0) -> tuple[Any, Any]:  # noqa: ARG002
        """Loss and mean squared error of one batch."""
        target = clean if self._channels == 3 else tf.reduce_mean(clean, axis=-1, keepdims=True)
        code = self._encoder(corrupted, training=training)
        values = tf.cast(self._decoder(code, training=training), tf.float32)
        loss, mse = _LOSSES[self._loss](target, values)
        if self._sparsity:
            loss += self._sparsity * tf.reduce_mean(tf.abs(code))
        return loss, mse


class Contrastive:
    """Two random views of each picture: both are to come back, and their codes to be nearer to each other
    than to those of other pictures.

    Views are rectangles of `least_side` to 1 of each side, half of them mirrored if `mirror`. To the error of
    reconstruction, `weight` times the contrastive loss is added: the cross-entropy of finding, among the
    batch, a picture's other view by cosine at a temperature of 0.1 (NT-Xent of Chen et al., "A Simple
    Framework for Contrastive Learning", arXiv 2002.05709, without the pairs within a side). When measured,
    not trained, the whole picture is to come back, and views are the same each time.
    """

    def __init__(
        self, autoencoder: keras.Model, *, least_side: float, mirror: bool, weight: float, seed: int
    ) -> None:
        """Take the halves of `autoencoder`."""
        self._encoder, self._decoder = (autoencoder.get_layer(name) for name in ("encoder", "decoder"))
        self._least_side, self._mirror, self._weight, self._seed = least_side, mirror, weight, seed

    def __call__(self, clean: Any, corrupted: Any, *, training: bool, step: Any = 0) -> tuple[Any, Any]:
        """Loss and mean squared error of one batch."""
        key = tf.stack([self._seed, tf.cast(step, tf.int32)]) if training else _MEASURED
        numbers = tf.random.stateless_uniform((2, 5, tf.shape(clean)[0]), key)
        views = [self._view(clean, numbers[side]) for side in (0, 1)]
        given = [self._view(corrupted, numbers[side]) for side in (0, 1)]
        codes = self._encoder(tf.concat(given, 0), training=training)
        first, second = tf.split(tf.math.l2_normalize(codes, axis=-1), 2)
        contrastive = (_finding(first, second) + _finding(second, first)) / 2
        if training:
            target, values = tf.concat(views, 0), self._decoder(codes, training=True)
        else:
            target, values = clean, self._decoder(self._encoder(corrupted, training=False), training=False)
        mse = _mean_square(target - values)
        return mse + self._weight * contrastive, mse

    def _view(self, pictures: Any, numbers: Any) -> Any:
        height, width = (self._least_side + (1 - self._least_side) * numbers[axis] for axis in (0, 1))
        top, left = numbers[2] * (1 - height), numbers[3] * (1 - width)
        # A box from right to left is mirrored.
        swapped = (numbers[4] < 0.5) & self._mirror
        begin, end = tf.where(swapped, left + width, left), tf.where(swapped, left, left + width)
        boxes = tf.stack([top, begin, top + height, end], axis=1)
        return tf.image.crop_and_resize(pictures, boxes, tf.range(tf.shape(pictures)[0]), pictures.shape[1:3])


def _finding(first: Any, second: Any) -> Any:
    """The cross-entropy of finding, for each of `first` (n, dim), its own row among `second`; length 1."""
    cosines = tf.matmul(first, second, transpose_b=True) / _TEMPERATURE
    own = tf.range(tf.shape(first)[0])
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(own, cosines))


def _squared_error(target: Any, values: Any) -> tuple[Any, Any]:
    bounded = tf.clip_by_value(values, 0.0, 1.0)
    return _mean_square(target - values), _mean_square(target - bounded)


def _cross_entropy(target: Any, logits: Any) -> tuple[Any, Any]:
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(target, logits))
    return loss, _mean_square(target - tf.sigmoid(logits))


def _mean_square(values: Any) -> Any:
    return tf.reduce_mean(tf.square(values))


_LOSSES = {"mse": _squared_error, "bce": _cross_entropy}
