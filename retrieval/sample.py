"""The pictures that an encoder is fitted to, a bounded number drawn by a seed; and which those were."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index_store import Index

from .demo import CLASSES, draw_picture
from .errors import ImageUnreadable, NoPictures
from .images import DECODING, Decoding, FileFacts, Picture, is_remote, read_picture
from .index_paths import Folders, existing_index, folder_of, is_indexed
from .parallel import in_order
from .progress import Progress

Pictures = NDArray[np.uint8]
ReadPicture: TypeAlias = tuple[Picture, FileFacts]

FITTED = "fitted.json"
"""Where an index, as an attachment, and a training run keep which pictures their encoder was fitted to."""

MOST = 3_000
"""Pictures that are looked at, of however many there are: what bounds the time and memory of fitting."""
MOST_SMALL = 10_000
"""The same for pictures that are fitted at 32 pixels, of which folders often have many."""
LEAST = 64
"""With fewer distinct pictures than this, drawn ones are added."""
TOPPED_UP = 256
"""How many there are then."""

_SIZES = (32, 64)
_SMALL_SIDE = 48
_KEY_BYTES = 4_096


@dataclass(frozen=True, slots=True, eq=False)
class FittedTo:
    """Which pictures an encoder was fitted to.

    `paths`: the folder's own pictures among them, relative to it. `drawn`: how many others there were, which
    were drawn because the folder has too few. `found`: how many pictures the folder had. `size`: pixels of a
    side at which they were read. `by`: what fitted it, as "retrieve train"; empty for indexing itself.
    """

    paths: tuple[str, ...]
    drawn: int
    found: int
    size: int
    by: str = ""

    @classmethod
    def parse(cls, text: str, *, by: str = "") -> FittedTo:
        """Read what `to_json` or a training run wrote; `by` counts where the text does not say it.

        Raises:
            ValueError, KeyError, TypeError: it is not such a text.
        """
        values = json.loads(text)
        paths = tuple(str(path) for path in values["pictures"])
        return cls(
            paths, int(values["drawn"]), int(values["found"]), int(values["size"]), values.get("by", by)
        )

    @property
    def note(self) -> str | None:
        """What to tell the user about the pictures that are not their own; None if there are none."""
        if not self.drawn:
            return None
        return (
            f"fitted with {self.drawn} drawn pictures, for the folder has only {len(self.paths)} "
            f"distinct: with {LEAST} or more the encoder would be its own"
        )

    def summary(self) -> dict[str, Any]:
        """The same in figures, as the settings of an index keep it."""
        values = {"pictures": len(self.paths), "drawn": self.drawn, "note": self.note}
        return values | ({"by": self.by} if self.by else {})

    def to_json(self) -> str:
        """Which pictures were used, as JSON text."""
        values = {
            "found": self.found,
            "size": self.size,
            "drawn": self.drawn,
            "pictures": sorted(self.paths),
            **({"by": self.by} if self.by else {}),
        }
        return json.dumps(values, indent=1) + "\n"


@dataclass(frozen=True, slots=True, eq=False)
class FitSample(FittedTo):
    """What an encoder is to be fitted to: `pictures (n, S, S, 3) uint8`, distinct.

    The folder's own come first, in the order of `paths`, and after them those that were drawn. `read_from`:
    the folder's own by the path that they were read from, with the facts of their files.
    """

    pictures: Pictures = field(kw_only=True)
    read_from: Mapping[Path, ReadPicture] = field(kw_only=True, repr=False)

    def read(self, path: Path, size: int, *, decoding: Decoding = DECODING) -> ReadPicture:
        """What `read_picture` gives, of the pictures here from memory unless their file has changed since.

        Raises:
            ImageUnreadable, ValueError: as `read_picture`.
        """
        known = self.read_from.get(path) if (size, decoding) == (self.size, DECODING) else None
        if known is not None and _is_unchanged(path, known[1]):
            return known
        return read_picture(path, size, decoding=decoding)


def fitted_before(encoder: object, folder: Path, paths: Sequence[str]) -> FittedTo | None:
    """Which of the pictures at `paths` in `folder` the `encoder` was fitted to earlier; None if to none.

    A training run's folder tells it in fitted.json, an index in its attachment of this name.
    """
    if not isinstance(encoder, (str, Path)) or not Path(encoder).exists():
        return None
    path = Path(encoder)
    place = path if path.is_dir() else path.parent
    try:
        if (place / FITTED).is_file():
            text = (place / FITTED).read_text(encoding="utf-8")
            known, top = FittedTo.parse(text, by="retrieve train"), Path(json.loads(text)["folder"])
        elif is_indexed(path):
            index = Index.open(existing_index(path))
            if FITTED not in index.attachments:
                return None
            text = index.attachment(FITTED).read_text(encoding="utf-8")
            known, top = FittedTo.parse(text, by="retrieve index"), folder_of(index)
        else:
            return None
    except (ValueError, KeyError, TypeError):
        return None  # not written by us: nothing is known
    if top.resolve() != folder.resolve():
        return None
    here = set(paths).intersection(known.paths)
    return FittedTo(tuple(sorted(here)), known.drawn, known.found, known.size, known.by) if here else None


def draw_sample(
    folder: Path | Folders, paths: Sequence[str], *, seed: int = 0, progress: Progress | None = None
) -> FitSample:
    """Draw from `paths`, relative to `folder`, what an encoder is to be fitted to.

    Pictures that cannot be read are passed over, and of identical ones only the first is taken. S is 32 where
    half of the pictures are at most 48 pixels long, else 64. The same files and seed give the same sample in
    the same order, whatever the files are called: the names of folders are often what the pictures show, and
    nothing of that may reach an encoder.

    Raises:
        NoPictures: none of the drawn ones can be read.
    """
    own = _read_distinct(folder, _shuffled(folder, paths, seed, MOST), progress or Progress())
    pixels = [np.stack([picture.pixels for picture, _ in own.values()])]
    size = pixels[0].shape[1]
    drawn = TOPPED_UP - len(own) if len(own) < LEAST else 0
    if drawn:
        pixels.append(_drawings(drawn, size, seed))
    read_from = {folder / path: read for path, read in own.items()}
    return FitSample(
        tuple(own), drawn, len(paths), size, pictures=np.concatenate(pixels), read_from=read_from
    )


def _shuffled(folder: Path | Folders, paths: Sequence[str], seed: int, most: int) -> list[str]:
    """`paths` in the order in which they are drawn, where there are more than `most`."""
    if len(paths) <= most:
        return list(paths)
    keys = in_order(lambda path: _draw_key(folder / path, seed), paths)
    return [path for _, path in sorted(zip(keys, paths, strict=True))]


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


def _is_unchanged(path: Path, facts: FileFacts) -> bool:
    """By its size and time; at a URL that is not known."""
    if is_remote(path):
        return False
    try:
        status = path.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (facts.size, facts.mtime_ns)


def _read_distinct(
    folder: Path | Folders, paths: Sequence[str], progress: Progress
) -> dict[str, ReadPicture]:
    """The pixels of the readable and distinct ones of the first `paths`, all of the size that suits them."""
    first = paths[:MOST]
    large = _read(folder, first, _SIZES[1], progress)
    if not large:
        raise NoPictures(str(folder), f"none of the {len(first)} files looked at can be read as a picture")
    sides = [max(picture.width, picture.height) for picture, _ in large.values()]
    small = np.median(sides) <= _SMALL_SIDE
    pictures = _read(folder, paths[:MOST_SMALL], _SIZES[0], progress) if small else large
    return _distinct(pictures)


def _read(
    folder: Path | Folders, paths: Sequence[str], size: int, progress: Progress
) -> dict[str, ReadPicture]:
    def read_one(path: str) -> ReadPicture | None:
        try:
            return read_picture(folder / path, size, decoding=DECODING)
        except ImageUnreadable:
            return None

    pictures = {}
    with progress.step("read a sample", total=len(paths)) as step:
        for path, read in zip(paths, in_order(read_one, paths), strict=True):
            step.advance()
            if read is not None:
                pictures[path] = read
    return pictures


def _distinct(pictures: dict[str, ReadPicture]) -> dict[str, ReadPicture]:
    first: dict[bytes, str] = {}
    for path, (picture, _) in pictures.items():
        # Files of identical bytes have identical pixels too.
        first.setdefault(hashlib.sha256(picture.pixels.tobytes()).digest(), path)
    return {path: pictures[path] for _, path in sorted(first.items())}


def _drawings(count: int, size: int, seed: int) -> Pictures:
    names = list(CLASSES)

    def draw(number: int) -> Pictures:
        name, within = names[number % len(names)], number // len(names)
        return np.asarray(draw_picture(name, within, size=size, seed=seed))

    return np.stack(list(in_order(draw, range(count))))
