"""Files written whole or not at all, described by their size and the SHA-256 of every block of 4 MiB.

The blocks of what is appended to are made of pieces: the sum of such a block is the SHA-256 of the sums of
its pieces, and each piece behind the last whole block has one of its own. So a writer hashes the last piece
again, not the last block.
"""

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

from .checks import Depth
from .errors import IndexDamaged, IndexUnwritable
from .names import APPEND_ONLY, CATALOG, PART

CHUNK = 1 << 17

# A reader hashes up to a block of each array, a writer up to a piece: 0.6 ms a MiB.
BLOCK, PIECE = 4 << 20, 1 << 18

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_IN_THE_WAY = (FileExistsError, NotADirectoryError)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of an index as the manifest describes it.

    path: its name on disk. size: the bytes that belong to the index; an append-only file may be longer.
    sums: of every `block` bytes, and of what is behind the last whole block, by pieces of `piece` bytes if
    there are pieces (else 0), SHA-256 in hexadecimal; none for the catalog, which is changed in place and
    checks its rows itself.
    """

    path: str
    size: int
    sums: tuple[str, ...] = ()
    block: int = BLOCK
    piece: int = 0

    @property
    def num_whole(self) -> int:
        """How many whole blocks there are."""
        return self.size // self.block

    def spans(self) -> list[tuple[int, int]]:
        """From which byte to which each of the sums is.

        Example:
            >>> StoredFile("a", 11, block=4, piece=2).spans()
            [(0, 4), (4, 8), (8, 10), (10, 11)]
        """
        behind = self.num_whole * self.block
        starts = [*range(0, behind, self.block), *range(behind, self.size, self.piece or self.block)]
        return list(zip(starts, [*starts[1:], self.size], strict=False))


class BlockSums:
    """The sums of what it is fed, as `StoredFile` has them, behind blocks and pieces whose sums are known."""

    def __init__(
        self, whole: Sequence[str] = (), block: int = BLOCK, piece: int = 0, pieces: Sequence[str] = ()
    ) -> None:
        """Begin behind the blocks with the sums `whole` and the pieces of the next with the sums `pieces`."""
        self._block, self._piece = block, piece or block
        self._whole, self._pieces = list(whole), list(pieces)
        self._digest = hashlib.sha256()
        self.size = len(self._whole) * block + len(self._pieces) * self._piece

    def update(self, chunk: bytes) -> None:
        """Take up the next bytes."""
        left = memoryview(chunk)
        while len(left):
            room = self._piece - self.size % self._piece
            fitting, left = left[:room], left[room:]
            self._digest.update(fitting)
            self.size += len(fitting)
            if self.size % self._piece == 0:
                self._end_piece()

    def sums(self) -> tuple[str, ...]:
        """The sums of all blocks and pieces so far; the last one may be of a part."""
        last = (self._digest.hexdigest(),) if self.size % self._piece else ()
        return (*self._whole, *self._pieces, *last)

    def _end_piece(self) -> None:
        self._pieces.append(self._digest.hexdigest())
        self._digest = hashlib.sha256()
        if self.size % self._block == 0:
            (first, *others), self._pieces = self._pieces, []
            of_all = hashlib.sha256("".join((first, *others)).encode()).hexdigest()
            self._whole.append(of_all if others else first)


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


def altered_spans(path: Path, stored: StoredFile) -> list[tuple[int, int]]:
    """Those of the spans of the file at `path` whose contents do not match their checksum."""
    altered = []
    for known, (start, stop) in zip(stored.sums, stored.spans(), strict=False):
        sums = BlockSums((), stored.block, stored.piece)
        for chunk in read_chunks(path, start=start, stop=stop):
            sums.update(chunk)
        if sums.sums() != (known,):
            altered.append((start, stop))
    return altered


def check_files(directory: Path, files: Mapping[str, StoredFile], check: Depth) -> dict[str, BlockSums]:
    """Compare the files of an index with their description; returns the sums that each can go on from.

    "quick" compares their sizes and the last block of each, where a writer and a failing disk are most likely
    to have left something, "end" their sizes and the last piece of those in pieces; "full" compares all.

    Raises:
        IndexDamaged: names every file that is missing, too short or altered.
    """
    sums = {name: _unread(stored, check) for name, stored in files.items()}
    found = (fault_of(name, directory / stored.path, stored, sums[name]) for name, stored in files.items())
    if faults := [fault for fault in found if fault]:
        raise damage(directory, faults)
    return sums


def _unread(stored: StoredFile, check: Depth) -> BlockSums:
    """The sums of the blocks, and of the pieces, that a check takes as described."""
    if check == "full":
        return BlockSums((), stored.block, stored.piece)
    if check == "end" and stored.piece:
        return going_on(stored)
    # Up to format 2 a file was one block, whatever its size.
    reread = 1 if stored.block <= BLOCK or stored.size <= BLOCK else 0
    return BlockSums(stored.sums[: max(0, stored.size - reread) // stored.block], stored.block, stored.piece)


def going_on(stored: StoredFile) -> BlockSums:
    """The sums that an array can go on from when the last piece of it, or the last block, is read again."""
    whole, behind = stored.sums[: stored.num_whole], stored.sums[stored.num_whole :]
    num_pieces = stored.size % stored.block // (stored.piece or stored.block)
    return BlockSums(whole, stored.block, stored.piece, behind[:num_pieces])


def damage(directory: Path, faults: Iterable[str]) -> IndexDamaged:
    """The error for an index in `directory` with these faults."""
    return IndexDamaged(
        f"index {directory} is damaged: {'; '.join(faults)}: "
        "bring the files back from a backup, or make the index anew"
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
