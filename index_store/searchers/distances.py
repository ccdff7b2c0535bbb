"""Distances between vectors: the one place where they are computed.

A matrix product gives a vector a distance to itself that is not 0, and the same pair of vectors another
distance in another place. Searchers therefore only choose candidates by fast products; what they answer with,
and in which order, is computed here, from differences in float64. A pair has the same distance in every
structure.
"""

from __future__ import annotations

import numpy as np

from ..choices import Metric
from ..vectors import Distances, Ids, Vectors

# Float64 differences of a block of rows take 32 MB.
_BLOCK_NUMBERS = 1 << 22


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


def nearest_among(
    query: Vectors, vectors: Vectors, candidates: Ids, k: int, metric: Metric
) -> tuple[Distances, Ids]:
    """Distances and positions of the `k` nearest of the `candidates`, which are positions in `vectors`."""
    positions = np.sort(candidates)
    distances = distances_to(query, vectors[positions], metric)
    order = first_nearest(distances, k)
    return distances[order], positions[order]
