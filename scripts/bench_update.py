"""How long `retrieve index` takes when little or nothing has changed, for folders of several sizes.

Pictures are tiny and the encoder is the one of the tests: what is measured is everything else. The first
index is made of rows alone, since to embed its pictures is not the question.

python scripts/bench_update.py --pictures 10000 100000
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
from PIL import Image

from index_store import Index, Row
from retrieval import Model, Progress
from retrieval.images import find_images
from retrieval.index_paths import Folders
from retrieval.indexing.update import update_folders

MODEL = Path(__file__).parent.parent / "tests" / "retrieval" / "model"
ADDED, LINKS = 1_000, 50_000


def path_of(folder: Path, number: int) -> Path:
    path = folder / f"{number // 1000:04d}" / f"{number}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def draw(folder: Path, start: int) -> None:
    random = np.random.default_rng(start)
    for number in range(start, start + ADDED):
        pixels = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path_of(folder, number))


def begin(folder: Path, directory: Path, count: int) -> None:
    """An index of `count` files, which are links to a few: a file can have some ten thousand names."""
    for number in range(count):
        first = folder.parent / f"{number // LINKS}.png"
        if number % LINKS == 0:
            Image.new("RGB", (4, 4), (number // LINKS, 2, 3)).save(first)
        os.link(first, path_of(folder, number))
    model, scan = Model.open(MODEL), find_images(folder)
    vectors = np.random.default_rng(0).standard_normal((count, model.encoder.dim)).astype(np.float32)
    settings = {"folders": Folders.of(folder).references(directory)}
    fingerprint = model.encoder.fingerprint
    with Index.create(directory, model.encoder.dim, encoder=fingerprint, settings=settings) as index:
        for name, content in model.files().items():
            index.attach(name, content)
        rows = [
            Row(file.path, file.size, file.mtime_ns, sha256=f"{at:064x}", width=4, height=4)
            for at, file in enumerate(scan.pictures)
        ]
        index.add(vectors, rows)
        index.save()


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


def timed(directory: Path) -> str:
    progress = Progress()
    begun, used = perf_counter(), process_time()
    changes = update_folders(directory, progress)
    seconds, spent = perf_counter() - begun, process_time() - used
    steps = ", ".join(f"{name} {spent:.2f}" for name, spent in progress.seconds.items())
    return f"{seconds:6.2f} s, {spent:.2f} s of processors ({steps}): {str(changes) or 'no change'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pictures", type=int, nargs="+", default=[10_000, 100_000])
    for count in parser.parse_args().pictures:
        with tempfile.TemporaryDirectory() as place:
            folder, directory = Path(place, "pictures"), Path(place, "index")
            begin(folder, directory, count)
            print(f"{count:,} pictures; to ask for size and time of all files {stat_all(folder):.2f} s")
            update_folders(directory, Progress())
            for _ in range(2):
                print(f"  nothing changed {timed(directory)}")
            for turn in range(2):
                draw(folder, count + turn * ADDED)
                print(f"  {ADDED:,} added     {timed(directory)}")


if __name__ == "__main__":
    main()
