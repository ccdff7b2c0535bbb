"""The coarse light and dark of a picture in 64 bits: what duplicate finders use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Bools, Distances, Floats
from .pictures import Pictures, check_pictures

_GREY = np.array([0.299, 0.587, 0.114])
_SIDE = 8


@dataclass(frozen=True, slots=True)
class PerceptualHash:
    """For each of the 8 × 8 lowest frequencies of the grey picture, whether it is above their median.

    The bits come as 0.0 and 1.0, so that the sum of absolute differences is the Hamming distance. Source:
    Zauner, *Implementation and benchmarking of perceptual image hash functions* (2010); as in pHash and
    ImageHash, the discrete cosine transform of 32 × 32 pixels is used.

    Example:
        >>> bits = PerceptualHash().encode(np.zeros((1, 32, 32, 3), dtype=np.uint8))
        >>> bits.shape, sorted(set(bits[0].tolist()))
        ((1, 64), [0.0])
    """

    size: int = 32

    @property
    def dim(self) -> int:
        """Bits a hash."""
        return _SIDE * _SIDE

    def encode(self, pictures: Pictures) -> Distances:
        """The bits (n, 64) float32 of `pictures` (n, size, size, 3) uint8.

        Raises:
            ValueError: pictures of another shape or type.
        """
        grey = check_pictures(pictures, self.size) @ _GREY
        waves = _cosine_waves(self.size)
        # Rounded, so that frequencies that are absent are 0 and not noise of either sign.
        lowest = np.round(waves @ grey @ waves.T, 6).reshape(-1, self.dim)
        above: Bools = lowest > np.median(lowest, axis=1, keepdims=True)
        return above.astype(np.float32)


def _cosine_waves(size: int) -> Floats:
    """The lowest rows (8, size) of the discrete cosine transform (type II)."""
    frequencies, places = np.arange(_SIDE)[:, None], np.arange(size)[None]
    waves: Floats = np.cos(np.pi * frequencies * (2 * places + 1) / (2 * size))
    return waves
