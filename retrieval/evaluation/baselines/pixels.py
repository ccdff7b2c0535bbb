"""The picture itself as a vector: what "search by pixels" means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Distances
from .pictures import Pictures, check_pictures


@dataclass(frozen=True, slots=True)
class FlatPixels:
    """Every pixel of a small version of the picture, one after another, each component from 0 to 255.

    32 × 32 is the size at which pixel neighbours are usually quoted (CIFAR-10). The values are not scaled:
    that changes no order of distances.

    Example:
        >>> FlatPixels(2).encode(np.full((1, 2, 2, 3), 7, dtype=np.uint8)).shape
        (1, 12)
    """

    size: int = 32

    @property
    def dim(self) -> int:
        """Numbers a vector: three for each pixel."""
        return self.size * self.size * 3

    def encode(self, pictures: Pictures) -> Distances:
        """The vectors (n, dim) float32 of `pictures` (n, size, size, 3) uint8.

        Raises:
            ValueError: pictures of another shape or type.
        """
        return check_pictures(pictures, self.size).reshape(-1, self.dim).astype(np.float32)
