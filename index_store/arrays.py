"""Arrays on disk: appended to by one writer, memory-mapped by everybody, with rows found by id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import Ids, Mask, check_ids, first_few
from .errors import IdsUnknown
from .files import BLOCK, PIECE, BlockSums, StoredFile, damage, going_on, read_chunks, sync
from .names import COPIES, IDS, VECTORS


def row_dtypes(dim: int, copy_dim: int = 0) -> dict[str, np.dtype[Any]]:
    """How a row of each array of an index lies on disk, by the logical names of the arrays.

    copy_dim: numbers of the second vector of every row; 0 where there is none.

    Example:
        >>> row_dtypes(64)["vectors.f32"].itemsize
        256
    """
    copies = {COPIES: np.dtype(("<f4", (copy_dim,)))} if copy_dim else {}
    return {VECTORS: np.dtype(("<f4", (dim,))), IDS: np.dtype("<i8"), **copies}


def map_rows(path: Path, row: np.dtype[Any], count: int) -> NDArray[Any]:
    """The first `count` rows of the file at `path`: memory-mapped, read-only.

    They can still be read when the file has been removed.
    """
    if count == 0:
        # No system maps a file of no bytes.
        return np.empty(0, dtype=row)
    return np.asarray(np.memmap(path, dtype=row, mode="r", shape=(count,)))


class ArrayFile:
    """An array that one writer appends to: a new one or, with `stored`, the saved one that it describes.

    `sums` are those of a saved file that was compared with its description already. What is altered in it
    later will not match the sums that go on from them.

    The file does not know how many of its rows count: that is for the manifest to say. Rows behind them are
    left over from a writer that was interrupted, and the next append overwrites them.

    Raises:
        IndexDamaged: the contents are not the ones described.
    """

    def __init__(
        self,
        path: Path,
        row: np.dtype[Any],
        stored: StoredFile | None = None,
        sums: BlockSums | None = None,
        *,
        block: int = BLOCK,
        piece: int = PIECE,
    ) -> None:
        """Open or make the file at `path`, whose rows are of dtype `row`, summed as `StoredFile` says."""
        self._path = path
        self._row = row
        # Unbuffered: a write that fails leaves nothing in a buffer to fail again when the file is closed.
        self._file = path.open("r+b" if stored else "w+b", buffering=0)
        # What was appended to as it was saved goes on as it was.
        self._block, self._piece = (stored.block, stored.piece) if stored else (block, piece)
        begun = going_on(stored) if stored else BlockSums((), block, piece)
        self.sums = begun if sums is None else sums
        if stored and self.describe(stored.size // row.itemsize) != stored:
            self.close()
            raise damage(path.parent, [f"{path} was altered: its contents do not match their checksum"])

    def append(self, rows: NDArray[Any], *, at: int) -> None:
        """Write `rows` behind the first `at` rows. Raises OSError if the disk refuses."""
        contiguous = np.ascontiguousarray(rows, dtype=self._row.base)
        unwritten = contiguous.reshape(-1).view(np.uint8).data
        self._file.seek(at * self._row.itemsize)
        while len(unwritten):
            unwritten = unwritten[self._file.write(unwritten) :]

    def read(self, count: int) -> NDArray[Any]:
        """The first `count` rows: memory-mapped, read-only."""
        return map_rows(self._path, self._row, count)

    def describe(self, count: int) -> StoredFile:
        """Size and checksums of the first `count` rows; `count` never falls. Only what is new is hashed."""
        for chunk in read_chunks(self._path, start=self.sums.size, stop=count * self._row.itemsize):
            self.sums.update(chunk)
        return StoredFile(self._path.name, self.sums.size, self.sums.sums(), self._block, self._piece)

    def sync(self) -> None:
        """Make sure that the rows are on the disk."""
        sync(self._file)

    def close(self) -> None:
        """Close the file; arrays read from it stay readable."""
        self._file.close()


def alive_mask(ids: Ids, removed: Ids) -> Mask:
    """Which of all `ids` (n,), which ascend, are not among the `removed`: (n,) bool."""
    alive = np.ones(len(ids), dtype=bool)
    positions = np.searchsorted(ids, removed)
    alive[positions[positions < len(ids)]] = False
    return alive


def positions_of(wanted: Sequence[int] | Ids, ids: Ids, directory: Path, alive: Mask | None = None) -> Ids:
    """Positions (m,) of the `wanted` ids among all `ids` (n,), which ascend, and of which some are `alive`.

    Raises:
        IdsUnknown: names ids that the index in `directory` does not hold. OptionInvalid: they are no ids.

    Example:
        >>> positions_of([7, 2], np.array([2, 5, 7]), Path("index")).tolist()
        [2, 0]
    """
    asked = check_ids(wanted)
    positions = np.searchsorted(ids, asked)
    known = np.zeros(len(asked), dtype=bool)
    inside = positions < len(ids)
    known[inside] = ids[positions[inside]] == asked[inside]
    if alive is not None:
        known[known] = alive[positions[known]]
    if not known.all():
        raise IdsUnknown(
            f"index {directory} holds no vector with id {first_few(asked[~known].tolist())}: "
            "use the ids that it answered with"
        )
    return positions
