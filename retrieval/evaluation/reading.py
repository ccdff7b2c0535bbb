"""From files to pixels at every size that the methods need: each file is read and decoded once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import ImageUnreadable
from ..images import RejectedFile, load, open_picture, read_file
from .arrays import Integers
from .baselines import Pictures
from .exact_search import map_blocks

BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class PictureBatch:
    """Some pictures of a folder, decoded.

    `positions (b,)` in the list of paths that was asked for, `contents` their SHA-256, `pixels` by size
    (b, size, size, 3) uint8. `rejections`: those that cannot be read.
    """

    positions: Integers
    contents: tuple[str, ...]
    pixels: Mapping[int, Pictures]
    rejections: tuple[RejectedFile, ...]


def read_batches(folder: Path, paths: Sequence[str], sizes: Sequence[int]) -> Iterator[PictureBatch]:
    """Decode the pictures at `paths` in `folder`, in order, on all cores, a few batches ahead at most."""

    def read(part: slice) -> PictureBatch:
        return _read_batch(folder, paths, part, sorted(set(sizes)))

    return map_blocks(read, num_queries=len(paths), block=BATCH)


def _read_batch(folder: Path, paths: Sequence[str], part: slice, sizes: Sequence[int]) -> PictureBatch:
    positions: list[int] = []
    contents: list[str] = []
    rejections: list[RejectedFile] = []
    squares: dict[int, list[Pictures]] = {size: [] for size in sizes}
    for position in range(part.start, part.stop):
        try:
            content, pixels = read_sizes(folder / paths[position], sizes)
        except ImageUnreadable as error:
            rejections.append(RejectedFile(paths[position], error.reason))
            continue
        positions.append(position)
        contents.append(content)
        for size in sizes:
            squares[size].append(pixels[size])
    stacked = {size: stack(squares[size], size) for size in sizes}
    return PictureBatch(np.array(positions, dtype=np.int64), tuple(contents), stacked, tuple(rejections))


def read_sizes(path: Path, sizes: Sequence[int]) -> tuple[str, dict[int, Pictures]]:
    """The SHA-256 of one file, and its picture at each size.

    Decoded as for the largest size: a JPEG is then reduced no further than an encoder of that size would
    have it.

    Raises:
        ImageUnreadable: whatever is wrong with it.
    """
    image, content = open_once(path, at_least=max(sizes))
    return content, squashed(image, sizes)


def open_once(path: Path, *, at_least: int) -> tuple[Image.Image, str]:
    """The upright picture and the SHA-256 of one file that is read once.

    Raises:
        ImageUnreadable: whatever is wrong with it.
    """
    data, facts = read_file(path)
    try:
        return open_picture(data, at_least=at_least), facts.sha256
    except ImageUnreadable as error:
        raise ImageUnreadable(str(path), error.reason) from error


def squashed(image: Image.Image, sizes: Sequence[int]) -> dict[int, Pictures]:
    """An upright RGB picture at each size, (size, size, 3) uint8, as `retrieval.images.load` makes it."""
    # As an array: an image keeps the EXIF orientation that it was turned by, and would be turned again.
    pixels = np.asarray(image)
    return {size: load(pixels, size) for size in sizes}


def stack(pictures: Sequence[Pictures], size: int) -> Pictures:
    """Squares of one size as one array, also if there are none."""
    return np.stack(pictures) if pictures else np.zeros((0, size, size, 3), dtype=np.uint8)
