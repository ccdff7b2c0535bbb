"""Print the seconds and the peak memory of measuring full rankings: 10,000 queries against 60,000 vectors.

Usage: python scripts/bench_metrics.py [--queries 10000] [--rows 60000] [--dim 64] [--metric l2] [--bytes]

With --bytes the vectors hold whole numbers from 0 to 255, as those of pixels do (--dim 3072).
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from typing import get_args

import numpy as np

from retrieval.evaluation import DistanceMetric, LabelledVectors, measure_ranking
from retrieval.threads import single_threaded_products


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--metric", choices=get_args(DistanceMetric), default="l2")
    parser.add_argument("--bytes", action="store_true")
    return parser.parse_args()


def labelled(count: int, arguments: argparse.Namespace, seed: int) -> LabelledVectors:
    random, shape = np.random.default_rng(seed), (count, arguments.dim)
    if arguments.bytes:
        return LabelledVectors(random.integers(0, 256, shape, dtype=np.uint8), random.integers(0, 10, count))
    return LabelledVectors(random.normal(size=shape).astype(np.float32), random.integers(0, 10, count))


def product_seconds(queries: LabelledVectors, database: LabelledVectors) -> float:
    """The baseline: the float32 matrix product alone, in blocks, nothing kept."""
    points, rows = (side.vectors.astype(np.float32, copy=False) for side in (queries, database))
    start = time.perf_counter()
    for first in range(0, len(points), 100):
        points[first : first + 100] @ rows.T
    return time.perf_counter() - start


def peak_gigabytes() -> float:
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


@single_threaded_products()  # as `evaluate` has it: blocks of queries are on several threads already
def main() -> None:
    arguments = parse_arguments()
    queries, database = labelled(arguments.queries, arguments, 1), labelled(arguments.rows, arguments, 2)
    print(f"matrix product alone  {product_seconds(queries, database):7.1f} s")
    start = time.perf_counter()
    measured = measure_ranking(queries, database, metric=arguments.metric)
    print(f"all metrics           {time.perf_counter() - start:7.1f} s")
    print(f"peak memory           {peak_gigabytes():7.2f} GB")
    print(f"mAP of random vectors {measured.micro('map').value:7.4f}, chance with ten classes is 0.1")


if __name__ == "__main__":
    main()
