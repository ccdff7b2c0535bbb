"""Principal components of the pixels: the best linear code of a picture, without labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Distances, Floats
from .pictures import Pictures, check_pictures

BLOCK_PICTURES = 4096


@dataclass(frozen=True, slots=True, eq=False)
class PrincipalComponents:
    """Pixels minus their mean, turned onto the `dim` directions in which the fitted pictures vary most.

    `mean (size·size·3,)` and `directions (size·size·3, dim)` are float64. Source: Turk and Pentland,
    *Eigenfaces for recognition* (1991).
    """

    size: int
    mean: Floats
    directions: Floats

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
        rows = check_pictures(pictures, size).reshape(len(pictures), size * size * 3).astype(np.float64)
        if not len(rows) or dim < 1:
            raise ValueError(f"got {len(rows)} pictures and dim {dim}, expected at least 1 of each")
        mean = rows.mean(axis=0)
        return cls(size, mean, _leading_directions(rows - mean, dim))

    @property
    def dim(self) -> int:
        """Numbers a vector."""
        return int(self.directions.shape[1])

    def encode(self, pictures: Pictures) -> Distances:
        """The vectors (n, dim) float32 of `pictures` (n, size, size, 3) uint8.

        Raises:
            ValueError: pictures of another shape or type.
        """
        rows = check_pictures(pictures, self.size).reshape(len(pictures), len(self.mean))
        vectors = np.empty((len(rows), self.dim), dtype=np.float32)
        for start in range(0, len(rows), BLOCK_PICTURES):
            part = slice(start, start + BLOCK_PICTURES)
            vectors[part] = (rows[part] - self.mean) @ self.directions
        return vectors


def _leading_directions(centred: Floats, dim: int) -> Floats:
    # Whichever is smaller of the covariance (components squared) and the Gram matrix (pictures squared).
    from scipy.linalg import eigh

    wide = centred.shape[0] < centred.shape[1]
    products = centred @ centred.T if wide else centred.T @ centred
    last = len(products) - 1
    values, vectors = eigh(products, subset_by_index=[max(0, last - dim + 1), last])
    kept = values > max(float(values[-1]) * 1e-10, 0.0)
    if not kept.any():
        return np.eye(centred.shape[1], 1)
    leading = vectors[:, kept][:, ::-1]
    directions = centred.T @ leading if wide else leading
    directions /= np.linalg.norm(directions, axis=0)
    # An eigenvector is as good as its negative; the largest component decides, so that a run repeats.
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])])
    return np.ascontiguousarray(directions * signs)
