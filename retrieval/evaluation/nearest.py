"""The first answer alone: what the beginning of a ranking is, without sorting the rest."""

from __future__ import annotations

import numpy as np

from .arrays import Distances, Integers, Vectors
from .blocks import block_size, map_blocks
from .distances import DistanceBlocks, Metric
from .exclusion import Exclusion
from .tie_order import TieOrder


def nearest_rows(
    queries: Vectors,
    database: Vectors,
    *,
    metric: Metric = "l2",
    exclude: Integers | Exclusion | None = None,
    tie_seed: int | None = None,
) -> Integers:
    """The nearest row of the database for each query: `(q,)`, -1 where every row is left out.

    The first of what `rank_blocks` gives for the same arguments.

    Raises:
        TypeError, ValueError: as `rank_blocks`.

    Example:
        >>> points = np.array([[0.0], [1.0], [3.0]], dtype=np.float32)
        >>> nearest_rows(points, points, exclude=np.arange(3)).tolist()
        [1, 0, 1]
    """
    distances = DistanceBlocks.between(queries, database, metric=metric, exclude=exclude)
    ties = TieOrder.of(distances.num_rows, tie_seed)

    def nearest(part: slice) -> Integers:
        return _nearest(distances.block(part), ties)

    block = block_size(distances.num_rows)
    return np.concatenate(list(map_blocks(nearest, num_queries=len(distances.queries), block=block)))


def _nearest(distances: Distances, ties: TieOrder) -> Integers:
    least = distances.min(axis=1, keepdims=True)
    places = np.where(distances == least, ties.places, len(ties.places)).min(axis=1)
    nearest: Integers = np.where(np.isinf(least[:, 0]), -1, ties.rows[places])
    return nearest
