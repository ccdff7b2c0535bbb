"""Baselines that a latent search has to beat: encoders that learn nothing, or only a rotation of the pixels.

Each has `size`, `dim` and `encode` to the letter as the running encoder has them. A new one is a class here
and a line in `BASELINES`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..pca import PCA
from .arrays import Bools, Distances
from .measures import DistanceMetric

Pictures: TypeAlias = NDArray[np.uint8]

BLOCK_PICTURES = 4096
LEVELS = 4
_FLOAT_BYTES = 4
_GREY = np.array([0.299, 0.587, 0.114])
_SIDE = 8


class PixelEncoder(ABC):
    """An encoder that computes vectors from pixels directly. It takes squares of `size` pixels a side."""

    __slots__ = ()
    size: int

    @property
    @abstractmethod
    def dim(self) -> int:
        """Numbers a vector."""

    def encode(self, pictures: Pictures) -> Distances:
        """The vectors (n, dim) float32 of `pictures` (n, size, size, 3) uint8.

        Raises:
            ValueError: pictures of another shape or type.
        """
        return self._vectors(check_pictures(pictures, self.size)).astype(np.float32, copy=False)

    @abstractmethod
    def _vectors(self, pictures: Pictures) -> NDArray[np.generic]:
        """The vectors (n, dim) of pictures that are checked."""


@dataclass(frozen=True, slots=True)
class FlatPixels(PixelEncoder):
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

    def _vectors(self, pictures: Pictures) -> Pictures:
        return pictures.reshape(-1, self.dim)


@dataclass(frozen=True, slots=True)
class ColorHistogram(PixelEncoder):
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
        """Numbers a vector: one for each colour."""
        return LEVELS**3

    def _vectors(self, pictures: Pictures) -> NDArray[np.float64]:
        levels = pictures.reshape(-1, self.size * self.size, 3) // (256 // LEVELS)
        colors = (levels[:, :, 0] * LEVELS + levels[:, :, 1]) * LEVELS + levels[:, :, 2]
        counts = [np.bincount(picture, minlength=self.dim) for picture in colors]
        shares = np.array(counts, dtype=np.float64).reshape(-1, self.dim) / (self.size * self.size)
        return np.sqrt(shares)


@dataclass(frozen=True, slots=True)
class PerceptualHash(PixelEncoder):
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

    def _vectors(self, pictures: Pictures) -> Bools:
        from scipy.fft import dctn  # SciPy is not loaded before it is needed

        frequencies = dctn(pictures @ _GREY, axes=(1, 2))[:, :_SIDE, :_SIDE].reshape(-1, self.dim)
        # Rounded, so that frequencies that are absent are 0 and not noise of either sign.
        lowest = np.round(frequencies, 6)
        above: Bools = lowest > np.median(lowest, axis=1, keepdims=True)
        return above


@dataclass(frozen=True, slots=True, eq=False)
class PrincipalComponents(PixelEncoder):
    """Pixels minus their mean, turned onto the directions in which the fitted pictures vary most.

    Source: Turk and Pentland, *Eigenfaces for recognition* (1991).
    """

    size: int
    pca: PCA

    @classmethod
    def fit(cls, pictures: Pictures, dim: int) -> PrincipalComponents:
        """Fit to `pictures` (n, size, size, 3) uint8; the same pictures always give the same directions.

        With fewer than `dim` + 1 different pictures there are fewer directions in which they vary: `dim`
        is then lower than asked for, but never below 1.

        Raises:
            ValueError: no pictures, of another shape or type, or `dim` below 1.

        Example: pictures that differ in brightness only vary in one direction.
            >>> grey = np.arange(4, dtype=np.uint8)[:, None, None, None].repeat(12, 3).reshape(4, 2, 2, 3)
            >>> PrincipalComponents.fit(grey, 8).dim
            1
        """
        size = pictures.shape[1] if pictures.ndim == 4 else 0
        checked = check_pictures(pictures, size)
        if not len(checked) or dim < 1:
            raise ValueError(f"got {len(checked)} pictures and dim {dim}, expected at least 1 of each")
        return cls(size, PCA.fit(checked.reshape(len(checked), -1), dim))

    @property
    def dim(self) -> int:
        """Numbers a vector: one for each direction."""
        return len(self.pca.directions)

    def _vectors(self, pictures: Pictures) -> Distances:
        rows = pictures.reshape(-1, len(self.pca.mean))
        vectors = np.empty((len(rows), self.dim), dtype=np.float32)
        for start in range(0, len(rows), BLOCK_PICTURES):  # in double precision, eight times the pixels
            part = slice(start, start + BLOCK_PICTURES)
            vectors[part] = self.pca.transform(rows[part])
        return vectors


class Baseline(NamedTuple):
    """A search by an encoder that needs no fitting.

    `name` is its key in the report, `title` what people read. `bytes_per_image` is what an index of such
    vectors takes. `whole_numbers`: components are whole numbers from 0 to 255, so that a byte keeps them.
    """

    name: str
    title: str
    encoder: PixelEncoder
    metric: DistanceMetric
    bytes_per_image: int
    whole_numbers: bool = False


_PIXELS = FlatPixels()

BASELINES = (
    # The three searches by pixels share one encoder, and so their vectors.
    Baseline("pixel", "pixels, L2", _PIXELS, "l2", _PIXELS.dim, whole_numbers=True),
    Baseline("pixel_l1", "pixels, L1", _PIXELS, "l1", _PIXELS.dim, whole_numbers=True),
    Baseline("pixel_cosine", "pixels, cosine", _PIXELS, "cosine", _PIXELS.dim, whole_numbers=True),
    Baseline("color_histogram", "colour histogram", ColorHistogram(), "l2", 64 * _FLOAT_BYTES),
    Baseline("phash", "perceptual hash", PerceptualHash(), "l1", 8, whole_numbers=True),
)


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
