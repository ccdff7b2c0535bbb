"""The rows and the rejected files of an index in SQLite: `Catalog` reads, `CatalogDraft` also writes."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .checks import Ids, first_few
from .errors import IdsUnknown, IndexClosed, RowsInvalid
from .files import damage
from .manifest import FORMAT_VERSION
from .rows import RejectedFile, Row

SCHEMA = """
CREATE TABLE row (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL
);
CREATE TABLE rejected (
    path TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    size INTEGER NOT NULL DEFAULT 0,
    mtime_ns INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
"""

_MIGRATIONS = {
    1: """
ALTER TABLE rejected ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rejected ADD COLUMN mtime_ns INTEGER NOT NULL DEFAULT 0;
"""
}
"""What turns a catalog of a format version into one of the next."""

_ROW_COLUMNS = "path, size, mtime_ns, sha256, width, height"
_REJECTED_COLUMNS = {1: "path, reason, 0, 0", 2: "path, reason, size, mtime_ns"}
_PAGE = 4096


class Catalog:
    """Rows by id and by path, and the files that were rejected.

    May be used from several threads. Paths that are not valid Unicode, as on some disks, come back unchanged.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, format_version: int) -> None:
        """Use `open`."""
        self._path = path
        self._connection = connection
        self._rejected_columns = _REJECTED_COLUMNS[format_version]
        self._lock = threading.Lock()
        # A reader need not be closed: the connection goes with the last one who uses it.
        self._finalizer = weakref.finalize(self, connection.close)

    @classmethod
    def open(cls, path: Path, format_version: int = FORMAT_VERSION) -> Catalog:
        """Open the file of a saved generation of this format, which nobody changes any more.

        Raises:
            IndexDamaged: missing, or not a catalog.
        """
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        with _naming(path):
            connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        catalog = cls(path, connection, format_version)
        catalog._rows_where("true LIMIT 1")
        catalog._rejected_where("true LIMIT 1")
        return catalog

    def rows(self) -> Iterator[Row]:
        """All rows in the order of their ids."""
        last = -1
        while rows := self._rows_where(f"id > ? ORDER BY id LIMIT {_PAGE}", last):
            yield from rows
            last = rows[-1].id

    def rows_of(self, ids: Sequence[int] | Ids) -> list[Row]:
        """The rows with these ids, in the order of `ids`.

        Raises:
            IdsUnknown: names the ids that have no row.
        """
        wanted = np.asarray(ids, dtype=np.int64).reshape(-1).tolist()
        rows = self._rows_where("id IN (SELECT value FROM json_each(?))", json.dumps(wanted))
        found = {row.id: row for row in rows}
        if unknown := [row_id for row_id in wanted if row_id not in found]:
            raise IdsUnknown(
                f"{self._path} has no row for id {first_few(unknown)}: "
                "use the ids that this index answered with"
            )
        return [found[row_id] for row_id in wanted]

    def find(self, path: str) -> Row | None:
        """The row of the file at `path`, or None if it has none."""
        return next(iter(self._rows_where("path = ?", _to_sql(path))), None)

    def rejected(self) -> Iterator[RejectedFile]:
        """The rejected files in the order of their paths."""
        yield from self._rejected_where("true ORDER BY path")

    def find_rejected(self, path: str) -> RejectedFile | None:
        """Why the file at `path` was rejected, or None if it was not."""
        return next(iter(self._rejected_where("path = ?", _to_sql(path))), None)

    def num_rejected(self) -> int:
        """How many files were rejected."""
        return int(self._select("SELECT count(*) FROM rejected")[0][0])

    def close(self) -> None:
        """Close the file; the catalog cannot be used afterwards."""
        self._finalizer()

    def _rows_where(self, condition: str, *values: object) -> list[Row]:
        records = self._select(f"SELECT {_ROW_COLUMNS}, id FROM row WHERE {condition}", *values)
        return [Row(_from_sql(path), *facts, id=row_id) for path, *facts, row_id in records]

    def _rejected_where(self, condition: str, *values: object) -> list[RejectedFile]:
        records = self._select(f"SELECT {self._rejected_columns} FROM rejected WHERE {condition}", *values)
        return [RejectedFile(_from_sql(path), _from_sql(reason), *facts) for path, reason, *facts in records]

    def _select(self, statement: str, *values: object) -> list[Any]:
        with self._lock, _naming(self._path):
            return self._connection.execute(statement, values).fetchall()


