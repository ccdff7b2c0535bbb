"""Which answer comes before which: by distance, and of equals by an order the same for every method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from .arrays import Distances, Integers

Keys: TypeAlias = NDArray[np.uint64]
Value = TypeVar("Value", bound=np.integer[Any])

_INFINITE = np.uint64(0x7F800000 << 32)


@dataclass(frozen=True, slots=True)
class TieOrder:
    """Of two rows at the same distance, the one with the smaller place comes first.

    `places (n,)` says the place of each row, `rows (n,)` the row at each place.
    """

    places: Integers
    rows: Integers

    @classmethod
    def of(cls, num_rows: int, seed: int | None) -> TieOrder:
        """By position in the database, or with a seed by positions shuffled once for all queries.

        Example:
            >>> TieOrder.of(3, None).places.tolist()
            [0, 1, 2]
        """
        rows = np.arange(num_rows)
        if seed is not None:
            rows = np.random.default_rng(seed).permutation(num_rows)
        return cls(np.argsort(rows), rows)

    def ranked(self, start: int, distances: Distances, width: int) -> RankedBlock:
        """The first `width` answers of the queries from `start` on, with these `distances (b, n)`, sorted."""
        # One sort of whole numbers does it: the bits of a float32 >= 0 order as the float does, and the place
        # below them settles the ties. Faster than a stable argsort, and it gives the same order.
        keys: Keys = distances.view(np.uint32).astype(np.uint64)
        keys <<= np.uint64(32)
        keys |= self.places.astype(np.uint64)
        keys.sort(axis=1)
        return RankedBlock(start, keys[:, :width], self)

    def nearest(self, distances: Distances) -> Integers:
        """The first answer `(b,)` for each row of `distances (b, n)`, -1 where all are infinite."""
        least = distances.min(axis=1, keepdims=True)
        places = np.where(distances == least, self.places, len(self.places)).min(axis=1)
        nearest: Integers = np.where(np.isinf(least[:, 0]), -1, self.rows[places])
        return nearest

    def ranks_of(self, targets: Integers, distances: Distances) -> Integers:
        """At which rank (from 1) each query has its target `(b,)`, a row of the database."""
        own = np.take_along_axis(distances, targets[:, None], axis=1)
        earlier = self.places < self.places[targets][:, None]
        before = (distances < own) | ((distances == own) & earlier)
        ranks: Integers = np.count_nonzero(before, axis=1) + 1
        return ranks


@dataclass(frozen=True, slots=True, eq=False)
class RankedBlock:
    """The answers of the queries `start` to `start + b`, nearest first: `w` of them for each query.

    Where rows are left out for a query, its list may be shorter than `w`: it ends in -1 at infinite distance.
    `keys (b, w) uint64`: the bits of the distance, and below them the place by `ties`.
    """

    start: int
    keys: Keys
    ties: TieOrder

    @property
    def queries(self) -> slice:
        """Which queries these are, as a slice of all of them."""
        return slice(self.start, self.start + len(self.keys))

    @property
    def order(self) -> Integers:
        """Database rows: `(b, w) int64`."""
        return self.of_rows(np.arange(len(self.ties.rows)), missing=-1)

    @property
    def distances(self) -> Distances:
        """The distances: `(b, w) float32`."""
        distances: Distances = (self.keys >> np.uint64(32)).astype(np.uint32).view(np.float32)
        return distances

    def nearest(self, count: int) -> RankedBlock:
        """Only the first `count` answers of each query."""
        return RankedBlock(self.start, self.keys[:, :count], self.ties)

    def of_rows(self, values: NDArray[Value], *, missing: int) -> NDArray[Value]:
        """What `values (n,)` say about the database rows answered: `(b, w)`, `missing` past a list's end."""
        found = values[self.ties.rows][self.keys.astype(np.uint32)]  # the lower half of a key is the place
        found[self.keys >= _INFINITE] = missing
        return found
