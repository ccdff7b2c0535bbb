"""The rows and the rejected files of an index in SQLite, read as they were in one generation.

The file is changed in place, in transactions. Every row says in which generation it was born; one that was
changed or removed lies among the past ones, with the generation in which it died. A reader of generation g
sees what was born in g or before and had not died by then, whatever a writer does in the meantime.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .catalog_schema import (
    bytes_of_hex,
    connect,
    faults_named,
    rejected_from_record,
    row_from_record,
    to_sql,
    views,
)
from .checks import Ids, first_few
from .errors import IdsUnknown, IndexDamaged
from .files import damage
from .lookup import Column, Hashes, Lookup, content_hashes, path_hashes
from .manifest import FORMAT_VERSION, LIVING
from .rows import RejectedFile, Row

_PAGE = 4096
_ROW_COLUMNS = "id, born, path, size, mtime_ns, sha256, width, height, metadata, checksum"
_REJECTED_COLUMNS = "born, path, reason, size, mtime_ns, checksum"
_AMONG = "id IN (SELECT value FROM json_each(?))"


class Catalog:
    """Rows by id, by path and by content, and the files that were rejected.

    May be used from several threads. Paths that are not valid Unicode, as on some disks, come back unchanged.
    Rows and rejected files whose checksum does not match are damage: IndexDamaged names them.
    """

    def __init__(
        self, path: Path, connection: sqlite3.Connection, generation: int, format_version: int
    ) -> None:
        """Use `open`."""
        self.path = path
        self.generation = generation
        self._connection = connection
        self._file = _identity(path)
        self._lookup = Lookup(connection) if format_version >= LIVING else None
        self._lock = threading.RLock()
        # A reader need not be closed: the connection goes with the last one who uses it.
        self._finalizer = weakref.finalize(self, connection.close)
        connection.executescript(views(generation, format_version))

    @classmethod
    def open(cls, path: Path, generation: int, format_version: int = FORMAT_VERSION) -> Catalog:
        """Open the catalog at `path` as it is in `generation`.

        Raises:
            IndexDamaged: missing, not a catalog, or older than the generation.
        """
        with faults_named(path):
            connection = connect(path, changing=format_version >= LIVING)
            try:
                catalog = cls(path, connection, generation, format_version)
                catalog._rows_where("true LIMIT 1")
                catalog._rejected_where("true LIMIT 1")
                (newest,) = connection.execute("PRAGMA user_version").fetchone()
                connection.execute("PRAGMA query_only = ON")
            except BaseException:
                connection.close()
                raise
        if format_version >= LIVING and newest < generation:
            raise damage(
                path.parent, [f"{path} is of generation {newest}, the manifest of generation {generation}"]
            )
        return catalog

    def rows(self) -> Iterator[Row]:
        """All rows in the order of their ids."""
        last = -1
        while rows := self._rows_where("id > ? ORDER BY id LIMIT ?", last, _PAGE):
            yield from rows
            last = rows[-1].id

    def rows_among(self, ids: Ids) -> list[Row]:
        """Those rows that have one of these ids, in the order of their ids."""
        return self._rows_where(f"{_AMONG} ORDER BY id", json.dumps(ids.tolist()))

    def num_rows(self) -> int:
        """How many rows there are."""
        return int(self.select("SELECT count(*) FROM rows")[0][0])

    def rows_of(self, ids: Sequence[int] | Ids) -> list[Row]:
        """The rows with these ids, in the order of `ids`.

        Raises:
            IdsUnknown: names the ids that have no row.
        """
        wanted = np.asarray(ids, dtype=np.int64).reshape(-1).tolist()
        rows = self._rows_where(_AMONG, json.dumps(wanted))
        found = {row.id: row for row in rows}
        if unknown := [row_id for row_id in wanted if row_id not in found]:
            raise IdsUnknown(
                f"{self.path} has no row for id {first_few(unknown)}: "
                "use the ids that this index answered with"
            )
        return [found[row_id] for row_id in wanted]

    def find(self, path: str) -> Row | None:
        """The row of the file at `path`, or None if it has none."""
        if self._lookup is None:
            return next(iter(self._rows_where("path = ?", to_sql(path))), None)
        likely = self._likely("paths", path_hashes([path]))
        return next(iter(self._rows_where(f"{_AMONG} AND path = ?", likely, to_sql(path))), None)

    def by_content(self, sha256s: Sequence[str]) -> dict[str, list[Row]]:
        """The rows of the files with these contents, by their SHA-256, in the order of their ids.

        Contents that no row has are left out.
        """
        found: dict[str, list[Row]] = {}
        for start in range(0, len(sha256s), _PAGE):
            wanted = set(sha256s[start : start + _PAGE])
            for row in self._rows_with_contents(wanted):
                if row.sha256 in wanted:
                    found.setdefault(row.sha256, []).append(row)
        return found

    def rejected(self) -> Iterator[RejectedFile]:
        """The rejected files in the order of their paths."""
        yield from self._rejected_where("true ORDER BY path")

    def find_rejected(self, path: str) -> RejectedFile | None:
        """Why the file at `path` was rejected, or None if it was not."""
        return next(iter(self._rejected_where("path = ?", to_sql(path))), None)

    def num_rejected(self) -> int:
        """How many files were rejected."""
        return int(self.select("SELECT count(*) FROM rejections")[0][0])

    def sound_rejected(self) -> list[RejectedFile]:
        """The rejected files whose checksums match."""
        records = self.select(f"SELECT {_REJECTED_COLUMNS} FROM rejections ORDER BY path")
        return [rejected for rejected in map(rejected_from_record, records) if rejected is not None]

    def examine(self) -> tuple[Ids, Ids, int]:
        """The ids of damaged rows and of sound ones, and how many are not found by path and contents."""
        damaged: list[int] = []
        sound: list[int] = []
        unfound, last = 0, -1
        while records := self.select(
            f"SELECT {_ROW_COLUMNS} FROM rows WHERE id > ? ORDER BY id LIMIT ?", last, _PAGE
        ):
            rows = [row_from_record(record) for record in records]
            damaged += [record[0] for record, row in zip(records, rows, strict=True) if row is None]
            there = [row for row in rows if row is not None]
            sound += [row.id for row in there]
            if self._lookup is not None:
                with self._lock, faults_named(self.path):
                    unfound += self._lookup.num_unfound(there)
            last = records[-1][0]
        return np.array(damaged, dtype=np.int64), np.array(sound, dtype=np.int64), unfound

    def readable_rows(self, ids: Ids) -> Iterator[Row]:
        """Those of the rows with these ids that can be read and are sound, however damaged the file is."""
        for start in range(0, len(ids), _PAGE):
            yield from self._readable(ids[start : start + _PAGE].tolist())

    def _readable(self, ids: list[int]) -> list[Row]:
        try:
            records = self.select(
                f"SELECT {_ROW_COLUMNS} FROM rows WHERE {_AMONG} ORDER BY id", json.dumps(ids)
            )
        except IndexDamaged:
            if len(ids) == 1:
                return []
            half = len(ids) // 2
            return self._readable(ids[:half]) + self._readable(ids[half:])
        return [row for row in map(row_from_record, records) if row is not None]

    def all_ids(self) -> Ids:
        """The ids of all rows that are or were there, and of all removed vectors, ascending."""
        tables = ("row", "past", "removed") if self._lookup is not None else ("row",)
        found = self.select(
            " UNION ".join(f"SELECT id FROM main.{table}" for table in tables) + " ORDER BY id"
        )
        return np.fromiter((row_id for (row_id,) in found), dtype=np.int64, count=len(found))

    def removed(self) -> Ids:
        """The ids of the vectors that were removed, (n,) int64, ascending."""
        if self._lookup is None:
            return np.empty(0, dtype=np.int64)
        found = self.select("SELECT id FROM removed WHERE died <= ? ORDER BY id", self.generation)
        return np.fromiter((row_id for (row_id,) in found), dtype=np.int64, count=len(found))

    def select(self, statement: str, *values: object) -> list[Any]:
        """The answer to a SELECT, say over the views `rows` and `rejections`, which show this generation.

        rows: id, path, size, mtime_ns, sha256 (32 bytes), width, height, metadata (JSON text or NULL).
        rejections: path, reason, size, mtime_ns.
        """
        with self._lock, faults_named(self.path):
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """The connection, which nobody else uses inside."""
        with self._lock, faults_named(self.path):
            yield self._connection

    @property
    def is_in_place(self) -> bool:
        """Whether its file is still there under its name, and no other one."""
        return self._file is not None and _identity(self.path) == self._file

    def close(self) -> None:
        """Close the file; the catalog cannot be used afterwards."""
        self._finalizer()

    def _rows_with_contents(self, sha256s: set[str]) -> list[Row]:
        if self._lookup is not None:
            likely = self._likely("contents", content_hashes(sorted(sha256s)))
            return self._rows_where(f"{_AMONG} ORDER BY id", likely)
        contents = [bytes_of_hex(sha256) for sha256 in sha256s]
        marks = ", ".join("?" * len(contents))
        return self._rows_where(f"sha256 IN ({marks}) ORDER BY id", *contents)

    def _likely(self, column: Column, hashes: Hashes) -> str:
        """The ids of rows that may have one of these hashes, as a JSON list."""
        assert self._lookup is not None
        with self._lock, faults_named(self.path):
            return json.dumps(self._lookup.ids_of(column, hashes))

    def _rows_where(self, condition: str, *values: object) -> list[Row]:
        records = self.select(f"SELECT {_ROW_COLUMNS} FROM rows WHERE {condition}", *values)
        return [self._sound(row_from_record(record), "row", record[0]) for record in records]

    def _rejected_where(self, condition: str, *values: object) -> list[RejectedFile]:
        records = self.select(f"SELECT {_REJECTED_COLUMNS} FROM rejections WHERE {condition}", *values)
        return [self._sound(rejected_from_record(record), "rejected file", record[1]) for record in records]

    def _sound(self, read: Any, what: str, name: object) -> Any:
        if read is None:
            fault = f"{self.path} was altered: {what} {name!r} does not match its checksum"
            raise damage(self.path.parent, [fault])
        return read


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one that has its name later; None if it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
