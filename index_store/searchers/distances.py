"""The distances of all searchers, and their order: the one place where they are computed.

A matrix product gives a vector a distance to itself that is not 0, and the same pair of vectors another
distance in another place. Searchers therefore only choose candidates by fast products or by codes. The
distances of their answers are computed here, from differences in float64: a pair has the same distance in
every structure.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..checks import Distances, Ids, Metric, Vectors
from ..threads import by_rows

Answer: TypeAlias = tuple[Distances, Ids]
"""Distances and positions: of one query (k,), of m queries (m, k)."""

# Float64 differences of a block of pairs take 2 MB: they stay in the processor's cache.
_BLOCK_NUMBERS = 1 << 18

NOTHING = -1
"""Where a candidate is missing, as FAISS writes it."""


def distances_to(query: Vectors, vectors: Vectors, metric: Metric) -> Distances:
    """Distances (n,) float32 from `query` (dim,) to `vectors` (n, dim).

    "l2": Euclidean, not squared. "cosine": 1 - cosine, in [0, 2], for vectors of length 1.

    Example:
        >>> distances_to(np.float32([0, 0]), np.float32([[3, 4]]), "l2").tolist()
        [5.0]
    """
    distances = np.empty(len(vectors), dtype=np.float32)
    step = max(1, _BLOCK_NUMBERS // len(query))
    for start in range(0, len(vectors), step):
        distances[start : start + step] = _of_pairs(vectors[start : start + step], query, metric)
    return distances


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


def nearest_among(queries: Vectors, vectors: Vectors, candidates: Ids, k: int, metric: Metric) -> Answer:
    """The `k` nearest of each query's own candidates: distances and positions (m, k), nearest first.

    candidates: positions (m, c) in `vectors`, in any order, none twice, `NOTHING` where there is none. A
    query with fewer than k of them is answered with `NOTHING`, at an infinite distance, behind those.

    Example:
        >>> vectors = np.float32([[0], [1], [2], [1]])
        >>> distances, positions = nearest_among(vectors[:1], vectors, np.array([[3, 2, 1, -1]]), 2, "l2")
        >>> distances.tolist(), positions.tolist()
        ([[1.0, 1.0]], [[1, 3]])
    """
    count = len(vectors)
    # Ascending, so that a stable sort by distance leaves equally near ones in the order of their positions.
    positions = np.sort(np.where(candidates < 0, count, candidates), axis=1)
    distances = np.full(positions.shape, np.inf, dtype=np.float32)
    step = max(1, _BLOCK_NUMBERS // max(1, queries.shape[1] * positions.shape[1]))

    def compare(part: slice) -> None:
        for start in range(part.start, part.stop, step):
            rows = slice(start, min(start + step, part.stop))
            pairs = vectors.take(positions[rows], axis=0, mode="clip")
            found = _of_pairs(pairs, queries[rows, None], metric)
            distances[rows] = np.where(positions[rows] < count, found, np.float32(np.inf))

    if count and positions.size * queries.shape[1] > _BLOCK_NUMBERS:
        by_rows(compare, len(queries))
    elif count:
        compare(slice(0, len(queries)))
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    positions = np.take_along_axis(positions, order, axis=1)
    positions[positions == count] = NOTHING
    return np.take_along_axis(distances, order, axis=1), positions


def stack_answers(answers: Any, shape: tuple[int, int]) -> Answer:
    """The answers to m queries as two arrays of `shape` (m, k), float32 and int64."""
    distances, positions = np.empty(shape, dtype=np.float32), np.empty(shape, dtype=np.int64)
    for row, answer in enumerate(answers):
        distances[row], positions[row] = answer
    return distances, positions


def _of_pairs(vectors: Vectors, queries: Vectors, metric: Metric) -> NDArray[np.float32]:
    differences = np.subtract(vectors, queries, dtype=np.float64)
    np.square(differences, out=differences)
    squares = differences.sum(axis=-1)
    # For vectors of length 1, |q - x|² = 2 - 2 cos.
    distances = np.minimum(squares / 2, 2) if metric == "cosine" else np.sqrt(squares)
    rounded: Distances = distances.astype(np.float32)
    return rounded
