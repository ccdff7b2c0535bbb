"""Files written whole or not at all, described by size and SHA-256."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .checks import Check
from .errors import IndexDamaged, IndexUnwritable
from .names import APPEND_ONLY, PART

CHUNK = 1 << 20

# A quick check reads files up to this size: hashing takes about 0.6 ms a MiB, and a query opens an index.
QUICK_BYTES = 4 << 20

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_IN_THE_WAY = (FileExistsError, NotADirectoryError)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of an index as the manifest describes it.

    path: its name on disk. size: the bytes that belong to the index; an append-only file may be longer.
    sha256: of these bytes, in hexadecimal.
    """

    path: str
    size: int
    sha256: str


@contextlib.contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Turn what the disk refuses while `directory` is written into `IndexUnwritable`."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as err:
        raise IndexUnwritable(
            f"cannot write index {directory}: {_reason(err)}; what was saved there before is unchanged: "
            f"{_way_out(err)}"
        ) from err


def write_file(path: Path, chunks: Iterable[bytes]) -> StoredFile:
    """Write `chunks` to `path` through a temporary file beside it, and make sure that they are on the disk.

    Raises:
        OSError: the disk refused; a file that was at `path` before is still there.
    """
    part, stored = write_part(path, chunks)
    part.replace(path)
    return stored


def write_part(path: Path, chunks: Iterable[bytes]) -> tuple[Path, StoredFile]:
    """The first half of `write_file`: the temporary file, synced, and what `path` is once it is renamed."""
    digest, size = hashlib.sha256(), 0
    part = path.with_name(path.name + PART)
    with part.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        sync(file)
    return part, StoredFile(path.name, size, digest.hexdigest())


def settle_file(path: Path) -> StoredFile:
    """Make sure that a file that a library wrote is on the disk, and describe it."""
    with path.open("r+b") as file:
        sync(file)
    size = path.stat().st_size
    return StoredFile(path.name, size, sha256_of(path, size))


def read_chunks(path: Path, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The bytes of a file from `start` to `stop`, or to its end, in pieces."""
    left = (path.stat().st_size if stop is None else stop) - start
    with path.open("rb") as file:
        file.seek(start)
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


def sha256_of(path: Path, size: int) -> str:
    """SHA-256 of the first `size` bytes of a file, in hexadecimal."""
    digest = hashlib.sha256()
    for chunk in read_chunks(path, stop=size):
        digest.update(chunk)
    return digest.hexdigest()


def sync(file: IO[bytes]) -> None:
    """Make sure that what was written to `file` is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_directory(directory: Path) -> None:
    """Make sure that the names in `directory` are on the disk, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fault_of(name: str, path: Path, stored: StoredFile, check: Check) -> str | None:
    """What is wrong with the file at `path`, called `name` in the manifest; None if nothing is.

    "quick" compares the contents of files up to `QUICK_BYTES` and the size of larger ones, "full" the
    contents of all.
    """
    try:
        size = path.stat().st_size
        if size < stored.size or (size > stored.size and name not in APPEND_ONLY):
            return f"{path} has {size} bytes, expected {stored.size}"
        hashed = check == "full" or stored.size <= QUICK_BYTES
        if hashed and sha256_of(path, stored.size) != stored.sha256:
            return f"{path} was altered: its contents do not match their checksum"
    except OSError as err:
        return f"{path} cannot be read: {err.strerror or err}"
    return None


def check_files(directory: Path, files: Mapping[str, StoredFile], check: Check) -> None:
    """Compare the files of an index with their description.

    Raises:
        IndexDamaged: names every file that is missing, too short or altered.
    """
    found = (fault_of(name, directory / stored.path, stored, check) for name, stored in files.items())
    if faults := [fault for fault in found if fault]:
        raise damage(directory, faults)


def damage(directory: Path, faults: Iterable[str]) -> IndexDamaged:
    """The error for an index in `directory` with these faults."""
    return IndexDamaged(
        f"index {directory} is damaged: {'; '.join(faults)}: "
        "bring the files back from a backup, or index the folder again"
    )


def _reason(err: OSError | sqlite3.OperationalError) -> str:
    if not isinstance(err, OSError):
        return str(err)
    name = f" ({Path(os.fsdecode(err.filename)).name})" if isinstance(err.filename, (str, bytes)) else ""
    told = "a file is in the way" if isinstance(err, _IN_THE_WAY) else err.strerror or err
    return f"{told}{name}"


def _way_out(err: OSError | sqlite3.OperationalError) -> str:
    if isinstance(err, _IN_THE_WAY):
        return "name a directory"
    if isinstance(err, OSError) and err.errno in _FORBIDDEN:
        return "make the directory writable, or put the index elsewhere with --index DIR"
    if isinstance(err, OSError) and err.errno not in _NO_ROOM:
        return "check the disk and do it again"
    return "free some room on the disk and do it again"
