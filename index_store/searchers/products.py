"""Candidates for exact search: the vectors nearest to each query by matrix products, block by block.

A block of scores stays in the processor's cache: it is looked through before the next is computed. With 300
queries and 200,000 vectors this takes a third of the time of `faiss.knn`.
"""

from __future__ import annotations

import numpy as np

from ..checks import Distances, Ids, Vectors
from ..threads import by_rows
from .distances import NOTHING
from .masks import Mask

# Scores of a block, 1 MB, and least and most vectors in it.
_BLOCK_SCORES = 1 << 18
# Of so few, BLAS computes the transposed product in a third to two thirds of the time.
_FEW_QUERIES = 64
_LEAST_VECTORS, _MOST_VECTORS = 1 << 10, 1 << 14


def nearest_by_products(
    queries: Vectors, vectors: Vectors, count: int, among: Mask | None = None
) -> tuple[Distances, Ids]:
    """The `count` nearest vectors of every query, in no order, and how far the farthest of them is.

    Returns limits (m,) float32 and positions (m, count), `NOTHING` where numbers overflow or there are too
    few. A limit is |x|² - 2qx of the farthest found, as float32 computes it, infinite where there are too
    few: no other vector has a smaller one.
    """
    best = _Best(len(queries), count)
    if len(queries) == 1:
        best.offer_all(queries, vectors, among, slice(None))
    else:
        by_rows(lambda rows: best.offer_all(queries, vectors, among, rows), len(queries))
    return best.limits, best.positions


class _Best:
    """The best so far of every query: scores and positions (m, count), and the worst score of them (m,)."""

    def __init__(self, num_queries: int, count: int) -> None:
        self.scores = np.full((num_queries, count), np.inf, dtype=np.float32)
        self.positions = np.full((num_queries, count), NOTHING, dtype=np.int64)
        self.limits = np.full(num_queries, np.inf, dtype=np.float32)

    def offer_all(self, queries: Vectors, vectors: Vectors, among: Mask | None, rows: slice) -> None:
        """Compare these rows of the queries with all vectors."""
        # Squares beyond float32 become infinite, or NaN in a difference: not a candidate, and seen by the
        # caller.
        with np.errstate(over="ignore", invalid="ignore"):
            doubled = -2 * queries[rows]
            step = max(_LEAST_VECTORS, min(_MOST_VECTORS, _BLOCK_SCORES // max(1, len(doubled))))
            for start in range(0, len(vectors), step):
                block = vectors[start : start + step]
                scores = _products(doubled, block)
                scores += np.einsum("nd,nd->n", block, block)
                if among is not None:
                    scores[:, ~among.allowed[start : start + step]] = np.inf
                self._offer(scores, start, rows.start or 0)

    def _offer(self, scores: Distances, start: int, first: int) -> None:
        """Take up what is better among `scores` (r, block): queries from `first`, vectors from `start`."""
        # Few queries find something in a late block: the minimum finds them faster than a look at every
        # score.
        limits = self.limits[first : first + len(scores)]
        rows = np.flatnonzero(np.fmin.reduce(scores, axis=1) < limits)
        if len(rows):
            columns, found = _below(scores[rows], limits[rows], self.scores.shape[1])
            self._take(first + rows, np.where(columns < 0, NOTHING, columns + start), found)

    def _take(self, rows: Ids, positions: Ids, scores: Distances) -> None:
        count = self.scores.shape[1]
        scores = np.concatenate([self.scores[rows], scores], axis=1)
        positions = np.concatenate([self.positions[rows], positions], axis=1)
        kept = np.argpartition(scores, count - 1, axis=1)[:, :count]
        self.scores[rows] = np.take_along_axis(scores, kept, axis=1)
        self.positions[rows] = np.take_along_axis(positions, kept, axis=1)
        self.limits[rows] = self.scores[rows].max(axis=1)


def _products(queries: Vectors, vectors: Vectors) -> Vectors:
    # BLAS would share out the little that one query takes among its threads, and wait for them.
    if len(queries) == 1:
        return np.asarray(np.einsum("d,nd->n", queries[0], vectors)[None])
    if len(queries) <= _FEW_QUERIES:
        return np.ascontiguousarray((vectors @ queries.T).T)
    return np.asarray(queries @ vectors.T)


def _below(scores: Distances, limits: Distances, count: int) -> tuple[Ids, Distances]:
    """Columns and scores of what lies below the limits (r,), up to `count` a row, else `NOTHING`."""
    below = scores < limits[:, None]
    per_row = below.sum(axis=1)
    width = int(per_row.max(initial=0))
    if width > count:
        scores = np.where(below, scores, np.float32(np.inf))
        columns = np.argpartition(scores, count - 1, axis=1)[:, :count]
        found = np.take_along_axis(scores, columns, axis=1)
        return np.where(np.isinf(found), NOTHING, columns), found
    rows, cells = np.nonzero(below)
    slots = np.arange(len(rows)) - np.repeat(np.cumsum(per_row) - per_row, per_row)
    columns = np.full((len(scores), width), NOTHING, dtype=np.int64)
    found = np.full((len(scores), width), np.inf, dtype=np.float32)
    columns[rows, slots], found[rows, slots] = cells, scores[rows, cells]
    return columns, found
