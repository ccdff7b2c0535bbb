"""Every database row in order of distance, for every query, in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arrays import Distances, Integers, Vectors
from .blocks import block_size, map_blocks
from .distances import DistanceBlocks, Metric
from .exclusion import Exclusion
from .tie_order import TieOrder


@dataclass(frozen=True, slots=True)
class RankedBlock:
    """The answers of the queries `start` to `start + b`.

    `order (b, w) int64`: database rows, nearest first. `distances (b, w) float32`: theirs. Where rows are
    left out for a query, its list may be shorter than `w`: it ends in -1 at infinite distance.
    """

    start: int
    order: Integers
    distances: Distances

    @property
    def queries(self) -> slice:
        """Which queries these are, as a slice of all of them."""
        return slice(self.start, self.start + len(self.order))


def rank_blocks(
    queries: Vectors,
    database: Vectors,
    *,
    metric: Metric = "l2",
    exclude: Integers | Exclusion | None = None,
    tie_seed: int | None = None,
    block: int | None = None,
) -> Iterator[RankedBlock]:
    """Rank the whole database `(n, d)` for each query `(q, d)`; blocks come in the order of the queries.

    `exclude` leaves rows out: `(q,)` database rows (the query itself, for leave-one-out; -1 for none), or
    an `Exclusion` (to leave out all copies). Rows at equal distance come in the order of the database, or
    with `tie_seed` in an order drawn once from the seed: the same for every method that ranks as many
    rows. Pass a seed whenever the database is sorted by class, else a method that cannot tell pictures
    apart (a constant, a short hash) is given the order of the folders for an answer. How distances are
    kept free of rounding noise: see `distances`. Memory: `block` queries (by default as many as have four
    million distances) at about 40 bytes a distance, for up to four threads.

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
    if block is not None and block < 1:
        raise ValueError(f"block is {block}, expected at least 1 query")
    distances = DistanceBlocks.between(queries, database, metric=metric, exclude=exclude)
    ties = TieOrder.of(distances.num_rows, tie_seed)
    width = distances.num_rows - int(distances.exclusion.counts().min())

    def rank(part: slice) -> RankedBlock:
        return RankedBlock(part.start, *_ranked(distances.block(part), ties, width))

    return map_blocks(rank, num_queries=len(distances.queries), block=block or block_size(distances.num_rows))


def _ranked(distances: Distances, ties: TieOrder, width: int) -> tuple[Integers, Distances]:
    # One sort of whole numbers does it: the bits of a float32 >= 0 order as the float does, and the place
    # below them settles the ties. Faster than a stable argsort, and it gives the same order.
    keys: NDArray[np.uint64] = distances.view(np.uint32).astype(np.uint64)
    keys <<= np.uint64(32)
    keys |= ties.places.astype(np.uint64)
    keys.sort(axis=1)
    keys = keys[:, :width]
    ranked = (keys >> np.uint64(32)).astype(np.uint32).view(np.float32)
    order = ties.rows[(keys & np.uint64(0xFFFFFFFF)).astype(np.int64)]
    order[np.isinf(ranked)] = -1
    return order, ranked
