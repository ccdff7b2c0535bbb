"""Principal components: of pictures, as an autoencoder's yardstick, and of codes, as ways through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Principal:
    """The `mean` (length,) of rows, their leading `directions` (dims, length), and the `deviations` (dims,)
    of the rows along these.
    """

    mean: Floats
    directions: Floats
    deviations: Floats

    @classmethod
    def fit(cls, rows: Floats, dims: int) -> Principal:
        """The `dims` leading components of `rows` (n, length), as many as there are at most: n - 1, length.

        Example:
            >>> rows = np.array([[0, 0], [2, 0], [4, 0]], dtype=np.float32)
            >>> Principal.fit(rows, 1).directions.round(3).tolist()
            [[1.0, 0.0]]
        """
        mean = rows.mean(axis=0)
        centered = (rows - mean).astype(np.float64)
        kept = max(1, min(dims, len(rows) - 1, rows.shape[1]))
        variances, directions = _leading(centered, kept)
        # The sign of a component is arbitrary: fixed, so that the same rows always give the same pictures.
        signs = np.sign(directions[np.arange(kept), np.abs(directions).argmax(axis=1)])
        deviations = np.sqrt(variances / max(1, len(rows) - 1))
        return cls(mean, (directions * signs[:, None]).astype(np.float32), deviations.astype(np.float32))

    def rebuild(self, rows: Floats) -> Floats:
        """`rows` (n, length) from nothing but their components."""
        rebuilt: Floats = self.mean + (rows - self.mean) @ self.directions.T @ self.directions
        return rebuilt


def _leading(rows: NDArray[np.float64], kept: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums of squares (kept,) along the leading directions (kept, length) of centered `rows`, largest first.

    Solved in the smaller of the two ways: over numbers, or over rows.
    """
    count, length = rows.shape
    wide = length > count
    matrix = rows @ rows.T if wide else rows.T @ rows
    values, vectors = eigh(matrix, subset_by_index=(len(matrix) - kept, len(matrix) - 1))
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    if wide:
        vectors = rows.T @ vectors / np.sqrt(np.maximum(values, 1e-12))
    return values, vectors.T
