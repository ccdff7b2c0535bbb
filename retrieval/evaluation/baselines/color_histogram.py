"""How much of each colour is in the picture, wherever it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Distances
from .pictures import Pictures, check_pictures

LEVELS = 4


@dataclass(frozen=True, slots=True)
class ColorHistogram:
    """Square roots of the shares of 4 × 4 × 4 = 64 RGB colours.

    The Euclidean distance between such roots is the Hellinger distance of the histograms (times √2).
    Source: Swain and Ballard, *Color indexing* (1991); the square root: Arandjelović and Zisserman, *Three
    things everyone should know to improve object retrieval* (2012).

    Example: half black, half white.
        >>> picture = np.zeros((1, 2, 2, 3), dtype=np.uint8)
        >>> picture[0, 0] = 255
        >>> vector = ColorHistogram(2).encode(picture)[0]
        >>> (vector[[0, 63]] ** 2).round(6).tolist()
        [0.5, 0.5]
    """

    size: int = 64

    @property
    def dim(self) -> int:
        """Numbers a vector."""
        return LEVELS**3

    def encode(self, pictures: Pictures) -> Distances:
        """The vectors (n, 64) float32 of `pictures` (n, size, size, 3) uint8.

        Raises:
            ValueError: pictures of another shape or type.
        """
        pixels = check_pictures(pictures, self.size).reshape(len(pictures), self.size * self.size, 3)
        levels = pixels // (256 // LEVELS)
        colors = (levels[:, :, 0] * LEVELS + levels[:, :, 1]) * LEVELS + levels[:, :, 2]
        counts = [np.bincount(picture, minlength=self.dim) for picture in colors]
        shares = np.array(counts, dtype=np.float64).reshape(-1, self.dim) / (self.size * self.size)
        return np.sqrt(shares).astype(np.float32)
