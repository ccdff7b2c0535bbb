"""Arrays on disk: appended to by one writer, memory-mapped by everybody, with rows found by id."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .checks import Ids
from .errors import IdsUnknown
from .files import StoredFile, damage, read_chunks, sync
from .names import IDS, VECTORS

_NAMED_IDS = 5


@dataclass(frozen=True, slots=True)
class ArrayLayout:
    """How an array lies on disk, row after row. dtype: of a number. row: the shape of a row."""

    dtype: str
    row: tuple[int, ...]

    @property
    def row_bytes(self) -> int:
        """Bytes a row."""
        return int(np.prod(self.row, dtype=np.int64)) * np.dtype(self.dtype).itemsize

    def open(self, path: Path, count: int) -> NDArray[Any]:
        """The first `count` rows of the file at `path`: memory-mapped, read-only.

        The array outlives the name of the file: it stays readable after the file has been removed.
        """
        if count == 0:
            # No system maps a file of no bytes.
            return np.empty((0, *self.row), dtype=self.dtype)
        return np.asarray(np.memmap(path, dtype=self.dtype, mode="r", shape=(count, *self.row)))


def layouts(dim: int) -> dict[str, ArrayLayout]:
    """The arrays of an index by their logical names.

    Example:
        >>> layouts(64)["vectors.f32"].row_bytes
        256
    """
    return {VECTORS: ArrayLayout("<f4", (dim,)), IDS: ArrayLayout("<i8", ())}


class ArrayFile:
    """An array that one writer appends to.

    The file does not know how many of its rows count: that is for the manifest to say. Rows behind them are
    leftovers of a writer that was interrupted, and the next append lies over them.
    """

    def __init__(self, path: Path, layout: ArrayLayout, *, mode: Literal["w+b", "r+b"]) -> None:
        """Use `create` or `resume`."""
        self._path = path
        self._layout = layout
        # Unbuffered: a write that fails leaves nothing in a buffer to fail again when the file is closed.
        self._file = path.open(mode, buffering=0)
        self._digest, self._hashed = hashlib.sha256(), 0

    @classmethod
    def create(cls, path: Path, layout: ArrayLayout) -> ArrayFile:
        """Begin an empty array in a new file."""
        return cls(path, layout, mode="w+b")

    @classmethod
    def resume(cls, path: Path, layout: ArrayLayout, stored: StoredFile) -> ArrayFile:
        """Go on appending to the array that `stored` describes.

        Raises:
            IndexDamaged: its contents are not the ones described: appending would bless the damage.
        """
        array = cls(path, layout, mode="r+b")
        if array.describe(stored.size // layout.row_bytes) != stored:
            array.close()
            raise damage(path.parent, [f"{path} was altered: its contents do not match their checksum"])
        return array

    def append(self, rows: NDArray[Any], *, at: int) -> None:
        """Write `rows` behind the first `at` rows. Raises OSError if the disk refuses."""
        contiguous = np.ascontiguousarray(rows, dtype=self._layout.dtype)
        unwritten = contiguous.reshape(-1).view(np.uint8).data
        self._file.seek(at * self._layout.row_bytes)
        while len(unwritten):
            unwritten = unwritten[self._file.write(unwritten) :]

    def read(self, count: int) -> NDArray[Any]:
        """The first `count` rows: memory-mapped, read-only."""
        return self._layout.open(self._path, count)

    def describe(self, count: int) -> StoredFile:
        """Size and SHA-256 of the first `count` rows; `count` never falls. Only what is new is hashed."""
        size = count * self._layout.row_bytes
        for chunk in read_chunks(self._path, start=self._hashed, stop=size):
            self._digest.update(chunk)
            self._hashed += len(chunk)
        return StoredFile(self._path.name, self._hashed, self._digest.hexdigest())

    def sync(self) -> None:
        """Bring the rows down to the disk."""
        sync(self._file)

    def close(self) -> None:
        """Close the file; arrays read from it stay readable."""
        self._file.close()


def positions_of(wanted: Sequence[int] | Ids, ids: Ids, directory: Path) -> Ids:
    """Positions (m,) of the `wanted` ids among all `ids` (n,), which ascend.

    Raises:
        IdsUnknown: names ids that the index in `directory` does not hold.

    Example:
        >>> positions_of([7, 2], np.array([2, 5, 7]), Path("index")).tolist()
        [2, 0]
    """
    asked = np.asarray(wanted, dtype=np.int64).reshape(-1)
    positions = np.searchsorted(ids, asked)
    known = np.zeros(len(asked), dtype=bool)
    inside = positions < len(ids)
    known[inside] = ids[positions[inside]] == asked[inside]
    if not known.all():
        named = ", ".join(map(str, asked[~known][:_NAMED_IDS]))
        raise IdsUnknown(
            f"index {directory} holds no vector with id {named}: use the ids that it answered with"
        )
    return positions
