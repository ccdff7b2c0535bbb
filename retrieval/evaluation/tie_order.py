"""Which of two rows at the same distance comes first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Integers


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
