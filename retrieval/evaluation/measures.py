"""How far every row of a database is from a block of queries, so exactly that noise decides nothing.

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

Vectors of bytes, such as pixels, need none of this. A float32 holds every whole number up to 2²⁴: where so
few components are multiplied at once that no sum can pass that, a product in float32 is exact in whatever
order it is added up. And grey pictures hold every number three times. Where all rows of the database do, a
row is multiplied once, with the sums of the query's channels, which holds for a query in colours as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np

from .arrays import Bools, Bytes, Distances, Floats, Integers, Vectors

DistanceMetric: TypeAlias = Literal["l2", "l1", "cosine"]
Measure: TypeAlias = Callable[[Any], Distances]
DistancesOf: TypeAlias = Callable[[Floats, Floats, Floats], Floats]

RESOLUTION = 1e-12
CACHE_BYTES = 500_000
CACHE_CELLS = 250_000
CHANNELS = 3
_MIDDLE = 128
_EXACT = 2**24


def measure_of(database: Vectors | Bytes, metric: DistanceMetric) -> Measure:
    """What gives the distances `(b, n) float32` of queries `(b, d)` to `database (n, d)`.

    Both float, or both uint8.

    Example:
        >>> measure = measure_of(np.array([[0, 4], [255, 0]], dtype=np.uint8), "l1")
        >>> measure(np.array([[1, 1]], dtype=np.uint8)).tolist()
        [[4.0, 255.0]]
    """
    if database.dtype == np.uint8:
        whole: Bytes = database.astype(np.uint8, copy=False)
        return _OF_BYTES[metric](whole, CHANNELS if bool(are_grey(whole).all()) else 1)
    rows: Vectors = database.astype(database.dtype, copy=False)
    return _with_equal_copies(_OF_FLOATS[metric](rows), rows)


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


def are_grey(vectors: Bytes) -> Bools:
    """Which of the vectors `(n, d)` hold every number three times, one after another: `(n,)`.

    Example:
        >>> are_grey(np.array([[7, 7, 7, 9, 9, 9], [7, 7, 8, 9, 9, 9]], dtype=np.uint8)).tolist()
        [True, False]
    """
    if vectors.shape[1] % CHANNELS:
        return np.zeros(len(vectors), dtype=np.bool_)
    first = vectors[:, ::CHANNELS]
    grey: Bools = ((first == vectors[:, 1::CHANNELS]) & (first == vectors[:, 2::CHANNELS])).all(axis=1)
    return grey


def _with_equal_copies(measure: Measure, database: Vectors) -> Measure:
    copies, originals = exact_copies(database)

    def equalised(queries: Vectors) -> Distances:
        distances = measure(queries)
        distances[:, copies] = distances[:, originals]
        return distances

    return equalised if len(copies) else measure


def _l2_of_floats(database: Vectors) -> Measure:
    # Distances do not depend on the origin, but the digits that cancel in |q|² + |x|² - 2qx do.
    origin: Floats = database.mean(axis=0, dtype=np.float64)
    rows: Floats = database - origin
    row_lengths = np.einsum("nd,nd->n", rows, rows)

    def measure(queries: Vectors) -> Distances:
        points: Floats = queries - origin
        point_lengths = np.einsum("qd,qd->q", points, points)[:, None]
        distances = np.empty((len(points), len(rows)), dtype=np.float32)
        for part in parts_of(distances):
            lengths = point_lengths + row_lengths[part]
            squares = points @ rows[part].T
            squares *= -2.0
            squares += lengths
            lengths *= RESOLUTION
            squares[squares < lengths] = 0.0
            distances[:, part] = np.sqrt(squares, out=squares)
        return distances

    return measure


def _cosine_of_floats(database: Vectors) -> Measure:
    rows = _unit(database)

    def measure(queries: Vectors) -> Distances:
        points = _unit(queries)
        distances = np.empty((len(points), len(rows)), dtype=np.float32)
        for part in parts_of(distances):
            cosines = points @ rows[part].T
            wide = np.subtract(1.0, cosines, out=cosines)
            wide[wide < RESOLUTION] = 0.0
            distances[:, part] = wide
        return distances

    return measure


def _l1_of_floats(database: Vectors) -> Measure:
    rows = np.ascontiguousarray(database, dtype=np.float32)
    return lambda queries: l1_distances(queries, rows)


def _unit(vectors: Vectors) -> Floats:
    """Rows of length 1; a zero vector stays zero, at cosine distance 1 from everything."""
    wide: Floats = vectors.astype(np.float64)
    lengths = np.sqrt(np.einsum("nd,nd->n", wide, wide))[:, None]
    np.divide(wide, lengths, out=wide, where=lengths > 0)
    return wide


def l1_distances(queries: Vectors | Bytes, database: Vectors | Bytes) -> Distances:
    """Sums of absolute differences `(b, n) float32`, each pair added up by itself.

    Example:
        >>> l1_distances(np.array([[1.0, 1.0]]), np.array([[0.0, 4.0]])).tolist()
        [[4.0]]
    """
    # Imported here: three times faster than NumPy or SciPy, and needed for this metric only.
    import faiss

    points = np.ascontiguousarray(queries, dtype=np.float32)
    distances = np.empty((len(points), len(database)), dtype=np.float32)
    # FAISS reads all rows again for every query. Parts that stay in the processor's cache take half the time.
    step = max(1, CACHE_BYTES // points[0].nbytes) if len(points) else len(database)
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # blocks of queries are on several threads already
    try:
        for start in range(0, len(database), step):
            part = slice(start, start + step)
            rows = np.ascontiguousarray(database[part], dtype=np.float32)
            distances[:, part] = faiss.pairwise_distances(points, rows, faiss.METRIC_L1)
    finally:
        faiss.omp_set_num_threads(threads)
    return distances


def parts_of(distances: Distances) -> Iterator[slice]:
    """The rows of the database in parts so small that what is computed for one stays in the cache.

    Example:
        >>> [part.stop for part in parts_of(np.zeros((100, 6000), dtype=np.float32))]
        [2500, 5000, 7500]
    """
    step = max(1, CACHE_CELLS // max(1, len(distances)))
    for start in range(0, distances.shape[1], step):
        yield slice(start, start + step)


def _sums_of_differences(database: Bytes, repeats: int) -> Measure:
    once = np.ascontiguousarray(database[:, ::repeats])

    def measure(queries: Bytes) -> Distances:
        grey = are_grey(queries) if repeats > 1 else np.zeros(len(queries), dtype=np.bool_)
        distances = np.empty((len(queries), len(database)), dtype=np.float32)
        distances[grey] = l1_distances(queries[grey, ::repeats], once) * np.float32(repeats)
        distances[~grey] = l1_distances(queries[~grey], database)
        return distances

    return measure


def _by_products(database: Bytes, repeats: int, distances_of: DistancesOf) -> Measure:
    # Around 0 the numbers are half as large, and four times as many products may be added up.
    rows = _centred(database[:, ::repeats])
    row_sums, row_squares = _sums(database), _sums_of_squares(database)
    width = _EXACT // (repeats * _MIDDLE * _MIDDLE)

    def measure(queries: Bytes) -> Distances:
        points = _centred(queries).reshape(len(queries), rows.shape[1], repeats).sum(axis=2)
        shifts = _MIDDLE * (_sums(queries)[:, None] - _MIDDLE * queries.shape[1])
        squares = _sums_of_squares(queries)[:, None]
        distances = np.empty((len(queries), len(rows)), dtype=np.float32)
        for part in parts_of(distances):
            products = shifts + _MIDDLE * row_sums[part]
            for start in range(0, points.shape[1], width):
                columns = slice(start, start + width)
                products += points[:, columns] @ rows[part, columns].T
            distances[:, part] = distances_of(products, squares, row_squares[part])
        return distances

    return measure


def _l2_of(products: Floats, squares: Floats, row_squares: Floats) -> Floats:
    products *= -2.0
    products += squares
    products += row_squares
    return np.sqrt(products, out=products)


def _cosine_of(products: Floats, squares: Floats, row_squares: Floats) -> Floats:
    products *= _inverse_lengths(squares)
    products *= _inverse_lengths(row_squares)
    wide = np.subtract(1.0, products, out=products)
    wide[wide < RESOLUTION] = 0.0
    return wide


def _inverse_lengths(squares: Floats) -> Floats:
    """0 for a zero vector, which is then at cosine distance 1 from everything."""
    return np.divide(1.0, np.sqrt(squares), out=np.zeros_like(squares), where=squares > 0.0)


def _centred(vectors: Bytes) -> Distances:
    centred: Distances = np.subtract(vectors, np.float32(_MIDDLE), dtype=np.float32)
    return centred


def _sums(vectors: Bytes) -> Floats:
    sums: Floats = vectors.sum(axis=1, dtype=np.int64).astype(np.float64)
    return sums


def _sums_of_squares(vectors: Bytes) -> Floats:
    squares: Floats = np.einsum("nd,nd->n", vectors, vectors, dtype=np.int64, casting="safe")
    return squares.astype(np.float64)


_OF_FLOATS: dict[DistanceMetric, Callable[[Vectors], Measure]] = {
    "l2": _l2_of_floats,
    "l1": _l1_of_floats,
    "cosine": _cosine_of_floats,
}
_OF_BYTES: dict[DistanceMetric, Callable[[Bytes, int], Measure]] = {
    "l2": partial(_by_products, distances_of=_l2_of),
    "l1": _sums_of_differences,
    "cosine": partial(_by_products, distances_of=_cosine_of),
}
