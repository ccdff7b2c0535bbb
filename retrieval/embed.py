"""From pictures to vectors: one picture, or the pictures of a folder on all processors."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index_store import Row

from .encoder import Encoder
from .errors import ImageUnreadable
from .images import (
    Decoding,
    FileFacts,
    ImageFile,
    Picture,
    RejectedFile,
    Source,
    StoreFailed,
    is_remote,
    load_picture,
    read_picture,
)
from .index_paths import Folders
from .parallel import in_order
from .threads import num_threads

Vector = NDArray[np.float32]
FileIdentity: TypeAlias = tuple[int, int]

_FILES_A_TURN = 16

BLANK = "it is blank: the encoder finds nothing in it that could be compared"


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedPicture:
    """A picture as the search sees it.

    `vector (dim,) float32`; `width` and `height` of the upright original in pixels; `sha256` of the file's
    contents, in hexadecimal, None where the picture came as pixels; `file`: device and inode of its file,
    which are the same by whatever path it is reached, None where it did not come as a path; `copy (copy_dim,)
    float32`: the vector to find copies by, None where the encoder gives none; `id`: of a picture that is
    asked with as one of the index, that in the index.
    """

    vector: Vector
    width: int
    height: int
    sha256: str | None
    file: FileIdentity | None = None
    copy: Vector | None = None
    id: int | None = None


def embed_picture(encoder: Encoder, source: Source) -> EmbeddedPicture:
    """Read and encode one picture, in the calling thread.

    Raises:
        ImageUnreadable: it cannot be decoded, or the encoder finds nothing in it.
    """
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        picture, facts = read_picture(path, encoder.size, decoding=encoder.decoding)
        vector, copy = _vectors_of(encoder, picture, path)
        return EmbeddedPicture(vector, picture.width, picture.height, facts.sha256, _identity(path), copy)
    if hasattr(source, "read"):
        source = source.read()
    picture = load_picture(source, encoder.size, decoding=encoder.decoding)
    vector, copy = _vectors_of(encoder, picture, "the given picture")
    sha256 = hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else None
    return EmbeddedPicture(vector, picture.width, picture.height, sha256, copy=copy)


class EmbeddedFile(NamedTuple):
    """A file's row, its vector (dim,) float32, and the one for finding copies, (copy_dim,), if it has one."""

    row: Row
    vector: Vector
    copy: Vector | None


class Read(Protocol):
    """What reads a file and makes it a picture with so many pixels a side, as `read_picture` does."""

    def __call__(self, path: Path, size: int, /, *, decoding: Decoding) -> tuple[Picture, FileFacts]:
        """The picture and its file's facts; raises ImageUnreadable."""


Embed: TypeAlias = Callable[[Folders, Sequence[ImageFile], Encoder], Iterator[EmbeddedFile | RejectedFile]]
"""What embeds files, as `embed` does on the processors of this machine."""


def embed(
    folder: Path | Folders, files: Sequence[ImageFile], encoder: Encoder, *, read: Read | None = None
) -> Iterator[EmbeddedFile | RejectedFile]:
    """Row and vectors of each of `files` in `folder`, or why it has none, in their order.

    Memory does not depend on how many there are. `read` is what reads them, `read_picture` by default.
    """
    read = read or read_picture

    def read_one(file: ImageFile) -> tuple[Picture, FileFacts] | RejectedFile:
        try:
            return read(folder / file.path, encoder.size, decoding=encoder.decoding)
        except ImageUnreadable as error:
            return _rejected(folder / file.path, file, error)

    def encode_one(file: ImageFile, picture: Picture, facts: FileFacts) -> EmbeddedFile | RejectedFile:
        try:
            vector, copy = _vectors_of(encoder, picture, file.path)
        except ImageUnreadable as error:
            return _rejected(folder / file.path, file, error)
        return EmbeddedFile(_row(file, picture, facts), vector, copy)

    def embed_some(some: Sequence[ImageFile]) -> list[EmbeddedFile | RejectedFile]:
        # By turns, reading and encoding would push each other out of the processor's cache.
        found = zip(some, [read_one(file) for file in some], strict=True)
        return [each if isinstance(each, RejectedFile) else encode_one(file, *each) for file, each in found]

    # Few files are still spread over all threads.
    size = min(_FILES_A_TURN, max(1, len(files) // (2 * num_threads())))
    turns = [files[begin : begin + size] for begin in range(0, len(files), size)]
    return chain.from_iterable(in_order(embed_some, turns))


def _identity(path: str) -> FileIdentity | None:
    """None where the file has vanished since it was read."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _rejected(path: Path, file: ImageFile, error: ImageUnreadable) -> RejectedFile:
    """`file` with its size and time only if its contents are at fault: of permissions, memory and the network
    they tell nothing.
    """
    readable = is_remote(path) or os.access(path, os.R_OK)
    if isinstance(error.__cause__, (MemoryError, StoreFailed)) or not readable:
        return RejectedFile(file.path, error.reason)
    return RejectedFile(file.path, error.reason, file.size, file.mtime_ns)


def _row(file: ImageFile, picture: Picture, facts: FileFacts) -> Row:
    return Row(
        file.path,
        size=facts.size,
        mtime_ns=facts.mtime_ns or file.mtime_ns,
        sha256=facts.sha256,
        width=picture.width,
        height=picture.height,
    )


def _vectors_of(encoder: Encoder, picture: Picture, name: str) -> tuple[Vector, Vector | None]:
    vectors, copies = encoder.encode_both(picture.pixels[None])
    vector: Vector = vectors[0]
    # Such a vector has no direction: the index cannot hold it, and one picture must not stop the others.
    if not all(np.isfinite(each).all() and each.any() for each in (vector, copies[0]) if len(each)):
        raise ImageUnreadable(name, BLANK)
    return vector, copies[0] if encoder.copy_dim else None
