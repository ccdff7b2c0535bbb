"""What a method costs: milliseconds to encode a picture, and to search with its vector."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from .arrays import Vectors
from .baselines import Pictures
from .distances import DistanceMetric
from .method import PictureEncoder

NEIGHBOURS = 10
MOST_QUERIES = 20


def encode_milliseconds(encoder: PictureEncoder, pictures: Pictures) -> float:
    """Milliseconds a picture, encoding `pictures` (n, size, size, 3) at once; without reading them."""
    encoder.encode(pictures[:1])  # the first call prepares what later ones use
    begun = perf_counter()
    encoder.encode(pictures)
    return 1000.0 * (perf_counter() - begun) / len(pictures)


def search_milliseconds(queries: Vectors, database: Vectors, metric: DistanceMetric) -> float:
    """Milliseconds a query, for the ten nearest by exact search: the median of up to 20, one by one.

    On one thread: threads of one query wait for each other longer than they work where others work too.
    """
    import faiss  # needed here and for L1 distances only

    measure = {"l2": faiss.METRIC_L2, "l1": faiss.METRIC_L1, "cosine": faiss.METRIC_INNER_PRODUCT}[metric]
    rows = np.ascontiguousarray(database, dtype=np.float32)
    points = np.ascontiguousarray(queries[:MOST_QUERIES], dtype=np.float32)
    threads, seconds = faiss.omp_get_max_threads(), []
    faiss.omp_set_num_threads(1)
    try:
        for point in points:
            begun = perf_counter()
            faiss.knn(point[None], rows, min(NEIGHBOURS, len(rows)), metric=measure)
            seconds.append(perf_counter() - begun)
    finally:
        faiss.omp_set_num_threads(threads)
    return 1000.0 * float(np.median(seconds))
