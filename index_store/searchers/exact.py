"""Exact search: every query is compared with every vector."""

from __future__ import annotations

import math
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..checks import Distances, Ids, Metric, Vectors
from .distances import Answer, nearest, nearest_among, stack_answers
from .masks import Mask
from .products import nearest_by_products, squared_lengths

# Fetched beyond k, so that rounding in products cannot push a neighbour out.
_SPARE = 16
_FLOAT32_ROUNDING = 2.0**-24
# Beyond this, squares are too large for float32, and products say nothing.
_LARGEST_SQUARE = 1e37


class ExactSearcher:
    """Compares every query with every vector by differences: what the other searchers are tested against.

    See `Searcher` for the methods.
    """

    derived: ClassVar[bool] = False
    name: ClassVar[str] = "exact"

    def __init__(self, vectors: Vectors, metric: Metric, reason: str = "") -> None:
        """Search (n, dim) vectors, which are not copied."""
        self._vectors = vectors
        self._metric = metric
        self.reason = reason

    def search(self, queries: Vectors, k: int, among: NDArray[np.bool_] | None = None) -> Answer:
        """See `Searcher.search`."""
        mask = Mask.of(among)
        if mask is not None:
            return search_few(self._among(mask.positions), mask.positions, queries, k)
        k = min(k, len(self._vectors))
        answers = (nearest(query, self._vectors, k, self._metric) for query in queries)
        return stack_answers(answers, (len(queries), k))

    def save(self, path: Path) -> None:
        """Nothing is derived, nothing is written."""

    def _among(self, positions: Ids) -> ExactSearcher:
        return type(self)(self._vectors[positions], self._metric)


class FlatSearcher(ExactSearcher):
    """Finds what `ExactSearcher` finds, to the last bit, but faster: products choose the candidates."""

    name: ClassVar[str] = "flat"
    _asked = False
    _squares: Distances | None = None

    def search(self, queries: Vectors, k: int, among: NDArray[np.bool_] | None = None) -> Answer:
        """See `Searcher.search`."""
        mask = Mask.of(among)
        if mask is not None and mask.few:
            return search_few(self._among(mask.positions), mask.positions, queries, k)
        total = len(self._vectors) if mask is None else mask.count
        k = min(k, total)
        count, squares = min(k + _SPARE, total), self._known_squares()
        limits, candidates = nearest_by_products(queries, self._vectors, count, mask, squares)
        distances, positions = nearest_among(queries, self._vectors, candidates, k, self._metric)
        missing = (candidates < 0).any(axis=1)
        if k and (missing.any() or candidates.shape[1] < total):
            doubtful = np.flatnonzero(missing | ~(limits > self._farthest(queries, distances[:, -1])))
            if len(doubtful):
                exact = ExactSearcher(self._vectors, self._metric).search(queries[doubtful], k, among)
                distances[doubtful], positions[doubtful] = exact
        return distances, positions

    def _known_squares(self) -> Distances | None:
        """Computed once, but not by who asks only once."""
        if self._squares is None and self._asked:
            self._squares = squared_lengths(self._vectors)
        self._asked = True
        return self._squares

    def _farthest(self, queries: Vectors, distances: Distances) -> NDArray[np.float64]:
        """The largest |x|² - 2qx (m,) that products can have computed for a vector within `distances` (m,).

        Rounding in |x|² - 2qx grows with the square root of dim (Higham and Mary 2019,
        doi:10.1137/18M1226312) and with the squared lengths, and |x|² <= 2|q|² + 2|q - x|².
        """
        lengths = np.square(queries, dtype=np.float64).sum(axis=1)
        reached = distances.astype(np.float64)
        squares = 2 * reached if self._metric == "cosine" else reached**2
        rounding = 8 * _FLOAT32_ROUNDING * math.sqrt(queries.shape[1])
        farthest = squares - lengths + rounding * (3 * lengths + 2 * squares)
        return np.where(lengths < _LARGEST_SQUARE, farthest, np.inf)


def search_few(searcher: ExactSearcher, positions: Ids, queries: Vectors, k: int) -> Answer:
    """What a searcher over some of the vectors finds, at their `positions` among all."""
    distances, found = searcher.search(queries, k)
    return distances, positions[found]
