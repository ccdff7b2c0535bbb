"""All pictures of a folder as one array, in memory or, where they are too many, in a file. No TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageUnreadable, NoPictures
from ..images import RejectedFile, find_images, load, load_picture
from ..parallel import in_order
from ..progress import Progress

Pixels = NDArray[np.uint8]

MEMORY_BUDGET = 1 << 30
_SAMPLE = 200
# JPEG may give back a grey picture with its channels a level or two apart.
_GREY_LEVELS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """`pixels` (n, size, size, 3) uint8, a row for each of `paths`; the others of the folder as `rejections`.

    `channels` is 1 where every picture is grey, otherwise 3.
    """

    pixels: Pixels
    paths: tuple[str, ...]
    rejections: tuple[RejectedFile, ...]
    channels: int


def gather(
    folder: Path | str,
    size: int,
    *,
    overflow: Path,
    memory_budget: int = MEMORY_BUDGET,
    progress: Progress | None = None,
) -> Gathered:
    """Decode every picture in `folder` once, on all processors, squashed to `size` × `size`.

    Up to `memory_budget` bytes they are kept in memory; more are written to the file `overflow`, and read
    from it as they are needed. Pictures that cannot be read are left out and told.

    Raises:
        NoPictures: there are none, or fewer than two that can be read.
        OSError: the disk refused the overflow file.
    """
    findings = find_images(folder)
    found = [picture.path for picture in findings.pictures]
    _refuse_few(folder, len(found), len(findings.rejections))
    shape = (len(found), size, size, 3)
    in_memory = int(np.prod(shape)) <= memory_budget
    pixels = np.empty(shape, np.uint8) if in_memory else _on_disk(overflow, shape)
    paths: list[str] = []
    rejections, is_grey = list(findings.rejections), True
    with (progress or Progress()).step("decode", total=len(found)) as step:
        for path, picture in _decoded(Path(folder), found, size):
            step.advance()
            if isinstance(picture, ImageUnreadable):
                rejections.append(RejectedFile(path, picture.reason))
                continue
            pixels[len(paths)] = picture
            paths.append(path)
            is_grey = is_grey and _is_grey(picture)
    _refuse_few(folder, len(paths), len(rejections))
    return Gathered(pixels[: len(paths)], tuple(paths), tuple(sorted(rejections)), 1 if is_grey else 3)


def fitting_size(folder: Path | str) -> int:
    """The side in pixels that suits the pictures in `folder`: 28 or 32 for small ones, otherwise 64.

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
    if middle > 48:
        return 64
    return 28 if middle <= 28 else 32


def channels_of(pixels: Pixels) -> int:
    """1 where red, green and blue agree in every picture of `pixels` (n, size, size, 3), otherwise 3."""
    return 1 if all(_is_grey(picture) for picture in pixels) else 3


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


def _decoded(folder: Path, paths: Sequence[str], size: int) -> Iterator[tuple[str, Pixels | ImageUnreadable]]:
    def decode(path: str) -> Pixels | ImageUnreadable:
        try:
            return load(folder / path, size)
        except ImageUnreadable as error:
            return error

    return zip(paths, in_order(decode, paths), strict=True)
