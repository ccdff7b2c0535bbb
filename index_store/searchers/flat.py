"""FAISS brute force over the vectors where they lie: as exact as the NumPy search, and quicker."""

from __future__ import annotations

import math
from pathlib import Path
from typing import ClassVar

import numpy as np

from ..choices import Metric
from ..vectors import Distances, Ids, Vectors
from .distances import nearest_among
from .exact import ExactSearcher
from .faiss_library import load_faiss

# Up to this many numbers to compare, NumPy answers in the time that loading FAISS takes, or less.
_NUMPY_NUMBERS = 4_000_000
# Fetched beyond k, so that rounding in FAISS cannot push a neighbour out.
_SPARE = 16
_FLOAT32_ROUNDING = 2.0**-24


class FlatSearcher:
    """Finds what `ExactSearcher` finds, to the last bit; see `Searcher`."""

    derived: ClassVar[bool] = False

    def __init__(self, vectors: Vectors, metric: Metric) -> None:
        """Use `build`."""
        self._vectors = vectors
        self._metric = metric
        self._exact = ExactSearcher.build(vectors, metric)

    @classmethod
    def build(cls, vectors: Vectors, metric: Metric) -> FlatSearcher:
        """Make a searcher over (n, dim) vectors, which are not copied."""
        return cls(vectors, metric)

    @classmethod
    def load(cls, path: Path, vectors: Vectors, metric: Metric) -> FlatSearcher:  # noqa: ARG003
        """The same as `build`: nothing was saved."""
        return cls.build(vectors, metric)

    def search(self, queries: Vectors, k: int) -> tuple[Distances, Ids]:
        """See `Searcher.search`."""
        if queries.size * len(self._vectors) <= _NUMPY_NUMBERS:
            return self._exact.search(queries, k)
        k = min(k, len(self._vectors))
        fetched = min(k + _SPARE, len(self._vectors))
        squares, candidates = load_faiss().knn(queries, self._vectors, fetched)
        distances = np.empty((len(queries), k), dtype=np.float32)
        positions = np.empty((len(queries), k), dtype=np.int64)
        for row, query in enumerate(queries):
            distances[row], positions[row] = self._settle(query, squares[row], candidates[row], k)
        return distances, positions

    def save(self, path: Path) -> None:
        """Nothing is derived, nothing is written."""

    def _settle(self, query: Vectors, squares: Distances, candidates: Ids, k: int) -> tuple[Distances, Ids]:
        """The exact answer: from the candidates if no other vector can belong to it, else from all."""
        if (candidates >= 0).all():
            distances, positions = nearest_among(query, self._vectors, candidates, k, self._metric)
            everything = len(candidates) == len(self._vectors)
            if everything or squares[-1] > self._farthest_square(query, distances[-1]):
                return distances, positions
        distances, positions = self._exact.search(query[None], k)
        return distances[0], positions[0]

    def _farthest_square(self, query: Vectors, distance: np.float32) -> float:
        """The largest squared distance that FAISS can have computed for a vector within `distance`.

        Rounding in |q|² + |x|² - 2qx grows with the square root of dim (Higham and Mary 2019,
        doi:10.1137/18M1226312) and with the squared lengths, and |x|² <= 2|q|² + 2|q - x|².
        """
        square = 2.0 * float(distance) if self._metric == "cosine" else float(distance) ** 2
        length = float(np.square(query, dtype=np.float64).sum())
        rounding = 8 * _FLOAT32_ROUNDING * math.sqrt(len(query))
        return square + rounding * (3 * length + 2 * square)
