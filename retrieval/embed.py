"""From pictures to vectors: one picture, or the pictures of a folder on all processors."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index_store import Row

from .encoder import Encoder
from .errors import ImageUnreadable
from .images import FileFacts, Picture, RejectedFile, Source, load_picture, read_picture
from .parallel import in_order

Vector = NDArray[np.float32]

BLANK = "it is blank: the encoder finds nothing in it that could be compared"


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedPicture:
    """A picture as the search sees it.

    `vector (dim,) float32`; `width` and `height` of the upright original in pixels; `sha256` of the file's
    contents, in hexadecimal, None where the picture came as pixels.
    """

    vector: Vector
    width: int
    height: int
    sha256: str | None


def embed_picture(encoder: Encoder, source: Source) -> EmbeddedPicture:
    """Read and encode one picture, in the calling thread.

    Raises:
        ImageUnreadable: it cannot be decoded, or nothing is in it that the encoder could tell.
    """
    picture, sha256 = _read(source, encoder.size)
    vector = _vector_of(encoder, picture, _name_of(source))
    return EmbeddedPicture(vector, picture.width, picture.height, sha256)


def embed(
    folder: Path, paths: Iterable[str], encoder: Encoder
) -> Iterator[tuple[Row, Vector] | RejectedFile]:
    """Row and vector of each picture in `folder`, or why it has none, in the order of `paths`.

    `paths` are relative to `folder`. Memory does not depend on how many there are.
    """

    def embed_one(path: str) -> tuple[Row, Vector] | RejectedFile:
        try:
            picture, facts = read_picture(folder / path, encoder.size)
            vector = _vector_of(encoder, picture, path)
        except ImageUnreadable as error:
            return RejectedFile(path, error.reason)
        return _row(path, picture, facts), vector

    return in_order(embed_one, paths)


def _row(path: str, picture: Picture, facts: FileFacts) -> Row:
    return Row(
        path,
        size=facts.size,
        mtime_ns=facts.mtime_ns,
        sha256=facts.sha256,
        width=picture.width,
        height=picture.height,
    )


def _read(source: Source, size: int) -> tuple[Picture, str | None]:
    if isinstance(source, (str, os.PathLike)):
        picture, facts = read_picture(os.fspath(source), size)
        return picture, facts.sha256
    sha256 = hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else None
    return load_picture(source, size), sha256


def _vector_of(encoder: Encoder, picture: Picture, name: str) -> Vector:
    vector: Vector = encoder.encode(picture.pixels[None])[0]
    # Such a vector has no direction: the index cannot hold it, and one picture must not stop the others.
    if not (np.isfinite(vector).all() and vector.any()):
        raise ImageUnreadable(name, BLANK)
    return vector


def _name_of(source: Source) -> str:
    return str(source) if isinstance(source, (str, os.PathLike)) else "the given picture"
