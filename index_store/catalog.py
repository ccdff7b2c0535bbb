"""The rows of an index, for reading."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from .errors import IdsUnknown, IndexClosed
from .files import damage
from .rows import RejectedFile, Row
from .vectors import Ids

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
    reason TEXT NOT NULL
) WITHOUT ROWID;
"""

_COLUMNS = "id, path, size, mtime_ns, sha256, width, height"
_PAGE = 4096
# SQLite allowed 999 variables a statement until version 3.32.
_VARIABLES = 900

Record: TypeAlias = tuple[Any, ...]


class Catalog:
    """Rows by id and by path, and the files that were rejected.

    May be used from several threads. Paths that are not text, which a file system can hold, come back as they
    went in.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Use `open`."""
        self._path = path
        self._connection = connection
        self._lock = threading.Lock()
        # A reader need not be closed: the connection goes with the last one who uses it.
        self._finalizer = weakref.finalize(self, connection.close)

    @classmethod
    def open(cls, path: Path) -> Catalog:
        """Open the file of a saved generation, which nobody changes any more.

        Raises:
            IndexDamaged: missing, or not a catalog.
        """
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        with reading(path):
            catalog = cls(path, sqlite3.connect(uri, uri=True, check_same_thread=False))
        for table in ("row", "rejected"):
            catalog._select(f"SELECT 1 FROM {table} LIMIT 1")
        return catalog

    def rows(self) -> Iterator[Row]:
        """All rows in the order of their ids."""
        last = -1
        while records := self._select(
            f"SELECT {_COLUMNS} FROM row WHERE id > ? ORDER BY id LIMIT {_PAGE}", last
        ):
            yield from map(_row, records)
            last = records[-1][0]

    def row(self, row_id: int) -> Row:
        """The row with this id. Raises IdsUnknown if there is none."""
        return self.rows_of([row_id])[0]

    def rows_of(self, ids: Sequence[int] | Ids) -> list[Row]:
        """The rows with these ids, in the order of `ids`.

        Raises:
            IdsUnknown: names the ids that have no row.
        """
        wanted = np.asarray(ids, dtype=np.int64).reshape(-1).tolist()
        found = {row.id: row for row in self._rows_among(sorted(set(wanted)))}
        if unknown := [row_id for row_id in wanted if row_id not in found]:
            raise IdsUnknown(
                f"{self._path} has no row for id {', '.join(map(str, unknown[:5]))}: "
                "use the ids that this index answered with"
            )
        return [found[row_id] for row_id in wanted]

    def find(self, path: str) -> Row | None:
        """The row of the file at `path`, or None if it has none."""
        records = self._select(f"SELECT {_COLUMNS} FROM row WHERE path = ?", to_sql(path))
        return _row(records[0]) if records else None

    def rejected(self) -> Iterator[RejectedFile]:
        """The rejected files in the order of their paths."""
        for path, reason in self._select("SELECT path, reason FROM rejected ORDER BY path"):
            yield RejectedFile(_from_sql(path), _from_sql(reason))

    def num_rows(self) -> int:
        """How many rows there are."""
        return int(self._select("SELECT count(*) FROM row")[0][0])

    def num_rejected(self) -> int:
        """How many files were rejected."""
        return int(self._select("SELECT count(*) FROM rejected")[0][0])

    def close(self) -> None:
        """Close the file; the catalog cannot be used afterwards."""
        self._finalizer()

    def _rows_among(self, ids: list[int]) -> Iterator[Row]:
        for start in range(0, len(ids), _VARIABLES):
            part = ids[start : start + _VARIABLES]
            marks = ", ".join("?" * len(part))
            yield from map(_row, self._select(f"SELECT {_COLUMNS} FROM row WHERE id IN ({marks})", *part))

    def _select(self, statement: str, *values: object) -> list[Record]:
        with self._lock, reading(self._path):
            return self._connection.execute(statement, values).fetchall()


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what SQLite finds wrong with the catalog at `path` into `IndexDamaged`."""
    try:
        yield
    except sqlite3.ProgrammingError as err:
        raise IndexClosed(f"catalog {path} is closed: open the index again") from err
    except sqlite3.DatabaseError as err:
        raise damage(path.parent, [f"{path} is not a sound catalog ({err})"]) from err


def to_sql(text: str) -> str | bytes:
    """`text` as SQLite can hold it: bytes where it is a name that the file system could not decode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def _from_sql(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "surrogatepass")


def _row(record: Record) -> Row:
    row_id, path, *facts = record
    return Row(_from_sql(path), *facts, id=row_id)
