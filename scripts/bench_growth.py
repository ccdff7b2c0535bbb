"""How the time of a small change grows with the index: adding 1,000 vectors with rows, and removing some.

    python scripts/bench_growth.py [--sizes 10000 100000 1000000] [--rounds 9] [--dim 64]

Makes an index of each size in a temporary directory, by the API itself. Then, by turns, opens each for
writing, adds 1,000 vectors with rows and saves; the medians are told, and their ratio to the smallest index.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from index_store import Index, Row

ADDED = 1_000
STEP = 50_000


def rows_of(start: int, count: int) -> list[Row]:
    """Rows of pictures in folders of 1,000."""
    return [
        Row(
            f"folder-{number // 1000:04}/{number:07}.jpg",
            size=50_000 + number % 9_999,
            mtime_ns=1_700_000_000_000_000_000 + number,
            sha256=hashlib.sha256(b"%d" % number).hexdigest(),
            width=640,
            height=480,
        )
        for number in range(start, start + count)
    ]


def fill(index: Index, count: int) -> None:
    """Add `count` vectors with rows, and save."""
    random = np.random.default_rng(0)
    for start in range(0, count, STEP):
        step = min(STEP, count - start)
        index.add(random.normal(size=(step, index.dim)).astype(np.float32), rows_of(start, step))
    index.save()


def timed(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds that `act` takes, and those of processors: other work of the machine counts less in them."""
    start, used = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - start, time.process_time() - used


def add(directory: Path, number: int) -> tuple[float, float]:
    """Seconds to open for writing, add and save."""
    rows = rows_of(10_000_000 + number * ADDED, ADDED)
    with Index.open(directory) as index:
        vectors = np.random.default_rng(number).normal(size=(ADDED, index.dim)).astype(np.float32)

    def act() -> None:
        with Index.open(directory, writable=True) as index:
            index.add(vectors, rows)
            index.save()

    return timed(act)


def remove(directory: Path, number: int) -> tuple[float, float]:
    """Seconds to open for writing, remove 100 and save."""

    def act() -> None:
        with Index.open(directory, writable=True) as index:
            index.remove(range(number * 100, number * 100 + 100))
            index.save()

    return timed(act)


def told(what: str, measured: dict[int, list[tuple[float, float]]]) -> None:
    """Print the medians, and their ratios to the smallest index."""
    medians = {
        size: [statistics.median(each) for each in zip(*pairs, strict=True)]
        for size, pairs in measured.items()
    }
    first = next(iter(medians.values()))
    for size, (seconds, used) in medians.items():
        print(
            f"{what:20} {size:10,} rows {1e3 * seconds:7.1f} ms x {seconds / first[0]:.2f}, "
            f"of processors {1e3 * used:6.1f} ms x {used / first[1]:.2f}"
        )


def main() -> None:
    """Make the indexes, and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--where", type=Path, help="directory for the indexes; a temporary one by default")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.where) as temporary:
        directories = {size: Path(temporary) / str(size) for size in arguments.sizes}
        for size, directory in directories.items():
            with Index.create(directory, arguments.dim) as index:
                seconds, _ = timed(lambda index=index, size=size: fill(index, size))
            catalog = next(directory.glob("catalog.*")).stat().st_size
            print(f"made {size:10,} rows in {seconds:6.1f} s, catalog {catalog / size:.1f} bytes a row")
        for what, act in (
            ("open 'quick'", None),
            ("add 1,000 and save", add),
            ("remove 100 and save", remove),
        ):
            measured: dict[int, list[tuple[float, float]]] = {size: [] for size in directories}
            for number in range(arguments.rounds):
                for size, directory in directories.items():
                    opening = timed(lambda directory=directory: Index.open(directory).close())
                    measured[size].append(opening if act is None else act(directory, number))
            told(what, measured)


if __name__ == "__main__":
    main()
