"""Exact distances from a block of queries to every row of a database, and which rows may not answer.

Rankings are compared between methods, so rounding noise must not decide between equals. A matrix product
gives the same pair of vectors slightly different results in different places. Therefore

* products are computed in float64 and the distance is then rounded to float32: noise of about 1e-16
  disappears in steps of 6e-8, unless a value lies on the edge of a step (about one pair in 1e8);
* rows of the database that are equal in every component share one computed distance: exact, whatever the
  noise;
* squared distances below 1e-12 of the vectors' squared lengths (measured from the mean of the database) are
  0: float32 vectors that near to each other (1e-6 of their length) cannot be told apart.

"l1" has no product: FAISS adds up each pair by itself in float32, the same way in every block. Equal vectors
are at equal distances, but two different sums that should be equal may differ by 1e-7 of their size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from .arrays import Distances, Floats, Integers, Vectors

DistanceMetric: TypeAlias = Literal["l2", "l1", "cosine"]
Measure: TypeAlias = Callable[[Vectors], Distances]

RESOLUTION = 1e-12
CACHE_BYTES = 1_000_000


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
        """Check and prepare the vectors `(q, d)` and `(n, d)`, of any floating type.

        `exclude` leaves rows of the database out, query by query: see `Exclusion`. Memory: a float64 copy
        of the database for "l2" and "cosine".

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
        return cls(checked, len(rows), _with_equal_copies(_MEASURES[metric](rows), rows), exclusion)

    def block(self, part: slice) -> Distances:
        """Distances `(b, n) float32` of the queries in `part`, infinite for rows that are left out."""
        distances = self.measure(self.queries[part])
        self.exclusion.apply(distances, part)
        return distances


def exact_copies(vectors: Vectors) -> tuple[Integers, Integers]:
    """Rows that repeat an earlier row in every component, and the first row that each one repeats.

    Example:
        >>> copies, originals = exact_copies(np.array([[1.0], [2.0], [1.0]]))
        >>> copies.tolist(), originals.tolist()
        ([2], [0])
    """
    first_rows: dict[bytes, int] = {}
    pairs: list[tuple[int, int]] = []
    for row, vector in enumerate(vectors):
        # Adding 0 turns -0.0 into 0.0, which is equal but has other bytes.
        digest = hashlib.blake2b((vector + 0.0).tobytes(), digest_size=16).digest()
        first = first_rows.setdefault(digest, row)
        if first != row:
            pairs.append((row, first))
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _with_equal_copies(measure: Measure, database: Vectors) -> Measure:
    copies, originals = exact_copies(database)

    def equalised(queries: Vectors) -> Distances:
        distances = measure(queries)
        distances[:, copies] = distances[:, originals]
        return distances

    return equalised if len(copies) else measure


def _l2(database: Vectors) -> Measure:
    # Distances do not depend on the origin, but the digits that cancel in |q|² + |x|² - 2qx do.
    origin: Floats = database.mean(axis=0, dtype=np.float64)
    rows: Floats = database - origin
    row_lengths = np.einsum("nd,nd->n", rows, rows)

    def measure(queries: Vectors) -> Distances:
        points: Floats = queries - origin
        lengths = np.einsum("qd,qd->q", points, points)[:, None] + row_lengths
        squares = points @ rows.T
        squares *= -2.0
        squares += lengths
        lengths *= RESOLUTION
        np.copyto(squares, 0.0, where=squares < lengths)
        distances: Distances = np.sqrt(squares, out=squares).astype(np.float32)
        return distances

    return measure


def _cosine(database: Vectors) -> Measure:
    rows = _unit(database)

    def measure(queries: Vectors) -> Distances:
        cosines = _unit(queries) @ rows.T
        wide = np.subtract(1.0, cosines, out=cosines)
        np.copyto(wide, 0.0, where=wide < RESOLUTION)
        distances: Distances = wide.astype(np.float32)
        return distances

    return measure


def _l1(database: Vectors) -> Measure:
    # Imported here: three times faster than NumPy or SciPy, and needed for this metric only.
    import faiss

    rows = np.ascontiguousarray(database, dtype=np.float32)
    # FAISS reads all rows again for every query. Parts that stay in the processor's cache take half the time.
    step = max(1, CACHE_BYTES // rows[0].nbytes)

    def measure(queries: Vectors) -> Distances:
        points = np.ascontiguousarray(queries, dtype=np.float32)
        distances = np.empty((len(points), len(rows)), dtype=np.float32)
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)  # blocks of queries are on several threads already
        try:
            for start in range(0, len(rows), step):
                part = slice(start, start + step)
                distances[:, part] = faiss.pairwise_distances(points, rows[part], faiss.METRIC_L1)
        finally:
            faiss.omp_set_num_threads(threads)
        return distances

    return measure


_MEASURES: dict[DistanceMetric, Callable[[Vectors], Measure]] = {"l2": _l2, "l1": _l1, "cosine": _cosine}


def _unit(vectors: Vectors) -> Floats:
    """Rows of length 1; a zero vector stays zero, at cosine distance 1 from everything."""
    wide: Floats = vectors.astype(np.float64)
    lengths = np.sqrt(np.einsum("nd,nd->n", wide, wide))[:, None]
    np.divide(wide, lengths, out=wide, where=lengths > 0)
    return wide


def _check_vectors(vectors: Vectors, name: str) -> Vectors:
    checked = np.asarray(vectors)
    if checked.ndim != 2 or 0 in checked.shape:
        raise ValueError(f"{name} has shape {checked.shape}, expected (rows, dims), neither of them 0")
    if checked.dtype.kind != "f":
        checked = checked.astype(np.float64)
    bad_rows = np.flatnonzero(~np.isfinite(checked).all(axis=1))
    if len(bad_rows):
        raise ValueError(
            f"{len(bad_rows)} rows of {name} have components that are not finite, the first is row "
            f"{bad_rows[0]}: leave them out"
        )
    return checked


def _check_ids(ids: Integers, length: int, name: str) -> None:
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{name} holds {ids.dtype}, expected integers")
    if ids.shape != (length,):
        raise ValueError(f"{name} has shape {ids.shape}, expected ({length},): pass one for each")
