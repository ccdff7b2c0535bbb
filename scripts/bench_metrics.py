"""Print the seconds and the peak memory of measuring full rankings: 10,000 queries against 60,000 vectors.

Usage: python scripts/bench_metrics.py [--queries 10000] [--rows 60000] [--dim 64]
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import numpy as np

from retrieval.evaluation import LabelledVectors, measure_ranking


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--dim", type=int, default=64)
    return parser.parse_args()


def labelled(count: int, dim: int, seed: int) -> LabelledVectors:
    random = np.random.default_rng(seed)
    return LabelledVectors(random.normal(size=(count, dim)).astype(np.float32), random.integers(0, 10, count))


def product_seconds(queries: LabelledVectors, database: LabelledVectors) -> float:
    """The baseline: the float32 matrix product alone, in blocks, nothing kept."""
    start = time.perf_counter()
    for first in range(0, len(queries.vectors), 100):
        queries.vectors[first : first + 100] @ database.vectors.T
    return time.perf_counter() - start


def peak_gigabytes() -> float:
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def main() -> None:
    arguments = parse_arguments()
    queries = labelled(arguments.queries, arguments.dim, 1)
    database = labelled(arguments.rows, arguments.dim, 2)
    print(f"matrix product alone  {product_seconds(queries, database):7.1f} s")
    start = time.perf_counter()
    measured = measure_ranking(queries, database)
    print(f"all metrics           {time.perf_counter() - start:7.1f} s")
    print(f"peak memory           {peak_gigabytes():7.2f} GB")
    print(f"mAP of random vectors {measured.micro('map').value:7.4f}, chance with ten classes is 0.1")


if __name__ == "__main__":
    main()
