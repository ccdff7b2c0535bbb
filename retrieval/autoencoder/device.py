"""What TensorFlow computes on, and with how many bits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

from .options import Precision

# From compute capability 7.0 on, NVIDIA's GPUs have units for float16; on others, and on processors,
# computing with fewer bits is slower than with 32.
_HALF_PRECISION_UNITS = (7, 0)


def uses_gpu() -> bool:
    """Whether TensorFlow sees a GPU; it is then used."""
    return bool(tf.config.list_physical_devices("GPU"))


@contextmanager
def computing_with(precision: Precision) -> Iterator[str]:
    """Build Keras layers in this block for `precision`; gives the name of the policy."""
    mixed = precision == "mixed" or (precision == "auto" and _halves_are_faster())
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16" if mixed else "float32")
    try:
        yield keras.config.dtype_policy().name
    finally:
        keras.config.set_dtype_policy(before)


def _halves_are_faster() -> bool:
    details = [
        tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")
    ]
    return bool(details) and all(
        tuple(detail.get("compute_capability", (0, 0))) >= _HALF_PRECISION_UNITS for detail in details
    )
