"""Exact search, and the distances of all searchers: the one place where they are computed.

A matrix product gives a vector a distance to itself that is not 0, and the same pair of vectors another
distance in another place. Searchers therefore only choose candidates by fast products. The distances of their
answers are computed here, from differences in float64: a pair has the same distance in every structure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, TypeAlias, TypeVar

import numpy as np

from ..checks import Distances, Ids, Metric, Vectors

Answer: TypeAlias = tuple[Distances, Ids]
"""Distances and positions: of one query (k,), of m queries (m, k)."""

# Float64 differences of a block of rows take 32 MB.
_BLOCK_NUMBERS = 1 << 22
# Up to this many numbers to compare, NumPy answers in the time that loading FAISS takes, or less.
_NUMPY_NUMBERS = 4_000_000
# Fetched beyond k, so that rounding in FAISS cannot push a neighbour out.
_SPARE = 16
_FLOAT32_ROUNDING = 2.0**-24

Built = TypeVar("Built", bound="ExactSearcher")


class ExactSearcher:
    """Compares every query with every vector in plain NumPy: what the other searchers are tested against.

    See `Searcher` for the methods.
    """

    derived: ClassVar[bool] = False

    def __init__(self, vectors: Vectors, metric: Metric) -> None:
        """Use `build`."""
        self._vectors = vectors
        self._metric = metric

    @classmethod
    def build(cls: type[Built], vectors: Vectors, metric: Metric) -> Built:
        """Make a searcher over (n, dim) vectors, which are not copied."""
        return cls(vectors, metric)

    @classmethod
    def load(cls: type[Built], path: Path, vectors: Vectors, metric: Metric) -> Built:  # noqa: ARG003
        """The same as `build`: nothing was saved."""
        return cls.build(vectors, metric)

    def search(self, queries: Vectors, k: int) -> Answer:
        """See `Searcher.search`."""
        k = min(k, len(self._vectors))
        answers = (nearest(query, self._vectors, k, self._metric) for query in queries)
        return stack_answers(answers, (len(queries), k))

    def save(self, path: Path) -> None:
        """Nothing is derived, nothing is written."""


class FlatSearcher(ExactSearcher):
    """Finds what `ExactSearcher` finds, to the last bit, but faster: FAISS brute force chooses candidates."""

    def search(self, queries: Vectors, k: int) -> Answer:
        """See `Searcher.search`."""
        if queries.size * len(self._vectors) <= _NUMPY_NUMBERS:
            return super().search(queries, k)
        # Here and not above: loading FAISS takes a good part of the time of a small query.
        import faiss

        k = min(k, len(self._vectors))
        squares, found = faiss.knn(queries, self._vectors, min(k + _SPARE, len(self._vectors)))
        answers = (self._settle(*row, k) for row in zip(queries, squares, found, strict=True))
        return stack_answers(answers, (len(queries), k))

    def _settle(self, query: Vectors, squares: Distances, candidates: Ids, k: int) -> Answer:
        """The exact answer: from the candidates if no other vector can belong to it, else from all."""
        if (candidates >= 0).all():
            distances, positions = nearest_among(query, self._vectors, candidates, k, self._metric)
            everything = len(candidates) == len(self._vectors)
            if everything or squares[-1] > self._farthest_square(query, distances[-1]):
                return distances, positions
        return nearest(query, self._vectors, k, self._metric)

    def _farthest_square(self, query: Vectors, distance: np.float32) -> float:
        """The largest squared distance that FAISS can have computed for a vector within `distance`.

        Rounding in |q|² + |x|² - 2qx grows with the square root of dim (Higham and Mary 2019,
        doi:10.1137/18M1226312) and with the squared lengths, and |x|² <= 2|q|² + 2|q - x|².
        """
        square = 2.0 * float(distance) if self._metric == "cosine" else float(distance) ** 2
        length = float(np.square(query, dtype=np.float64).sum())
        rounding = 8 * _FLOAT32_ROUNDING * math.sqrt(len(query))
        return square + rounding * (3 * length + 2 * square)


def distances_to(query: Vectors, vectors: Vectors, metric: Metric) -> Distances:
    """Distances (n,) float32 from `query` (dim,) to `vectors` (n, dim).

    "l2": Euclidean, not squared. "cosine": 1 - cosine, in [0, 2], for vectors of length 1.

    Example:
        >>> distances_to(np.float32([0, 0]), np.float32([[3, 4]]), "l2").tolist()
        [5.0]
    """
    squares = np.empty(len(vectors))
    step = max(1, _BLOCK_NUMBERS // len(query))
    for start in range(0, len(vectors), step):
        differences = np.subtract(vectors[start : start + step], query, dtype=np.float64)
        np.square(differences, out=differences)
        squares[start : start + step] = differences.sum(axis=1)
    # For vectors of length 1, |q - x|² = 2 - 2 cos.
    distances = np.minimum(squares / 2, 2) if metric == "cosine" else np.sqrt(squares)
    return distances.astype(np.float32)


def first_nearest(distances: Distances, k: int) -> Ids:
    """The `k` smallest of `distances` (n,) as positions in order; of equal distances the first come first.

    Example:
        >>> first_nearest(np.float32([3, 1, 2, 1]), 3).tolist()
        [1, 3, 2]
    """
    if k >= len(distances):
        return np.argsort(distances, kind="stable")
    limit = np.partition(distances, k - 1)[k - 1]
    candidates = np.flatnonzero(distances <= limit)
    return candidates[np.argsort(distances[candidates], kind="stable")[:k]]


def nearest(query: Vectors, vectors: Vectors, k: int, metric: Metric) -> Answer:
    """Distances and positions of the `k` of all `vectors` that are nearest to `query` (dim,)."""
    distances = distances_to(query, vectors, metric)
    positions = first_nearest(distances, k)
    return distances[positions], positions


def nearest_among(query: Vectors, vectors: Vectors, candidates: Ids, k: int, metric: Metric) -> Answer:
    """Distances and positions of the `k` nearest of the `candidates`, which are positions in `vectors`."""
    positions = np.sort(candidates)
    distances, order = nearest(query, vectors[positions], k, metric)
    return distances, positions[order]


def stack_answers(answers: Iterable[Answer], shape: tuple[int, int]) -> Answer:
    """The answers to m queries as two arrays of `shape` (m, k), float32 and int64."""
    distances, positions = np.empty(shape, dtype=np.float32), np.empty(shape, dtype=np.int64)
    for row, answer in enumerate(answers):
        distances[row], positions[row] = answer
    return distances, positions
