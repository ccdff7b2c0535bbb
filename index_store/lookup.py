"""Which rows may have a path, or some contents: a hash of 4 bytes for each, in the order of the ids.

An index of SQLite over these columns would hold them a second time, and every row that is added would change
another page of it: 14 bytes and, among a million rows, 60 µs a row and index. Hashes in blobs
take 4 bytes and no time to add; to look through those of a million rows takes a few milliseconds.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import zlib
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .checks import Ids
from .rows import Row

Column: TypeAlias = Literal["paths", "contents"]
Hashes: TypeAlias = NDArray[np.uint32]

# Of a row that was changed, `changed` has the new hashes.
SCHEMA = """
CREATE TABLE lookup (first_id INTEGER PRIMARY KEY, paths BLOB NOT NULL, contents BLOB NOT NULL);
CREATE TABLE changed (hash INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (hash, id)) WITHOUT ROWID;
"""

# Rows of a blob. The last one is written again with what is added to it. Of whole ones that follow each other
# so many become one, which is looked through in two thirds of the time.
_ROWS, _MERGED = 2048, 32
_BYTES = 4
# A longer gap between ids begins another blob; a shorter one is filled with zeros.
_GAP = 16
_HALF = 1 << 16
# Bytes of hashes that are read at a time, at least: they stay in the processor's cache.
_PIECE = 1 << 18


class Lookup:
    """The hashes of one catalog. They may find too much, never too little: the caller compares in full."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Look through the catalog behind `connection`."""
        self._connection = connection
        self._loaded: dict[Column, _Hashes] = {}

    def ids_of(self, column: Column, hashes: Hashes) -> list[int]:
        """The ids of rows that may have one of these hashes, among others."""
        # Who looks for one will look for others: all are kept. Many are looked for in what is just read.
        keep = len(hashes) == 1 or column in self._loaded
        parts = [self._load(column)] if keep else self._read(column, _PIECE)
        wanted = _Wanted(hashes)
        ids = [row_id for part in parts for row_id in part.ids_at(wanted.places_in(part.hashes))]
        changed = "SELECT id FROM changed WHERE hash IN (SELECT value FROM json_each(?))"
        found = self._connection.execute(changed, (json.dumps(hashes.tolist()),))
        return ids + [row_id for (row_id,) in found]

    def num_unfound(self, rows: Sequence[Row]) -> int:
        """How many of `rows` would not be found by their path or contents."""
        changed = {tuple(pair) for pair in self._connection.execute("SELECT hash, id FROM changed")}
        unfound = set()
        ids = np.array([row.id for row in rows], dtype=np.int64)
        expected: dict[Column, Hashes] = {
            "paths": path_hashes([row.path for row in rows]),
            "contents": content_hashes([row.sha256 for row in rows]),
        }
        for column, hashes in expected.items():
            missing = hashes != self._hashes_of(column, ids)
            for value, row_id in zip(hashes[missing].tolist(), ids[missing].tolist(), strict=True):
                if (value, row_id) not in changed:
                    unfound.add(row_id)
        return len(unfound)

    def _hashes_of(self, column: Column, ids: Ids) -> Hashes:
        """The hashes that were stored for these ids; 0 where there are none."""
        loaded = self._load(column)
        first_ids, starts, hashes = np.array(loaded.first_ids), loaded.starts, loaded.hashes
        if not len(starts):
            return np.zeros(len(ids), dtype=np.uint32)
        blobs = np.maximum(np.searchsorted(first_ids, ids, side="right") - 1, 0)
        positions = starts[blobs] + ids - first_ids[blobs]
        ends = np.append(starts[1:], len(hashes))[blobs]
        inside = (positions >= starts[blobs]) & (positions < ends)
        return np.where(inside, hashes[np.where(inside, positions, 0)], 0).astype(np.uint32)

    def add(self, ids: Sequence[int], rows: Sequence[Row]) -> None:
        """Add the hashes of `rows` with these ids, which ascend and lie behind those before."""
        self._loaded.clear()
        paths, contents = (
            path_hashes([row.path for row in rows]),
            content_hashes([row.sha256 for row in rows]),
        )
        numbers = np.asarray(ids, dtype=np.int64)
        for run in np.split(np.arange(len(numbers)), np.flatnonzero(np.diff(numbers) > _GAP) + 1):
            self._add_run(numbers[run], paths[run], contents[run])
        self._merge()

    def change(self, rows: Sequence[Row]) -> None:
        """Add other hashes of rows that have some already."""
        for hashes in (path_hashes([row.path for row in rows]), content_hashes([row.sha256 for row in rows])):
            values = [(value, row.id) for value, row in zip(hashes.tolist(), rows, strict=True)]
            self._connection.executemany("INSERT OR IGNORE INTO changed VALUES (?, ?)", values)

    def forget_loaded(self) -> None:
        """Read the hashes again when they are next needed."""
        self._loaded.clear()

    def forget_from(self, first_id: int) -> None:
        """Remove the hashes of ids from `first_id`."""
        self._loaded.clear()
        self._connection.execute("DELETE FROM lookup WHERE first_id >= ?", (first_id,))
        cut = f"substr({{0}}, 1, (?1 - first_id) * {_BYTES})"
        self._connection.execute(
            f"UPDATE lookup SET paths = {cut.format('paths')}, contents = {cut.format('contents')} "
            f"WHERE first_id = (SELECT max(first_id) FROM lookup) "
            f"AND first_id + length(paths) / {_BYTES} > ?1",
            (first_id,),
        )

    def _add_run(self, ids: Ids, paths: Hashes, contents: Hashes) -> None:
        if not len(ids):
            return
        first, spread = int(ids[0]), np.zeros((2, int(ids[-1] - ids[0]) + 1), dtype="<u4")
        spread[:, ids - first] = paths, contents
        first, spread = self._extend_last(first, spread)
        for start in range(0, spread.shape[1], _ROWS):
            part = spread[:, start : start + _ROWS]
            self._connection.execute(
                "INSERT INTO lookup VALUES (?, ?, ?)", (first + start, part[0].tobytes(), part[1].tobytes())
            )

    def _extend_last(self, first: int, spread: Hashes) -> tuple[int, Hashes]:
        """Fill up the last blob, if it ends where `spread` begins; returns what is left."""
        last = self._connection.execute(
            "SELECT first_id, length(paths) FROM lookup ORDER BY first_id DESC LIMIT 1"
        ).fetchone()
        if last is None or last[0] + last[1] // _BYTES != first:
            return first, spread
        room = max(0, _ROWS - last[1] // _BYTES)
        self._connection.execute(
            "UPDATE lookup SET paths = CAST(paths || ? AS BLOB), contents = CAST(contents || ? AS BLOB) "
            "WHERE first_id = ?",
            (spread[0, :room].tobytes(), spread[1, :room].tobytes(), last[0]),
        )
        return first + min(room, spread.shape[1]), spread[:, room:]

    def _merge(self) -> None:
        """Make one blob of every `_MERGED` whole ones that follow each other."""
        whole = self._connection.execute(
            "SELECT first_id FROM lookup WHERE typeof(paths) = 'blob' AND typeof(contents) = 'blob' "
            "AND length(paths) = ?1 AND length(contents) = ?1 ORDER BY first_id",
            (_ROWS * _BYTES,),
        ).fetchall()
        firsts, at = [first for (first,) in whole], 0
        while at + _MERGED <= len(firsts):
            first, last = firsts[at], firsts[at + _MERGED - 1]
            if last - first == (_MERGED - 1) * _ROWS:
                self._merge_all(first, last)
                at += _MERGED
            else:
                at += 1

    def _merge_all(self, first: int, last: int) -> None:
        between = "FROM lookup WHERE first_id BETWEEN ? AND ?"
        blobs = self._connection.execute(
            f"SELECT paths, contents {between} ORDER BY first_id", (first, last)
        ).fetchall()
        self._connection.execute(f"DELETE {between}", (first, last))
        paths, contents = (b"".join(column) for column in zip(*blobs, strict=True))
        self._connection.execute("INSERT INTO lookup VALUES (?, ?, ?)", (first, paths, contents))

    def _load(self, column: Column) -> _Hashes:
        """All hashes, which are kept."""
        if column not in self._loaded:
            self._loaded[column] = next(self._read(column, sys.maxsize), _Hashes.of([]))
        return self._loaded[column]

    def _read(self, column: Column, size: int) -> Iterator[_Hashes]:
        """The hashes of blobs of `size` bytes or more at a time."""
        some, read = [], 0
        for first, blob in self._connection.execute(
            f"SELECT first_id, {column} FROM lookup ORDER BY first_id"
        ):
            some.append((first, blob))
            read += len(blob) if isinstance(blob, bytes) else 0
            if read >= size:
                yield _Hashes.of(some)
                some, read = [], 0
        if some:
            yield _Hashes.of(some)


class _Hashes(NamedTuple):
    """The hashes of some blobs: the first id and the number of hashes of each, and those."""

    first_ids: list[int]
    sizes: list[int]
    hashes: Hashes

    @classmethod
    def of(cls, blobs: Sequence[tuple[int, bytes]]) -> _Hashes:
        """Raises sqlite3.DatabaseError: one of them holds no hashes."""
        if any(not isinstance(blob, bytes) or len(blob) % _BYTES for _, blob in blobs):
            raise sqlite3.DatabaseError("its hashes of paths or contents are none")
        hashes = np.frombuffer(b"".join([blob for _, blob in blobs]), dtype="<u4")
        return cls([first for first, _ in blobs], [len(blob) // _BYTES for _, blob in blobs], hashes)

    @property
    def starts(self) -> Ids:
        """Where each blob starts among the hashes."""
        starts: Ids = np.cumsum([0, *self.sizes])[:-1]
        return starts

    def ids_at(self, positions: Ids) -> list[int]:
        """The ids of the hashes at these positions."""
        if not len(positions):
            return []
        starts = self.starts
        blobs = np.searchsorted(starts, positions, side="right") - 1
        ids: list[int] = (np.array(self.first_ids)[blobs] + positions - starts[blobs]).tolist()
        return ids


class _Wanted:
    """Hashes that are looked for among many others."""

    def __init__(self, hashes: Hashes) -> None:
        self._hashes = np.sort(hashes)
        # Tables of the lower and of the upper halves leave few to compare in full. All halves are in a table:
        # without a check for that, `take` needs no copy of them.
        self._lower, self._upper = np.zeros(_HALF, dtype=bool), np.zeros(_HALF, dtype=bool)
        self._lower[hashes % _HALF] = True
        self._upper[hashes // _HALF] = True

    def places_in(self, hashes: Hashes) -> Ids:
        """Where among `hashes` those that are wanted are."""
        places: Ids
        if len(self._hashes) == 1:
            places = np.flatnonzero(hashes == self._hashes[0])
            return places
        places = np.flatnonzero(self._lower.take(hashes.view("<u2")[::2], mode="clip"))
        places = places[self._upper[hashes[places] // _HALF]]
        # `np.isin` would sort all that are wanted with every few that are likely.
        likely = hashes[places]
        places = places[self._hashes.take(self._hashes.searchsorted(likely), mode="clip") == likely]
        return places


def path_hashes(paths: Sequence[str]) -> Hashes:
    """The hashes of paths (n,)."""
    encoded = (path.encode("utf-8", "surrogatepass") for path in paths)
    return np.fromiter((zlib.crc32(path) for path in encoded), dtype=np.uint32, count=len(paths))


def content_hashes(sha256s: Sequence[str]) -> Hashes:
    """The hashes of contents (n,), given by their SHA-256."""
    return np.fromiter((int(sha256[:8], 16) for sha256 in sha256s), dtype=np.uint32, count=len(sha256s))