class CatalogDraft(Catalog):
    """A catalog that one writer fills, in a file that no manifest names yet."""

    @classmethod
    def create(cls, path: Path) -> CatalogDraft:
        """Begin an empty catalog in a new file. Raises OSError or sqlite3.Error if the disk refuses."""
        return cls._begin(path, [SCHEMA])

    @classmethod
    def resume(cls, path: Path, format_version: int = FORMAT_VERSION) -> CatalogDraft:
        """Go on filling the catalog at `path`, a copy of a saved one of this format."""
        return cls._begin(path, [_MIGRATIONS[old] for old in range(format_version, FORMAT_VERSION)])

    @classmethod
    def _begin(cls, path: Path, scripts: Sequence[str]) -> CatalogDraft:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        draft = cls(path, connection, FORMAT_VERSION)
        # Nobody reads this file before it is complete and synced: no journal, no syncs are needed.
        with _naming(path, writing=True):
            for script in ("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF", *scripts):
                connection.executescript(script)
        return draft

    def add(self, rows: Sequence[Row], first_id: int) -> None:
        """Add `rows` with ids from `first_id`: all of them or none. They are no longer rejected files.

        Raises:
            RowsInvalid: a path that has a row already.
        """
        records = [(first_id + at, _to_sql(row.path), *_facts(row)) for at, row in enumerate(rows)]
        with self._transaction():
            self.forget_from(first_id)
            self._refuse_known(rows)
            self._connection.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?)", records)
            self._connection.executemany(
                "DELETE FROM rejected WHERE path = ?", [(record[1],) for record in records]
            )

    def reject(self, rejected: RejectedFile) -> None:
        """Keep why a file was rejected; a later reason replaces an earlier one.

        Raises:
            RowsInvalid: the file has a row.
        """
        path = _to_sql(rejected.path)
        with self._transaction():
            if self._has_row(path):
                raise RowsInvalid(f"path {rejected.path!r} has a row, it cannot be rejected as well")
            self._connection.execute(
                "INSERT OR REPLACE INTO rejected VALUES (?, ?, ?, ?)",
                (path, _to_sql(rejected.reason), int(rejected.size), int(rejected.mtime_ns)),
            )

    def forget_from(self, first_id: int) -> None:
        """Remove rows of an `add` whose vectors were never counted, because it was interrupted."""
        self._connection.execute("DELETE FROM row WHERE id >= ?", (first_id,))

    def _refuse_known(self, rows: Sequence[Row]) -> None:
        known = next((row.path for row in rows if self._has_row(_to_sql(row.path))), None)
        if known is not None:
            raise RowsInvalid(f"path {known!r} has a row already: give every file one row")

    def _has_row(self, path: str | bytes) -> bool:
        return self._connection.execute("SELECT 1 FROM row WHERE path = ?", (path,)).fetchone() is not None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, _naming(self._path, writing=True):
            self._connection.execute("BEGIN")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


def _facts(row: Row) -> tuple[int, int, str, int, int]:
    # SQLite takes no integers of NumPy.
    return int(row.size), int(row.mtime_ns), row.sha256, int(row.width), int(row.height)


@contextlib.contextmanager
def _naming(path: Path, *, writing: bool = False) -> Iterator[None]:
    """Turn what SQLite finds wrong with the catalog at `path`, or with its rows, into errors of ours."""
    try:
        yield
    except sqlite3.ProgrammingError as err:
        raise IndexClosed(f"catalog {path} is closed: open the index again") from err
    except sqlite3.IntegrityError as err:
        raise RowsInvalid(f"rows cannot be stored in {path} ({err}): give every field of every row") from err
    except sqlite3.DatabaseError as err:
        if writing and isinstance(err, sqlite3.OperationalError):
            # The disk refused: the caller knows what that means for the index.
            raise
        raise damage(path.parent, [f"{path} is not a sound catalog ({err})"]) from err


def _to_sql(text: str) -> str | bytes:
    """`text` as SQLite can hold it: bytes where it is a name that the file system could not decode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def _from_sql(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "surrogatepass")
