"""How long `retrieve index` takes when little or nothing has changed, for folders of several sizes.

Pictures are tiny and random, the encoder is the tests' cheap one: what is measured is everything else.
    python scripts/bench_update.py [--pictures 10000 100000]
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

from retrieval import Progress, Retriever
from retrieval.update import update_folders

MODEL = Path(__file__).parent.parent / "tests" / "retrieval" / "model"
ADDED = 1_000


def draw(folder: Path, start: int, count: int) -> None:
    random = np.random.default_rng(start)
    for number in range(start, start + count):
        path = folder / f"{number // 1000:04d}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (2, 2, 3), dtype=np.uint8)).save(path)


def stat_all(folder: Path) -> float:
    """Seconds to ask for size and time of every file: less is not possible."""
    begun, waiting = perf_counter(), [os.fspath(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    entry.stat()
    return perf_counter() - begun


def timed(directory: Path) -> tuple[float, str]:
    progress = Progress()
    begun = perf_counter()
    changes, _ = update_folders(directory, progress)
    seconds = perf_counter() - begun
    steps = ", ".join(f"{name} {spent:.2f}" for name, spent in progress.seconds.items())
    return seconds, f"{seconds:6.2f} s  ({steps}): {str(changes) or 'no change'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, nargs="+", default=[10_000, 100_000])
    for count in parser.parse_args().pictures:
        with tempfile.TemporaryDirectory() as place:
            folder, directory = Path(place, "pictures"), Path(place, "index")
            draw(folder, 0, count)
            begun = perf_counter()
            Retriever.build(folder, index=directory, encoder=MODEL)
            print(f"{count:,} pictures: first index {perf_counter() - begun:.1f} s")
            print(f"  stat of all files alone {stat_all(folder):.2f} s")
            for _ in range(3):
                print(f"  nothing changed {timed(directory)[1]}")
            for turn in range(3):
                draw(folder, count + turn * ADDED, ADDED)
                print(f"  {ADDED:,} added     {timed(directory)[1]}")


if __name__ == "__main__":
    main()
