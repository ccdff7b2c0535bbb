"""A picture as it is given, a path, bytes, a stream, an image or an array, read to where decoding starts."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

import numpy as np
from PIL import Image

from ..errors import ImageUnreadable
from .pixels import AnyArray
from .reasons import EMPTY, NO_MEMORY, NOT_REGULAR, printable, system_reason
from .remote import is_remote, read_remote

Source: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | AnyArray

# The whole file is read into memory to be decoded. The largest picture that is decoded at all
# (decode.MAX_PIXELS) needs less than this in eight bytes a pixel, uncompressed.
MAX_FILE_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class FileFacts:
    """`size` in bytes, `mtime_ns` in nanoseconds since 1970, `sha256` of the contents in hexadecimal.

    `mtime_ns` is 0 for a file at a URL: it came with the listing, and is not asked for again.
    """

    size: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """What a source holds: its `name` in errors, and as `data` the file's bytes, the image or the array."""

    name: str
    data: bytes | Image.Image | AnyArray


def read_source(source: Source) -> Contents:
    """Read files and streams whole, leave images and arrays as they are, and name each for errors.

    Raises:
        ImageUnreadable: the file or stream cannot be read or is empty, or `source` is of another kind.
    """
    if is_remote(source):
        return Contents(printable(str(source)), _read_bytes(cast("Path", source))[0])
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        return Contents(printable(path), _read_bytes(path)[0])
    if isinstance(source, Image.Image):
        return Contents(printable(str(getattr(source, "filename", ""))) or "the given PIL image", source)
    if isinstance(source, np.ndarray):
        return Contents("the given array", source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _in_memory("the given bytes", bytes(source))
    if hasattr(source, "read"):
        return _in_memory("the given stream", _read_stream(source))
    several = isinstance(source, Iterable) and not isinstance(source, (list, tuple, dict))
    raise ImageUnreadable(
        f"the given {type(source).__name__}",
        "expected a path, bytes, a binary file, a PIL image or an array"
        + (", or a list made of it" if several else ""),
    )


def _read_stream(stream: BinaryIO) -> object:
    try:
        return stream.read()
    except (OSError, ValueError) as error:
        raise ImageUnreadable("the given stream", "it is closed or cannot be read from") from error


def _in_memory(name: str, data: object) -> Contents:
    if not isinstance(data, bytes):
        raise ImageUnreadable(name, f"it gives {type(data).__name__}, expected bytes: open it in binary mode")
    if not data:
        raise ImageUnreadable(name, EMPTY)
    return Contents(name, data)


def read_file(path: Path | str) -> tuple[bytes, FileFacts]:
    """The contents of one file with its facts, from a single reading.

    Raises:
        ImageUnreadable: it is missing, empty, not a regular file, above 2 GiB, or may not be read.

    Example:
        >>> data, facts = read_file("photos/a.jpg")
        >>> len(data) == facts.size
        True
    """
    data, mtime_ns = _read_bytes(path)
    return data, FileFacts(size=len(data), mtime_ns=mtime_ns, sha256=hashlib.sha256(data).hexdigest())


def _read_bytes(path: Path | str) -> tuple[bytes, int]:
    """The contents of one file and its time of change in nanoseconds; raises as `read_file` does."""
    name = printable(str(path))
    if not is_remote(path):
        return _read_here(path, name)
    data = read_remote(cast("Path", path))
    if not data:
        raise ImageUnreadable(name, EMPTY)
    return data, 0


def _read_here(path: Path | str, name: str) -> tuple[bytes, int]:
    if not name:  # as a path it would be the current directory
        raise ImageUnreadable("''", "it is empty, expected a path")
    try:
        # Asked before opening: to open a pipe waits for its writer, and a device may never end.
        mode = Path(path).stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise ImageUnreadable(name, NOT_REGULAR)
        with Path(path).open("rb") as file:
            # Taken before reading: a file that changes meanwhile is seen as changed the next time.
            facts = os.fstat(file.fileno())
            if facts.st_size > MAX_FILE_BYTES:
                limit = f"more than the limit of {MAX_FILE_BYTES:,}"
                raise ImageUnreadable(name, f"it has {facts.st_size:,} bytes, {limit}")
            data = file.read()
    except OSError as error:
        raise ImageUnreadable(name, system_reason(error)) from error
    except ValueError as error:
        raise ImageUnreadable(name, "this is not a valid path") from error
    except MemoryError as error:
        raise ImageUnreadable(name, NO_MEMORY) from error
    if not data:
        raise ImageUnreadable(name, EMPTY)
    return data, facts.st_mtime_ns
