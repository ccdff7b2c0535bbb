"""Which rows of the database may not answer a query: the query itself, and copies of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Distances, Integers


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A row is left out for a query when both have the same id. Negative ids match nothing.

    `query_ids (q,)` and `database_ids (n,)` are integers. Leave-one-out: every picture has its own id.
    Without exact duplicates: pictures with equal content have equal ids.

    Example: queries 0 and 1 are the rows 0 and 1; row 2 is a copy of row 0.
        >>> exclusion = Exclusion(np.array([0, 1]), np.array([0, 1, 0]))
        >>> exclusion.counts().tolist()
        [2, 1]
    """

    query_ids: Integers
    database_ids: Integers

    @classmethod
    def parse(cls, exclude: Integers | Exclusion | None, *, num_queries: int, num_rows: int) -> Exclusion:
        """Take `exclude` as it is given to a search and check that it fits.

        It may be `(q,)` database rows, one a query, -1 for none; an `Exclusion`; or None.

        Raises:
            TypeError: rows or ids are not integers.
            ValueError: wrong lengths, or a row that the database does not have.
        """
        if exclude is None:
            exclude = np.full(num_queries, -1, dtype=np.int64)
        if not isinstance(exclude, Exclusion):
            rows = np.asarray(exclude)
            _check_ids(rows, num_queries, "exclude")
            _check_rows(rows, num_rows)
            return cls(rows, np.arange(num_rows))
        _check_ids(np.asarray(exclude.query_ids), num_queries, "query_ids")
        _check_ids(np.asarray(exclude.database_ids), num_rows, "database_ids")
        return exclude

    def counts(self) -> Integers:
        """How many rows are left out for each query: `(q,)`."""
        sorted_ids = np.sort(self.database_ids)
        below = np.searchsorted(sorted_ids, self.query_ids, side="left")
        upto = np.searchsorted(sorted_ids, self.query_ids, side="right")
        return np.where(self.query_ids < 0, 0, upto - below).astype(np.int64)

    def apply(self, distances: Distances, part: slice) -> None:
        """Put the rows left out for the queries in `part` infinitely far away, in place."""
        for row_distances, query_id in zip(distances, self.query_ids[part].tolist(), strict=True):
            if query_id >= 0:
                row_distances[self.database_ids == query_id] = np.inf


def _check_ids(ids: Integers, length: int, name: str) -> None:
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{name} holds {ids.dtype}, expected integers")
    if ids.shape != (length,):
        raise ValueError(f"{name} has shape {ids.shape}, expected ({length},): pass one for each")


def _check_rows(rows: Integers, num_rows: int) -> None:
    if np.any(rows >= num_rows):
        raise ValueError(
            f"exclude names row {rows.max()} of a database of {num_rows} rows: "
            "pass positions in the database, -1 for none"
        )
