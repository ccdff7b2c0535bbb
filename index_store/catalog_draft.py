"""The catalog of the next generation: changed in place, seen by nobody before the manifest names it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from .catalog import Catalog
from .catalog_schema import (
    SCHEMA,
    connect,
    faults_named,
    record_of,
    rejected_record_of,
    to_sql,
)
from .checks import Ids, first_few
from .errors import IdsUnknown, RowsInvalid
from .files import StoredFile, writing
from .lookup import Column, Hashes, Lookup, path_hashes
from .manifest import FORMAT_VERSION
from .names import JOURNAL
from .rows import RejectedFile, Row

Result = TypeVar("Result")

# Changes that are held in memory before they are written, however long nothing is saved.
_PENDING = 50_000

_MAPPED = 1 << 30

_PAST_COLUMNS = "id, born, path, size, mtime_ns, sha256, width, height, metadata, checksum"


class CatalogDraft(Catalog):
    """A catalog that one writer changes. Methods raise sqlite3.OperationalError if the disk refuses."""

    def __init__(self, path: Path, connection: sqlite3.Connection, generation: int) -> None:
        """Use `create` or `resume`."""
        super().__init__(path, connection, generation, FORMAT_VERSION)
        # What was changed since the last commit.
        self._made: list[Callable[[], object]] = []
        self._pending = 0
        self._hashes = Lookup(connection)
        self._lookup = self._hashes
        # Readers wait while pages are written: that happens in `commit`, not whenever the cache is full.
        connection.execute("PRAGMA cache_spill = OFF")
        connection.execute("PRAGMA synchronous = FULL")
        # The hashes of all rows are looked through: pages that are mapped take half of the time of those that
        # the system is asked for. Nobody else shortens the file while it is written.
        connection.execute(f"PRAGMA mmap_size = {_MAPPED}")

    @classmethod
    def create(cls, path: Path, generation: int) -> CatalogDraft:
        """Begin an empty catalog in a new file."""
        for leftover in (path, path.with_name(path.name + JOURNAL)):
            leftover.unlink(missing_ok=True)
        with faults_named(path, writing=True):
            sqlite3.connect(path).close()
            path.touch()
            connection = connect(path, changing=True)
            connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {generation}; COMMIT")
            return cls(path, connection, generation)

    @classmethod
    def resume(cls, path: Path, generation: int, next_id: int) -> CatalogDraft:
        """Go on with the catalog of the generation before, in which ids below `next_id` were given.

        What a writer that was killed left of a generation that never was is undone.
        """
        with faults_named(path, writing=True):
            draft = cls(path, connect(path, changing=True), generation)
            (newest,) = draft._connection.execute("PRAGMA user_version").fetchone()
            if newest >= generation:
                draft._make(lambda: draft._undo(generation - 1, next_id), 0)
        return draft

    def add(self, rows: Sequence[Row], ids: Sequence[int] | Ids) -> None:
        """Add `rows` with these ids: all of them or none. They are no longer rejected files.

        Raises:
            RowsInvalid: a path that has a row already.
        """
        # Copies, as everywhere here: the change may be made again later.
        rows, numbers = tuple(rows), [int(row_id) for row_id in ids]
        records = [record_of(row, row_id, self.generation) for row, row_id in zip(rows, numbers, strict=True)]

        def change() -> None:
            if numbers:
                # Rows of an `add` whose vectors were never counted, because it was interrupted.
                self._forget_from(numbers[0])
            self._refuse_known(rows)
            self._insert(records)
            self._hashes.add(numbers, rows)
            self._forget_rejected([row.path for row in rows])

        self._make(change, len(rows))

    def remove(self, ids: Sequence[int]) -> int:
        """Let the rows of these ids die, where they have one, and their vectors; returns how many had one."""
        ids = [int(row_id) for row_id in ids]

        def change() -> int:
            removed = [(row_id, self.generation) for row_id in ids]
            self._connection.executemany("INSERT OR REPLACE INTO removed VALUES (?, ?)", removed)
            return sum(self._bury(row_id) for row_id in ids)

        return self._make(change, len(ids))

    def update(self, rows: Sequence[Row]) -> None:
        """Replace the rows of the same ids: all of them or none.

        Raises:
            IdsUnknown: names ids without a row. RowsInvalid: a path that another row has.
        """
        rows = tuple(rows)
        records = [record_of(row, int(row.id), self.generation) for row in rows]

        def change() -> None:
            if unknown := [row.id for row in rows if not self._bury(int(row.id))]:
                raise IdsUnknown(f"{self.path} has no row for id {first_few(unknown)}: add the vector first")
            self._refuse_known(rows)
            self._insert(records)
            self._hashes.change(rows)
            self._forget_rejected([row.path for row in rows])

        self._make(change, len(rows))

    def reject(self, rejected: RejectedFile) -> None:
        """Keep why a file was rejected; a later reason replaces an earlier one.

        Raises:
            RowsInvalid: the file has a row.
        """
        path, born, *facts = rejected_record_of(rejected, self.generation)

        def change() -> None:
            if self.find(rejected.path):
                raise RowsInvalid(f"path {rejected.path!r} has a row, it cannot be rejected as well")
            self._forget_rejected([rejected.path])
            values = (path, born, None, *facts)
            self._connection.execute("INSERT INTO rejected VALUES (?, ?, ?, ?, ?, ?, ?)", values)

        self._make(change, 1)

    def forget_rejected(self, paths: Sequence[str]) -> None:
        """Forget that these files were rejected; those that were not are left out."""
        paths = tuple(paths)
        self._make(lambda: self._forget_rejected(paths), len(paths))

    def forget_from(self, first_id: int) -> None:
        """Remove rows of an `add` whose vectors were never counted, because it was interrupted."""
        self._make(lambda: self._forget_from(first_id), 0)

    def commit(self) -> None:
        """Make sure that all changes are on the disk; they are seen once the manifest names them."""
        with self._lock, faults_named(self.path, writing=True):
            self._begin()
            self._connection.execute("COMMIT")
            self._made.clear()
            self._pending = 0

    def select(self, statement: str, *values: object) -> list[Any]:
        """As `Catalog.select`, with all that was changed, also after a disk that was full."""
        self._make_again()
        return super().select(statement, *values)

    def describe(self) -> StoredFile:
        """Its name and size; it has no checksum, since its rows have one each."""
        return StoredFile(self.path.name, self.path.stat().st_size)

    def _make(self, change: Callable[[], Result], count: int) -> Result:
        """Make a change whole or not at all, within the transaction of the generation."""
        if self._pending > _PENDING:
            # Before the change: where the disk is full, it is not made, and whoever asked for it knows.
            self.commit()
        with self._lock, faults_named(self.path, writing=True):
            self._begin()
            result = self._in_savepoint(change)
            self._made.append(change)
            self._pending += count
        return result

    def _likely(self, column: Column, hashes: Hashes) -> str:
        self._make_again()
        return super()._likely(column, hashes)

    def _make_again(self) -> None:
        """Make again what SQLite undid because the disk was full: what is read is what was changed."""
        with self._lock, writing(self.path.parent), faults_named(self.path, writing=True):
            if self._made:
                self._begin()

    def _begin(self) -> None:
        """Begin the transaction, and make again what SQLite undid because the disk was full."""
        if self._connection.in_transaction:
            return
        self._hashes.forget_loaded()
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.execute(f"PRAGMA user_version = {self.generation}")
            for change in self._made:
                change()
        except BaseException:
            # All of them or none: else the rest would never be made.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _in_savepoint(self, change: Callable[[], Result]) -> Result:
        self._connection.execute("SAVEPOINT change")
        try:
            result = change()
            self._connection.execute("RELEASE change")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK TO change")
                self._connection.execute("RELEASE change")
            self._hashes.forget_loaded()
            raise
        return result

    def _undo(self, generation: int, next_id: int) -> None:
        """Undo what a killed writer committed of generations after this one."""
        self._hashes.forget_from(next_id)
        for statement in (
            f"DELETE FROM row WHERE id >= {next_id}",
            f"DELETE FROM row WHERE id IN (SELECT id FROM past WHERE died > {generation})",
            f"INSERT INTO row SELECT {_PAST_COLUMNS} FROM past "
            f"WHERE died > {generation} AND born <= {generation}",
            f"DELETE FROM past WHERE died > {generation}",
            f"DELETE FROM removed WHERE died > {generation}",
            f"DELETE FROM rejected WHERE born > {generation}",
            f"UPDATE rejected SET died = NULL WHERE died > {generation}",
        ):
            self._connection.execute(statement)

    def _forget_from(self, first_id: int) -> None:
        if self._connection.execute("DELETE FROM row WHERE id >= ?", (first_id,)).rowcount:
            self._hashes.forget_from(first_id)

    def _insert(self, records: Sequence[tuple[object, ...]]) -> None:
        self._connection.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", records)

    def _bury(self, row_id: int) -> int:
        """Move the row of this id to the past ones; 0 if there is none."""
        self._connection.execute(
            f"INSERT OR IGNORE INTO past SELECT {_PAST_COLUMNS}, ? FROM row WHERE id = ? AND born < ?",
            (self.generation, row_id, self.generation),
        )
        return self._connection.execute("DELETE FROM row WHERE id = ?", (row_id,)).rowcount

    def _refuse_known(self, rows: Sequence[Row]) -> None:
        paths = {to_sql(row.path): row.path for row in rows}
        likely = self._likely("paths", path_hashes(list(paths.values())))
        found = self._connection.execute(
            "SELECT path FROM row WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id", (likely,)
        )
        known = next((path for (path,) in found if path in paths), None)
        if known is not None:
            raise RowsInvalid(f"path {paths[known]!r} has a row already: give every file one row")

    def _forget_rejected(self, paths: Sequence[str]) -> None:
        values = [(to_sql(path), self.generation) for path in paths]
        self._connection.executemany("DELETE FROM rejected WHERE path = ? AND born = ?", values)
        self._connection.executemany("UPDATE rejected SET died = ?2 WHERE path = ?1 AND died IS NULL", values)
