"""The pictures that an encoder is fitted to: a bounded number of a folder's, drawn by a seed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .demo import CLASSES, draw_picture
from .errors import ImageUnreadable, NoPictures
from .images import Picture, read_picture
from .parallel import in_order
from .progress import Progress

Pictures = NDArray[np.uint8]

MOST = 3_000
"""Pictures that are looked at, of however many there are: what bounds the time and memory of fitting."""
LEAST = 64
"""With fewer distinct pictures than this, drawn ones are added."""
TOPPED_UP = 256
"""How many there are then."""

_SIZES = (32, 64)
_SMALL_SIDE = 48
_KEY_BYTES = 4_096


@dataclass(frozen=True, slots=True, eq=False)
class FitSample:
    """What an encoder is fitted to: `pictures (n, S, S, 3) uint8`, distinct, n >= 2.

    `paths`: relative paths of those that are the folder's own, which come first; after them `drawn` pictures
    that were drawn for want of more. `found`: how many the folder has.
    """

    pictures: Pictures
    paths: tuple[str, ...]
    drawn: int
    found: int

    @property
    def note(self) -> str | None:
        """What to tell the user about the pictures that are not their own; None if there are none."""
        if not self.drawn:
            return None
        return (
            f"fitted with {self.drawn} drawn pictures, for the folder has only {len(self.paths)} "
            f"distinct: with {LEAST} or more the encoder would be its own"
        )

    def to_json(self) -> str:
        """Which pictures were used, as JSON text."""
        values = {
            "found": self.found,
            "size": self.pictures.shape[1],
            "drawn": self.drawn,
            "pictures": sorted(self.paths),
        }
        return json.dumps(values, indent=1) + "\n"


def draw_sample(
    folder: Path, paths: Sequence[str], *, seed: int = 0, progress: Progress | None = None
) -> FitSample:
    """Draw from `paths`, relative to `folder`, what an encoder is to be fitted to.

    Pictures that cannot be read are passed over, and of identical ones only the first is taken. S is 32 where
    half of the pictures are at most 48 pixels long, else 64. The same files and seed give the same sample in
    the same order, whatever the files are called: the names of folders are often what the pictures show, and
    nothing of that may reach an encoder.

    Raises:
        NoPictures: none of the drawn ones can be read.
    """
    chosen = _chosen(folder, paths, seed)
    own = _read_distinct(folder, chosen, progress or Progress())
    pixels = [np.stack(list(own.values()))]
    drawn = TOPPED_UP - len(own) if len(own) < LEAST else 0
    if drawn:
        pixels.append(_drawings(drawn, pixels[0].shape[1], seed))
    return FitSample(np.concatenate(pixels), tuple(own), drawn, len(paths))


def _chosen(folder: Path, paths: Sequence[str], seed: int) -> list[str]:
    if len(paths) <= MOST:
        return list(paths)
    keys = in_order(lambda path: _draw_key(folder / path, seed), paths)
    return [path for _, path in sorted(zip(keys, paths, strict=True))[:MOST]]


def _draw_key(path: Path, seed: int) -> bytes:
    """Where a file stands in the draw: by its size, its beginning and its end, without reading all of it."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            head = file.read(_KEY_BYTES)
            file.seek(max(0, size - _KEY_BYTES))
            tail = file.read(_KEY_BYTES)
    except OSError:
        return b""  # drawn, so that it is passed over with the others that cannot be read
    return hashlib.sha256(b"%d %d\n" % (seed, size) + head + tail).digest()


def _read_distinct(folder: Path, paths: Sequence[str], progress: Progress) -> dict[str, Pictures]:
    """The pixels of the readable and distinct ones by their paths, all of the size that suits them."""
    large = _read(folder, paths, _SIZES[1], progress)
    if not large:
        raise NoPictures(str(folder), f"none of the {len(paths)} files looked at can be read as a picture")
    sides = [max(picture.width, picture.height) for picture in large.values()]
    small = np.median(sides) <= _SMALL_SIDE
    pictures = _read(folder, list(large), _SIZES[0], progress) if small else large
    return _distinct(pictures)


def _read(folder: Path, paths: Sequence[str], size: int, progress: Progress) -> dict[str, Picture]:
    def read_one(path: str) -> Picture | None:
        try:
            return read_picture(folder / path, size)[0]
        except ImageUnreadable:
            return None

    pictures = {}
    with progress.step("read a sample", total=len(paths)) as step:
        for path, picture in zip(paths, in_order(read_one, paths), strict=True):
            step.advance()
            if picture is not None:
                pictures[path] = picture
    return pictures


def _distinct(pictures: dict[str, Picture]) -> dict[str, Pictures]:
    first: dict[bytes, str] = {}
    for path, picture in pictures.items():
        # Files of identical bytes have identical pixels too.
        first.setdefault(hashlib.sha256(picture.pixels.tobytes()).digest(), path)
    return {path: pictures[path].pixels for _, path in sorted(first.items())}


def _drawings(count: int, size: int, seed: int) -> Pictures:
    names = list(CLASSES)

    def draw(number: int) -> Pictures:
        name, within = names[number % len(names)], number // len(names)
        return np.asarray(draw_picture(name, within, size=size, seed=seed))

    return np.stack(list(in_order(draw, range(count))))
