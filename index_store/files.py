"""Files written whole or not at all, described by their size and the SHA-256 of every block of 4 MiB."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .checks import Check
from .errors import IndexDamaged, IndexUnwritable
from .names import APPEND_ONLY, CATALOG, PART

CHUNK = 1 << 17

# What is added to a file is hashed with the part of the last block that was there: 0.6 ms a MiB.
BLOCK = 4 << 20

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_IN_THE_WAY = (FileExistsError, NotADirectoryError)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of an index as the manifest describes it.

    path: its name on disk. size: the bytes that belong to the index; an append-only file may be longer.
    sums: SHA-256 of every `block` bytes, in hexadecimal; none for the catalog, which is changed in place and
    checks its rows itself.
    """

    path: str
    size: int
    sums: tuple[str, ...] = ()
    block: int = BLOCK


class BlockSums:
    """The SHA-256 of every block of what it is fed, behind blocks whose sums are known."""

    def __init__(self, whole: Sequence[str] = (), block: int = BLOCK) -> None:
        """Begin behind the blocks with the sums `whole`."""
        self._block = block
        self._whole = list(whole)
        self._digest = hashlib.sha256()
        self.size = len(self._whole) * block

    def update(self, chunk: bytes) -> None:
        """Take up the next bytes."""
        left = memoryview(chunk)
        while len(left):
            piece, left = (
                left[: self._block - self.size % self._block],
                left[self._block - self.size % self._block :],
            )
            self._digest.update(piece)
            self.size += len(piece)
            if self.size % self._block == 0:
                self._whole.append(self._digest.hexdigest())
                self._digest = hashlib.sha256()

    def sums(self) -> tuple[str, ...]:
        """The sums of all blocks so far; the last one may be of a part."""
        last = (self._digest.hexdigest(),) if self.size % self._block else ()
        return (*self._whole, *last)


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
    sums = BlockSums()
    part = path.with_name(path.name + PART)
    with part.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            sums.update(chunk)
        sync(file)
    return part, StoredFile(path.name, sums.size, sums.sums())


def settle_file(path: Path) -> StoredFile:
    """Make sure that a file that a library wrote is on the disk, and describe it."""
    with path.open("r+b") as file:
        sync(file)
    return describe_file(path)


def describe_file(path: Path) -> StoredFile:
    """The size and checksums of a file that is there."""
    sums = BlockSums()
    for chunk in read_chunks(path):
        sums.update(chunk)
    return StoredFile(path.name, sums.size, sums.sums())


def read_chunks(path: Path, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The bytes of a file from `start` to `stop`, or to its end, in pieces."""
    left = (path.stat().st_size if stop is None else stop) - start
    with path.open("rb") as file:
        file.seek(start)
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


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


def fault_of(name: str, path: Path, stored: StoredFile, sums: BlockSums) -> str | None:
    """What is wrong with the file at `path`, called `name` in the manifest; None if nothing is.

    `sums` say which of its blocks are not read; they take up the others.
    """
    try:
        size = path.stat().st_size
        if has_wrong_size(name, size, stored):
            return f"{path} has {size} bytes, expected {stored.size}"
        for chunk in read_chunks(path, start=sums.size, stop=stored.size) if stored.sums else ():
            sums.update(chunk)
        if sums.sums() != stored.sums:
            return f"{path} was altered: its contents do not match their checksum"
    except OSError as err:
        return f"{path} cannot be read: {err.strerror or err}"
    return None


def has_wrong_size(name: str, size: int, stored: StoredFile) -> bool:
    """Whether the file called `name` is too short, or longer though nothing is appended to it."""
    grows = name in APPEND_ONLY or (name == CATALOG and not stored.sums)
    return size < stored.size or (size > stored.size and not grows)


def altered_blocks(path: Path, stored: StoredFile, blocks: Iterable[int]) -> list[int]:
    """Those of the `blocks`, numbered from 0, whose contents do not match their checksum."""
    altered = []
    for block in blocks:
        digest, start = hashlib.sha256(), block * stored.block
        for chunk in read_chunks(path, start=start, stop=min(start + stored.block, stored.size)):
            digest.update(chunk)
        if digest.hexdigest() != stored.sums[block]:
            altered.append(block)
    return altered


def check_files(directory: Path, files: Mapping[str, StoredFile], check: Check) -> dict[str, BlockSums]:
    """Compare the files of an index with their description; returns the sums that each can go on from.

    "quick" compares their sizes and the last block of each, where a writer and a failing disk are most likely
    to have left something; "full" compares all.

    Raises:
        IndexDamaged: names every file that is missing, too short or altered.
    """
    sums = {name: _unread(stored, check) for name, stored in files.items()}
    found = (fault_of(name, directory / stored.path, stored, sums[name]) for name, stored in files.items())
    if faults := [fault for fault in found if fault]:
        raise damage(directory, faults)
    return sums


def _unread(stored: StoredFile, check: Check) -> BlockSums:
    """The sums of the blocks that a check takes as described."""
    if check == "full":
        return BlockSums((), stored.block)
    # Up to format 2 a file was one block, whatever its size.
    whole = stored.sums[:-1] if stored.block <= BLOCK or stored.size <= BLOCK else stored.sums
    return BlockSums(whole, stored.block)


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
    if "full" in str(err) or (isinstance(err, OSError) and err.errno in _NO_ROOM):
        return "free some room on the disk and do it again"
    # SQLite does not say what the system said.
    return "check the disk and the room on it, and do it again"
