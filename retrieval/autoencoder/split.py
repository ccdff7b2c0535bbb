"""Which pictures are trained on, and which are held back to measure on. No TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Rows of the pictures: `training` and `validation`, sorted, together all of them."""

    training: NDArray[np.int64]
    validation: NDArray[np.int64]


def split(count: int, share: float, *, seed: int) -> Split:
    """Hold back `share` of `count` pictures, drawn by `seed`: at least one if any, never all.

    Example:
        >>> parts = split(10, 0.1, seed=0)
        >>> len(parts.training), len(parts.validation)
        (9, 1)
    """
    held_back = min(count - 1, max(1, round(count * share))) if share > 0 else 0
    order = np.random.default_rng(seed).permutation(count)
    return Split(np.sort(order[held_back:]), np.sort(order[:held_back]))
