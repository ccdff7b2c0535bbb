"""Pictures a second on two threads: bare decoding, `imagehash.phash` as its users call it, and embedding.

    pip install imagehash
    python scripts/bench_embedding.py photos/ --encoder MODEL [--rounds 5]

Bare decoding is Pillow's, reduced to the scale next above the size; `phash` decodes in full; embedding reads,
hashes, decodes, turns upright, resizes and encodes, as `retrieve index` does. The three take turns at parts
of the folder, so that whatever else the machine does falls on all alike; of each part the fastest round
counts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import TypeAlias

import imagehash
import numpy as np
from PIL import Image

from retrieval.embed import embed
from retrieval.encoder import Encoder
from retrieval.images import ImageFile, find_images, load
from retrieval.models import open_model
from retrieval.threads import use_threads

THREADS = 2
REQUIRED = 0.55
PART = 240


def bare_decoding(path: Path, size: int) -> None:
    with Image.open(path) as image:
        image.draft("RGB", (size, size))
        image.convert("RGB").resize((size, size))


def perceptual_hash(path: Path) -> None:
    with Image.open(path) as image:
        imagehash.phash(image)


def in_threads(work: Callable[[Path], None], paths: Iterable[Path]) -> None:
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in threads.map(work, paths):
            pass


def encoder_milliseconds(encoder: Encoder, path: Path, repeats: int = 200) -> float:
    """The shortest time of the encoder alone for one picture, on one thread."""
    pixels = load(path, encoder.size, decoding=encoder.decoding)[None]
    times = []
    for _ in range(repeats):
        begun = perf_counter()
        encoder.encode(pixels)
        times.append(perf_counter() - begun)
    return 1000 * min(times)


Files: TypeAlias = Sequence[ImageFile]


def fastest(
    works: Mapping[str, Callable[[Files], object]], parts: Sequence[Files], rounds: int
) -> dict[str, float]:
    """Seconds of each work for all parts, of each part the shortest of so many rounds."""
    seconds = {name: np.full(len(parts), np.inf) for name in works}
    for _ in range(rounds):
        for number, part in enumerate(parts):
            for name, work in works.items():
                begun = perf_counter()
                work(part)
                seconds[name][number] = min(seconds[name][number], perf_counter() - begun)
    return {name: float(each.sum()) for name, each in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--encoder", required=True, help="a model's folder, or an indexed folder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=3_000, help="at most so many of the folder")
    arguments = parser.parse_args()
    use_threads(THREADS)
    encoder = open_model(arguments.encoder).encoder
    files = find_images(arguments.folder).pictures[: arguments.pictures]

    def paths(part: Files) -> list[Path]:
        return [arguments.folder / file.path for file in part]

    works: dict[str, Callable[[Files], object]] = {
        "bare decoding": lambda part: in_threads(lambda path: bare_decoding(path, encoder.size), paths(part)),
        "imagehash.phash": lambda part: in_threads(perceptual_hash, paths(part)),
        "embedding": lambda part: list(embed(arguments.folder, part, encoder)),
    }
    seconds = fastest(
        works, [files[start : start + PART] for start in range(0, len(files), PART)], arguments.rounds
    )
    rates = {name: len(files) / taken for name, taken in seconds.items()}
    for name, rate in rates.items():
        print(f"{name:<18}{rate:8,.0f} pictures/s")
    share = rates["embedding"] / rates["imagehash.phash"]
    print(f"embedding has {share:.2f} of the rate of phash, required {REQUIRED}")
    alone = encoder_milliseconds(encoder, arguments.folder / files[0].path)
    print(f"the encoder alone takes {alone:.2f} ms a picture on one thread")
    raise SystemExit(0 if share >= REQUIRED else 1)


if __name__ == "__main__":
    main()
