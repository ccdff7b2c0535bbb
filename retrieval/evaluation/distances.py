"""Distances from a block of queries to every row of a database, and which rows may not answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np

from .arrays import Distances, Integers, Vectors
from .measures import DistanceMetric, Measure, measure_of


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
            if np.any(rows >= num_rows):
                raise ValueError(
                    f"exclude names row {rows.max()} of a database of {num_rows} rows: "
                    "pass positions in the database, -1 for none"
                )
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


@dataclass(frozen=True, slots=True)
class DistanceBlocks:
    """Distances between queries and a database, a block of queries at a time.

    Example:
        >>> corners = np.array([[0.0, 0.0], [3.0, 4.0]], dtype=np.float32)
        >>> distances = DistanceBlocks.between(corners, corners, metric="l2", exclude=None)
        >>> distances.block(slice(0, 1)).tolist()
        [[0.0, 5.0]]
    """

    queries: Vectors
    num_rows: int
    measure: Measure
    exclusion: Exclusion

    @classmethod
    def between(
        cls,
        queries: Vectors,
        database: Vectors,
        *,
        metric: DistanceMetric,
        exclude: Integers | Exclusion | None,
    ) -> DistanceBlocks:
        """Check and prepare the vectors `(q, d)` and `(n, d)`, of any floating type, or both of bytes.

        `exclude` leaves rows of the database out, query by query: see `Exclusion`. Memory: for "l2" and
        "cosine", a float64 copy of the database, of bytes a float32 copy.

        Raises:
            ValueError: an unknown metric, vectors that are not 2-D, of different dims, empty or not
                finite, or an exclusion that does not fit them.
        """
        if metric not in get_args(DistanceMetric):
            raise ValueError(f"metric is {metric!r}, expected one of {', '.join(get_args(DistanceMetric))}")
        checked, rows = _check_vectors(queries, "queries"), _check_vectors(database, "database")
        if checked.shape[1] != rows.shape[1]:
            raise ValueError(
                f"queries have {checked.shape[1]} dims, the database {rows.shape[1]}: "
                "make both with the same encoder"
            )
        exclusion = Exclusion.parse(exclude, num_queries=len(checked), num_rows=len(rows))
        if not checked.dtype == rows.dtype == np.uint8:
            checked, rows = _finite(checked, "queries"), _finite(rows, "database")
        return cls(checked, len(rows), measure_of(rows, metric), exclusion)

    def block(self, part: slice) -> Distances:
        """Distances `(b, n) float32` of the queries in `part`, infinite for rows that are left out."""
        distances = self.measure(self.queries[part])
        self.exclusion.apply(distances, part)
        return distances


def _check_vectors(vectors: Vectors, name: str) -> Vectors:
    checked = np.asarray(vectors)
    if checked.ndim != 2 or 0 in checked.shape:
        raise ValueError(f"{name} has shape {checked.shape}, expected (rows, dims), neither of them 0")
    return checked


def _finite(vectors: Vectors, name: str) -> Vectors:
    """The vectors as floats."""
    if vectors.dtype.kind != "f":
        return vectors.astype(np.float64)
    bad_rows = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad_rows):
        raise ValueError(
            f"{len(bad_rows)} rows of {name} have components that are not finite, the first is row "
            f"{bad_rows[0]}: leave them out"
        )
    return vectors


def _check_ids(ids: Integers, length: int, name: str) -> None:
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{name} holds {ids.dtype}, expected integers")
    if ids.shape != (length,):
        raise ValueError(f"{name} has shape {ids.shape}, expected ({length},): pass one for each")
