"""Does an edited picture find its original first? The rank of one right row per query."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Distances, Floats, Integers, Vectors
from .blocks import block_size, map_blocks
from .distances import DistanceBlocks, Metric
from .exclusion import Exclusion
from .tie_order import TieOrder


@dataclass(frozen=True, slots=True)
class SelfRetrieval:
    """At which rank (from 1) each query found the one right row: `ranks (q,) int64`.

    Example:
        >>> found = SelfRetrieval(np.array([1, 4]))
        >>> found.found_at(1).tolist(), found.reciprocal_ranks().tolist()
        ([1.0, 0.0], [1.0, 0.25])
    """

    ranks: Integers

    def found_at(self, k: int) -> Floats:
        """1 where the right row is among the `k` nearest, else 0; the mean is recall@k."""
        return (self.ranks <= k).astype(np.float64)

    def reciprocal_ranks(self) -> Floats:
        """One divided by the rank; the mean is MRR."""
        return 1.0 / self.ranks


def self_retrieval(
    queries: Vectors,
    database: Vectors,
    *,
    targets: Integers,
    metric: Metric = "l2",
    exclude: Integers | Exclusion | None = None,
    tie_seed: int | None = None,
) -> SelfRetrieval:
    """Where each query `(q, d)` finds its target, one row `(q,)` of the database `(n, d)`.

    Made for edited pictures that should find their original. Everything as in `rank_blocks`, without
    sorting: the rank is 1 + the rows that are nearer + those at the same distance with an earlier place.
    Leave other copies of the original out by `exclude`, or finding one counts as a miss.

    Raises:
        TypeError, ValueError: as `rank_blocks`; also targets that are not rows of the database or that
            are left out by `exclude`.

    Example: the second query is nearer to row 0 than to its target.
        >>> rows = np.array([[0.0], [1.0], [3.0]], dtype=np.float32)
        >>> edited = np.array([[0.1], [0.4]], dtype=np.float32)
        >>> self_retrieval(edited, rows, targets=np.array([0, 1])).ranks.tolist()
        [1, 2]
    """
    distances = DistanceBlocks.between(queries, database, metric=metric, exclude=exclude)
    ties = TieOrder.of(distances.num_rows, tie_seed)
    rows = _check_targets(targets, distances)

    def target_ranks(part: slice) -> Integers:
        return _target_ranks(distances.block(part), rows[part], ties)

    parts = map_blocks(target_ranks, num_queries=len(rows), block=block_size(distances.num_rows))
    return SelfRetrieval(np.concatenate(list(parts)))


def _target_ranks(distances: Distances, targets: Integers, ties: TieOrder) -> Integers:
    own = np.take_along_axis(distances, targets[:, None], axis=1)
    earlier = ties.places < ties.places[targets][:, None]
    before = (distances < own) | ((distances == own) & earlier)
    ranks: Integers = np.count_nonzero(before, axis=1) + 1
    return ranks


def _check_targets(targets: Integers, distances: DistanceBlocks) -> Integers:
    rows = np.asarray(targets)
    num_queries, num_rows = len(distances.queries), distances.num_rows
    if rows.dtype.kind not in "iu" or rows.shape != (num_queries,):
        raise ValueError(
            f"targets is {rows.dtype} of shape {rows.shape}, expected ({num_queries},) integers: "
            "pass the right row for each query"
        )
    if np.any((rows < 0) | (rows >= num_rows)):
        raise ValueError(f"targets go from {rows.min()} to {rows.max()}, the database has {num_rows} rows")
    query_ids, database_ids = distances.exclusion.query_ids, distances.exclusion.database_ids
    left_out = (query_ids >= 0) & (database_ids[rows] == query_ids)
    if np.any(left_out):
        raise ValueError(f"the target of query {int(np.argmax(left_out))} is left out by exclude")
    return rows
