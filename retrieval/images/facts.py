"""A file's bytes and the facts the catalogue keeps of it: size, time of change, content hash."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import ImageUnreadable
from .reasons import EMPTY, NO_MEMORY, printable, system_reason

# The whole file is read into memory to be decoded. The largest picture that is decoded at all
# (decode.MAX_PIXELS) needs less than this in eight bytes a pixel, uncompressed.
MAX_FILE_BYTES = 2 * 1024**3
_BLOCK_BYTES = 1024**2


@dataclass(frozen=True, slots=True)
class FileFacts:
    """`size` in bytes, `mtime_ns` in nanoseconds since 1970, `sha256` of the contents in hexadecimal."""

    size: int
    mtime_ns: int
    sha256: str


def file_facts(path: Path | str) -> FileFacts:
    """The facts of one file, read block by block: memory does not depend on its size.

    Raises:
        ImageUnreadable: it is missing, not a regular file, or may not be read.

    Example:
        >>> file_facts("photos/a.jpg").sha256
        '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
    """
    try:
        with _open_regular(path) as file:
            mtime_ns, size, digest = os.fstat(file.fileno()).st_mtime_ns, 0, hashlib.sha256()
            while block := file.read(_BLOCK_BYTES):
                size += len(block)
                digest.update(block)
    except OSError as error:
        raise ImageUnreadable(printable(str(path)), system_reason(error)) from error
    return FileFacts(size=size, mtime_ns=mtime_ns, sha256=digest.hexdigest())


def read_file(path: Path | str) -> tuple[bytes, FileFacts]:
    """The contents of one file with its facts, from a single reading.

    Raises:
        ImageUnreadable: it is missing, empty, not a regular file, above 2 GiB, or may not be read.

    Example:
        >>> data, facts = read_file("photos/a.jpg")
        >>> len(data) == facts.size
        True
    """
    data, mtime_ns = read_contents(path)
    return data, FileFacts(size=len(data), mtime_ns=mtime_ns, sha256=hashlib.sha256(data).hexdigest())


def read_contents(path: Path | str) -> tuple[bytes, int]:
    """The contents of one file and its time of change in nanoseconds; raises as `read_file` does."""
    name = printable(str(path))
    try:
        with _open_regular(path) as file:
            # Taken before reading: a file that changes meanwhile is seen as changed the next time.
            facts = os.fstat(file.fileno())
            _refuse_size(name, facts.st_size)
            data = file.read()
    except OSError as error:
        raise ImageUnreadable(name, system_reason(error)) from error
    except MemoryError as error:
        raise ImageUnreadable(name, NO_MEMORY) from error
    if not data:
        raise ImageUnreadable(name, EMPTY)
    return data, facts.st_mtime_ns


def _open_regular(path: Path | str) -> BinaryIO:
    # Asked before opening: to open a pipe waits for its writer, and a device may never end.
    try:
        mode = Path(path).stat().st_mode
    except ValueError as error:
        raise ImageUnreadable(printable(str(path)), "this is not a valid path") from error
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise ImageUnreadable(printable(str(path)), "it is a pipe or a device, expected a regular file")
    return Path(path).open("rb")


def _refuse_size(name: str, size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise ImageUnreadable(name, f"it has {size:,} bytes, more than the limit of {MAX_FILE_BYTES:,}")
