"""The eight ways to turn and mirror a picture: number n turns it left n % 4 times, mirrored from 4 on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

TURNS = (
    "",
    "turned left",
    "upside down",
    "turned right",
    "mirrored",
    "mirrored, turned left",
    "flipped",
    "mirrored, turned right",
)
"""In words: how a picture becomes the other."""


def turn(squares: Pixels, number: int) -> Pixels:
    """`squares` (..., s, s, 3) turned in the way of this number: mirrored, then rotated to the left.

    Example:
        >>> turn(np.arange(4).reshape(2, 2, 1), 1)[..., 0].tolist()
        [[1, 3], [0, 2]]
    """
    mirrored = squares[..., :, ::-1, :] if number >= 4 else squares
    return np.rot90(mirrored, number % 4, axes=(-3, -2))


def inverse(number: int) -> int:
    """The number of the way back.

    Example:
        >>> inverse(1), inverse(5)
        (3, 5)
    """
    return number if number >= 4 else -number % 4
