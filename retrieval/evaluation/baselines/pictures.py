"""The one check of what a baseline is given."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pictures: TypeAlias = NDArray[np.uint8]


def check_pictures(pictures: Pictures, size: int) -> Pictures:
    """`pictures` if they are (n, size, size, 3) uint8.

    Raises:
        ValueError: pictures of another shape or type.

    Example:
        >>> check_pictures(np.zeros((1, 2, 2, 3), dtype=np.uint8), 2).shape
        (1, 2, 2, 3)
    """
    if pictures.ndim != 4 or pictures.shape[1:] != (size, size, 3) or pictures.dtype != np.uint8:
        raise ValueError(
            f"pictures are {pictures.shape} {pictures.dtype}, expected (n, {size}, {size}, 3) uint8: "
            f"load them with retrieval.images.load(source, {size})"
        )
    return pictures
