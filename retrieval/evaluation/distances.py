"""Exact distances from a block of queries to every row of a database, made so that equals stay equal.

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
from .exclusion import Exclusion

Metric: TypeAlias = Literal["l2", "l1", "cosine"]
Measure: TypeAlias = Callable[[Vectors], Distances]

RESOLUTION = 1e-12


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
        cls, queries: Vectors, database: Vectors, *, metric: Metric, exclude: Integers | Exclusion | None
    ) -> DistanceBlocks:
        """Check and prepare the vectors `(q, d)` and `(n, d)`, of any floating type.

        `exclude` leaves rows of the database out, query by query: see `Exclusion`. Memory: a float64 copy
        of the database for "l2" and "cosine".

        Raises:
            ValueError: an unknown metric, vectors that are not 2-D, of different dims, empty or not
                finite, or an exclusion that does not fit them.
        """
        if metric not in get_args(Metric):
            raise ValueError(f"metric is {metric!r}, expected one of {', '.join(get_args(Metric))}")
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
    # Imported here: five to eight times faster than NumPy or SciPy, and needed for this metric only.
    import faiss

    rows = np.ascontiguousarray(database, dtype=np.float32)

    def measure(queries: Vectors) -> Distances:
        points = np.ascontiguousarray(queries, dtype=np.float32)
        distances: Distances = faiss.pairwise_distances(points, rows, faiss.METRIC_L1)
        return distances

    return measure


_MEASURES: dict[Metric, Callable[[Vectors], Measure]] = {"l2": _l2, "l1": _l1, "cosine": _cosine}


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
