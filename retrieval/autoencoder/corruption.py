"""What a denoising autoencoder has to undo: Gaussian noise, and a rectangle that covers. No TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Corruption:
    """`noise` is the standard deviation of Gaussian noise on values of 0 to 1, clipped there afterwards;
    `occlude` the share of the picture that a black rectangle somewhere in it covers, below 1.

    With `grey`, the three channels get the same noise, so that a grey picture stays one.
    """

    noise: float = 0.0
    occlude: float = 0.0
    grey: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to undo."""
        return self.noise > 0 or self.occlude > 0

    def apply(self, pictures: Pixels, *, seed: int | Sequence[int] = 0) -> Pixels:
        """Corrupted copies of `pictures` (n, height, width, 3) uint8; the same seed corrupts the same way.

        Example: half of a white picture is covered, to the nearest pixel.
            >>> white = np.full((1, 64, 64, 3), 255, dtype=np.uint8)
            >>> round(float((Corruption(occlude=0.5).apply(white) == 0).mean()), 2)
            0.5
        """
        random = np.random.default_rng(seed)
        values = np.empty_like(pictures)
        for row, picture in enumerate(pictures):
            values[row] = self._noisy(picture, random)
            if self.occlude > 0:
                top, left, height, width = self._rectangle(picture.shape[0], picture.shape[1], random)
                values[row, top : top + height, left : left + width] = 0
        return values

    def _noisy(self, picture: Pixels, random: np.random.Generator) -> Pixels:
        if self.noise == 0:
            return picture
        shape = (*picture.shape[:2], 1 if self.grey else picture.shape[2])
        noise = random.standard_normal(shape, dtype=np.float32) * np.float32(255 * self.noise)
        noisy: Pixels = np.rint(np.clip(picture + noise, 0, 255)).astype(np.uint8)
        return noisy

    def _rectangle(self, height: int, width: int, random: np.random.Generator) -> tuple[int, int, int, int]:
        """Top, left, height, width in pixels: an area of `occlude`, its sides in a ratio of 1:2 to 2:1."""
        # Wider than the picture is cut off here, and what is missing added to the other side.
        longest = min(1.0, (2 * self.occlude) ** 0.5)
        share = random.uniform(self.occlude / longest, longest)
        tall = max(1, round(height * share))
        wide = min(width, round(width * height * self.occlude / tall))
        return (
            int(random.integers(height - tall + 1)),
            int(random.integers(width - wide + 1)),
            tall,
            wide,
        )
