"""What fine-tuning makes small: the error of reconstruction, and how far views of one picture are apart."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

_TEMPERATURE = 0.1
_FIXED = (0, 0)


class Agreement:
    """Two random views of each picture: both are to come back, and their codes to be nearer to each other
    than to those of other pictures.

    Views are rectangles of `least_side` to 1 of each side, half of them mirrored if `mirror`. Their agreement
    is the cross-entropy of finding, among the batch, a picture's other view by cosine at a temperature of 0.1
    (NT-Xent of Chen et al., "A Simple Framework for Contrastive Learning", arXiv 2002.05709, without the
    pairs within a side), and counts `weight` times. Measured, not trained, it is the whole picture that is to
    come back, and views are the same each time.
    """

    def __init__(
        self, autoencoder: keras.Model, *, least_side: float, mirror: bool, weight: float, seed: int
    ) -> None:
        """Take the halves of `autoencoder`."""
        self._encoder, self._decoder = (autoencoder.get_layer(name) for name in ("encoder", "decoder"))
        self._least_side, self._mirror, self._weight = least_side, mirror, weight
        self._random = tf.random.Generator.from_seed(seed)

    def __call__(self, clean: Any, corrupted: Any, *, training: bool) -> tuple[Any, Any]:
        """Loss and mean squared error of one batch."""
        numbers = self._numbers(tf.shape(clean)[0], training=training)
        views = [self._view(clean, numbers[side]) for side in (0, 1)]
        given = [self._view(corrupted, numbers[side]) for side in (0, 1)]
        codes = self._encoder(tf.concat(given, 0), training=training)
        first, second = tf.split(tf.math.l2_normalize(codes, axis=-1), 2)
        apart = (_apart(first, second) + _apart(second, first)) / 2
        target, values = tf.concat(views, 0), self._decoder(codes, training=training)
        if not training:
            target, values = clean, self._decoder(self._encoder(corrupted, training=False), training=False)
        mse = tf.reduce_mean(tf.math.squared_difference(target, values))
        return mse + self._weight * apart, mse

    def _numbers(self, count: Any, *, training: bool) -> Any:
        shape = (2, 5, count)
        return self._random.uniform(shape) if training else tf.random.stateless_uniform(shape, _FIXED)

    def _view(self, pictures: Any, numbers: Any) -> Any:
        height, width = (self._least_side + (1 - self._least_side) * numbers[axis] for axis in (0, 1))
        top, left = numbers[2] * (1 - height), numbers[3] * (1 - width)
        # A box from right to left is mirrored.
        swapped = (numbers[4] < 0.5) & self._mirror
        begin, end = tf.where(swapped, left + width, left), tf.where(swapped, left, left + width)
        boxes = tf.stack([top, begin, top + height, end], axis=1)
        return tf.image.crop_and_resize(pictures, boxes, tf.range(tf.shape(pictures)[0]), pictures.shape[1:3])


def _apart(first: Any, second: Any) -> Any:
    cosines = tf.matmul(first, second, transpose_b=True) / _TEMPERATURE
    own = tf.range(tf.shape(first)[0])
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(own, cosines))
