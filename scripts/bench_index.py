"""Seconds of each step of indexing a folder, and the rate of embedding beside mere decoding on two threads.

    python scripts/bench_index.py photos/ [--encoder RUN]

The index goes into a temporary directory; the folder is only read.
"""

from __future__ import annotations

import argparse
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, process_time

from retrieval import Progress, Retriever
from retrieval.images import load

THREADS = 2


def decoding_seconds(retriever: Retriever) -> float:
    """Reading and decoding every indexed picture at the encoder's size, and nothing else."""
    paths = [retriever.folder / row.path for row in retriever.index.catalog.rows()]
    begun = perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in threads.map(lambda path: load(path, retriever.encoder.size), paths):
            pass
    return perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--encoder", help="instead of fitting one")
    arguments = parser.parse_args()
    progress = Progress()
    begun, busy = perf_counter(), process_time()
    with tempfile.TemporaryDirectory() as directory:
        retriever = Retriever.build(
            arguments.folder, index=directory, encoder=arguments.encoder, progress=progress
        )
        whole, busy = perf_counter() - begun, process_time() - busy
        decoding, count = decoding_seconds(retriever), len(retriever)
    for name, seconds in progress.seconds.items():
        print(f"{name:<24}{seconds:8.2f} s")
    print(f"{'all':<24}{whole:8.2f} s, of processors {busy:.2f} s")
    embedding = progress.seconds["embed"]
    print(
        f"embedding {count / embedding:.0f} pictures/s, decoding alone {count / decoding:.0f} pictures/s",
        end="",
    )
    print(f" on {THREADS} threads: embedding takes {embedding / decoding:.1f} times as long")


if __name__ == "__main__":
    main()
