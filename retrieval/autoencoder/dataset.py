"""All pictures of a folder as one array, in memory or, where they are too many, in a file. No TensorFlow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageUnreadable, NoPictures
from ..images import DECODING, FileFacts, Picture, RejectedFile, find_images, load_picture, read_picture
from ..parallel import in_order
from ..progress import Progress
from .options import DEFAULT_SIZES

Pixels = NDArray[np.uint8]
Rows = NDArray[np.int64]

MEMORY_BUDGET = 1 << 30
_SAMPLE = 200
# JPEG may give back a grey picture with its channels a level or two apart.
_GREY_LEVELS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """`pixels` (n, size, size, 3) uint8, a row for each of `paths`; the others of the folder as `rejections`.

    `sha256` has the hash of each file's contents. `channels` is 1 where every picture is grey, otherwise 3.
    """

    pixels: Pixels
    paths: tuple[str, ...]
    sha256: tuple[str, ...]
    rejections: tuple[RejectedFile, ...]
    channels: int

    @property
    def contents_sha256(self) -> str:
        """One hash of the contents of all files in their order, whatever they and their folder are called."""
        return hashlib.sha256("\n".join(self.sha256).encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Rows of the pictures: `training` and `validation`, sorted, together all of them."""

    training: Rows
    validation: Rows

    @classmethod
    def draw(cls, count: int, share: float, *, seed: int) -> Split:
        """Hold back `share` of `count` pictures, drawn by `seed`: at least one if any, never all.

        Example:
            >>> split = Split.draw(10, 0.1, seed=0)
            >>> len(split.training), len(split.validation)
            (9, 1)
        """
        held_back = min(count - 1, max(1, round(count * share))) if share > 0 else 0
        order = np.random.default_rng(seed).permutation(count)
        return cls(np.sort(order[held_back:]), np.sort(order[:held_back]))


def load_dataset(
    folder: Path | str,
    size: int,
    *,
    overflow: Path,
    memory_budget: int = MEMORY_BUDGET,
    progress: Progress | None = None,
) -> Dataset:
    """Decode every picture in `folder` once, on all processors, squashed to `size` × `size`.

    Up to `memory_budget` bytes they are kept in memory; more are written to the file `overflow`, and read
    from it as they are needed. Pictures that cannot be read are left out and named.

    Raises:
        NoPictures: there are none, or fewer than two that can be read.
        OSError: the disk refused the overflow file.
    """
    scan = find_images(folder)
    found = [picture.path for picture in scan.pictures]
    _refuse_few(folder, len(found), len(scan.rejections))
    shape = (len(found), size, size, 3)
    in_memory = int(np.prod(shape)) <= memory_budget
    pixels = np.empty(shape, np.uint8) if in_memory else _on_disk(overflow, shape)
    hashes: dict[str, str] = {}
    rejections, all_grey = list(scan.rejections), True
    with (progress or Progress()).step("decode", total=len(found)) as step:
        for path, read in _decoded(Path(folder), found, size):
            step.advance()
            if isinstance(read, ImageUnreadable):
                rejections.append(RejectedFile(path, read.reason))
                continue
            picture, facts = read
            pixels[len(hashes)] = picture.pixels
            hashes[path] = facts.sha256
            all_grey = all_grey and _is_grey(picture.pixels)
    _refuse_few(folder, len(hashes), len(rejections))
    return Dataset(
        pixels[: len(hashes)],
        paths=tuple(hashes),
        sha256=tuple(hashes.values()),
        rejections=tuple(sorted(rejections)),
        channels=1 if all_grey else 3,
    )


def fitting_size(folder: Path | str, sizes: Sequence[int] = DEFAULT_SIZES) -> int:
    """The smallest of `sizes` that suits the pictures in `folder`: 28 or 32 for small ones, otherwise 64.

    Judged by the median longer side of up to 200 of them, spread evenly.

    Raises:
        NoPictures: the folder cannot be read, or holds no picture that can.
    """
    found = find_images(folder).pictures
    _refuse_few(folder, len(found), 0, fewest=1)
    chosen = [Path(folder, picture.path) for picture in found[:: -(-len(found) // _SAMPLE)]]
    sides = [side for side in in_order(_longer_side, chosen) if side]
    _refuse_few(folder, len(sides), len(chosen) - len(sides), fewest=1)
    middle = median(sides)
    wanted = 64 if middle > 48 else 32 if middle > 28 else 28
    return min((size for size in sizes if size >= wanted), default=max(sizes))


def channels_of(pixels: Pixels) -> int:
    """1 where red, green and blue agree in every picture of `pixels` (n, size, size, 3), otherwise 3."""
    return 1 if all(_is_grey(picture) for picture in pixels) else 3


def spread(rows: Rows, most: int) -> Rows:
    """At most `most` of `rows`, evenly spread."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.int64))]


def _is_grey(picture: Pixels) -> bool:
    return bool((picture.max(axis=-1) - picture.min(axis=-1)).max() <= _GREY_LEVELS)


def _longer_side(path: Path) -> int | None:
    try:
        picture = load_picture(path, 1)
    except ImageUnreadable:
        return None
    return max(picture.width, picture.height)


def _refuse_few(folder: Path | str, readable: int, rejected: int, *, fewest: int = 2) -> None:
    if readable < fewest:
        raise NoPictures(
            str(folder),
            f"{readable} can be read, {rejected} cannot, expected {fewest} or more to train on",
        )


def _on_disk(path: Path, shape: tuple[int, ...]) -> Pixels:
    path.parent.mkdir(parents=True, exist_ok=True)
    return np.memmap(path, dtype=np.uint8, mode="w+", shape=shape)


def _decoded(
    folder: Path, paths: Sequence[str], size: int
) -> Iterator[tuple[str, tuple[Picture, FileFacts] | ImageUnreadable]]:
    def decode(path: str) -> tuple[Picture, FileFacts] | ImageUnreadable:
        try:
            return read_picture(folder / path, size, decoding=DECODING)
        except ImageUnreadable as error:
            return error

    return zip(paths, in_order(decode, paths), strict=True)
