"""Principal components: of pixels, as a yardstick for latents, and of codes, as ways through them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

_EMPTY = 1e-10  # of the largest variance: what rounding leaves of a direction in which nothing varies


@dataclass(frozen=True, slots=True, eq=False)
class PCA:
    """The `mean` (length,) of rows, the `directions` (dim, length) in which they vary most, largest first,
    and their standard `deviations` (dim,) along these. All float64.

    Source: Turk and Pentland, *Eigenfaces for recognition* (1991).
    """

    mean: Doubles
    directions: Doubles
    deviations: Doubles

    @classmethod
    def fit(cls, rows: NDArray[Any], dim: int) -> PCA:
        """The `dim` leading components of `rows` (n, length); the same rows always give the same components.

        Fewer than `dim` where the rows vary in fewer directions, but never fewer than one.

        Raises:
            ValueError: no rows, not 2-D, or `dim` below 1.

        Example:
            >>> PCA.fit(np.array([[0, 0], [2, 0], [4, 0]]), 2).directions.round(3).tolist()
            [[1.0, 0.0]]
        """
        if rows.ndim != 2 or 0 in rows.shape or dim < 1:
            raise ValueError(f"got rows of shape {rows.shape} and dim {dim}, expected at least 1 of each")
        mean = rows.mean(axis=0, dtype=np.float64)
        sums, directions = _leading(rows - mean, dim)
        # An eigenvector is as good as its negative; the largest component decides, so that a run repeats.
        signs = np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)])
        return cls(mean, directions * signs[:, None], np.sqrt(sums / max(1, len(rows) - 1)))

    def transform(self, rows: NDArray[Any]) -> Doubles:
        """The components (n, dim) of `rows` (n, length)."""
        components: Doubles = (rows - self.mean) @ self.directions.T
        return components

    def reconstruct(self, rows: NDArray[Any]) -> Doubles:
        """`rows` (n, length) from nothing but their components."""
        rebuilt: Doubles = self.mean + self.transform(rows) @ self.directions
        return rebuilt


def _leading(centred: Doubles, dim: int) -> tuple[Doubles, Doubles]:
    """Sums of squares (k,) of `centred` rows along their leading directions (k, length), largest first."""
    from scipy.linalg import eigh  # takes a third of a second to load

    # Whichever is smaller of the covariance (components squared) and the Gram matrix (rows squared).
    wide = centred.shape[0] < centred.shape[1]
    products = centred @ centred.T if wide else centred.T @ centred
    last = len(products) - 1
    sums, vectors = eigh(products, subset_by_index=[max(0, last - dim + 1), last])
    kept = sums > max(float(sums[-1]) * _EMPTY, 0.0)
    if not kept.any():
        return np.zeros(1), np.eye(1, centred.shape[1])
    leading = vectors[:, kept][:, ::-1]
    directions = centred.T @ leading if wide else leading
    directions /= np.linalg.norm(directions, axis=0)
    return sums[kept][::-1], np.ascontiguousarray(directions.T)
