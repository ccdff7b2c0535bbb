"""What a search answers."""

from __future__ import annotations

from dataclasses import dataclass

from .vectors import Distances, Ids


@dataclass(frozen=True, slots=True, eq=False)
class Neighbors:
    """The nearest vectors of m queries, nearest first.

    distances: (m, k) float32. ids: (m, k) int64. k is what was asked for or, if that is less, the number of
    vectors in the index.
    """

    distances: Distances
    ids: Ids
