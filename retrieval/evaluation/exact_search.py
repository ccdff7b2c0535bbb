"""Exact search: every database row in order of distance, the nearest one, or the rank of a given one.

Many queries are worked through in blocks on several threads, with a bounded amount in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import numpy as np

from ..parallel import in_order
from ..threads import num_threads
from .arrays import Floats, Integers, Vectors
from .distances import DistanceBlocks, Exclusion
from .measures import DistanceMetric
from .order import RankedBlock, TieOrder

Result = TypeVar("Result")

BLOCK_CELLS = 4_000_000
RANKED_CELLS = 250_000
MOST_WORKERS = 4


@dataclass(frozen=True, slots=True)
class SelfRetrieval:
    """At which rank (from 1) each query found the one right row: `ranks (q,) int64`.

    Example:
        >>> SelfRetrieval(np.array([1, 4])).reciprocal_ranks().tolist()
        [1.0, 0.25]
    """

    ranks: Integers

    def reciprocal_ranks(self) -> Floats:
        """One divided by the rank; the mean is MRR."""
        return 1.0 / self.ranks


def rank_blocks(
    queries: Vectors,
    database: Vectors,
    *,
    metric: DistanceMetric = "l2",
    exclude: Integers | Exclusion | None = None,
    tie_seed: int | None = None,
) -> Iterator[RankedBlock]:
    """Rank the whole database `(n, d)` for each query `(q, d)`; blocks come in the order of the queries.

    `exclude` leaves rows out: `(q,)` database rows (the query itself, for leave-one-out; -1 for none), or
    an `Exclusion` (to leave out all copies). Rows at equal distance come in the order of the database, or
    with `tie_seed` in an order drawn once from the seed: the same for every method that ranks as many
    rows. Pass a seed whenever the database is sorted by class, else a method that cannot tell pictures
    apart (a constant, a short hash) is given the order of the folders for an answer. How distances are
    kept free of rounding noise: see `distances`. Memory: blocks of four million distances at about
    12 bytes each, for up to four threads.

    Raises:
        TypeError, ValueError: at once, before anything is ranked: see `DistanceBlocks.between`.

    Example: leave-one-out for three points on a line.
        >>> points = np.array([[0.0], [1.0], [3.0]], dtype=np.float32)
        >>> [ranked] = rank_blocks(points, points, exclude=np.arange(3))
        >>> ranked.order.tolist()
        [[1, 2], [0, 2], [1, 0]]
        >>> ranked.distances.tolist()
        [[1.0, 3.0], [1.0, 2.0], [2.0, 3.0]]
    """
    return map_rankings(
        lambda ranked: ranked, queries, database, metric=metric, exclude=exclude, tie_seed=tie_seed
    )


def map_rankings(
    work: Callable[[RankedBlock], Result],
    queries: Vectors,
    database: Vectors,
    *,
    metric: DistanceMetric = "l2",
    exclude: Integers | Exclusion | None = None,
    tie_seed: int | None = None,
) -> Iterator[Result]:
    """Yield `work` of each block of `rank_blocks`, in order, on the threads that rank them.

    Raises:
        TypeError, ValueError: as `rank_blocks`.

    Example:
        >>> points = np.array([[0.0], [1.0], [3.0]], dtype=np.float32)
        >>> [nearest] = map_rankings(lambda ranked: ranked.order[:, 0].tolist(), points, points)
        >>> nearest
        [0, 1, 2]
    """
    distances = DistanceBlocks.between(queries, database, metric=metric, exclude=exclude)
    ties = TieOrder.of(distances.num_rows, tie_seed)
    width = distances.num_rows - int(distances.exclusion.counts().min())

    def rank(part: slice) -> list[Result]:
        # Distances are measured for many queries at once, and ranked for so few that they stay in the cache.
        measured, step = distances.block(part), block_size(distances.num_rows, RANKED_CELLS)
        starts = range(part.start, part.stop, step)
        parts = [measured[start - part.start :][:step] for start in starts]
        return [work(ties.ranked(start, few, width)) for start, few in zip(starts, parts, strict=True)]

    blocks = map_blocks(rank, num_queries=len(distances.queries), block=block_size(distances.num_rows))
    return chain.from_iterable(blocks)


def nearest_rows(
    queries: Vectors,
    database: Vectors,
    *,
    metric: DistanceMetric = "l2",
    exclude: Integers | Exclusion | None = None,
    tie_seed: int | None = None,
) -> Integers:
    """The nearest row of the database for each query: `(q,)`, -1 where every row is left out.

    The first of what `rank_blocks` gives for the same arguments, without sorting the rest.

    Raises:
        TypeError, ValueError: as `rank_blocks`.

    Example:
        >>> points = np.array([[0.0], [1.0], [3.0]], dtype=np.float32)
        >>> nearest_rows(points, points, exclude=np.arange(3)).tolist()
        [1, 0, 1]
    """
    distances = DistanceBlocks.between(queries, database, metric=metric, exclude=exclude)
    ties = TieOrder.of(distances.num_rows, tie_seed)
    return _for_each_query(distances, lambda part: ties.nearest(distances.block(part)))


def self_retrieval(
    queries: Vectors,
    database: Vectors,
    *,
    targets: Integers,
    metric: DistanceMetric = "l2",
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
    ranks = _for_each_query(distances, lambda part: ties.ranks_of(rows[part], distances.block(part)))
    return SelfRetrieval(ranks)


def block_size(num_rows: int, cells: int | None = None) -> int:
    """How many queries to work on at once, so that a block has `cells` distances, by default four million.

    Example:
        >>> block_size(60_000)
        66
    """
    return max(1, (cells or BLOCK_CELLS) // max(num_rows, 1))


def map_blocks(work: Callable[[slice], Result], *, num_queries: int, block: int) -> Iterator[Result]:
    """Yield `work(part)` for the consecutive parts `slice(start, stop)` of the queries, in order.

    On at most `num_threads()` threads and never more than four. They work ahead of whoever consumes the
    results by no more than one block each: NumPy sorts and multiplies outside the interpreter's lock.

    Example:
        >>> list(map_blocks(lambda part: (part.start, part.stop), num_queries=5, block=2))
        [(0, 2), (2, 4), (4, 5)]
    """
    starts = range(0, num_queries, block)
    parts = (slice(start, min(start + block, num_queries)) for start in starts)
    return in_order(work, parts, threads=min(num_threads(), MOST_WORKERS), ahead=1)


def _for_each_query(distances: DistanceBlocks, work: Callable[[slice], Integers]) -> Integers:
    """What `work` gives for the blocks of queries, joined: `(q,)`."""
    block = block_size(distances.num_rows)
    return np.concatenate(list(map_blocks(work, num_queries=len(distances.queries), block=block)))


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
