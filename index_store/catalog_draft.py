"""The rows of an index while a writer adds to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .catalog import SCHEMA, Catalog, to_sql
from .errors import RowsInvalid
from .files import damage
from .rows import RejectedFile, Row


class CatalogDraft(Catalog):
    """A catalog that one writer fills, in a file that no manifest names yet."""

    @classmethod
    def create(cls, path: Path) -> CatalogDraft:
        """Begin an empty catalog in a new file. Raises OSError or sqlite3.Error if the disk refuses."""
        draft = cls.resume(path)
        draft._connection.executescript(SCHEMA)
        return draft

    @classmethod
    def resume(cls, path: Path) -> CatalogDraft:
        """Go on filling the catalog at `path`, a copy of a saved one."""
        draft = cls(path, sqlite3.connect(path, isolation_level=None, check_same_thread=False))
        # Nobody reads this file before it is complete and synced: no journal, no syncs are needed.
        with _filling(path):
            draft._connection.execute("PRAGMA journal_mode = MEMORY")
            draft._connection.execute("PRAGMA synchronous = OFF")
        return draft

    def add(self, rows: Sequence[Row], first_id: int) -> None:
        """Add `rows` with ids from `first_id`: all of them or none. A file rejected before is so no more.

        Raises:
            RowsInvalid: a path that has a row already.
        """
        records = [(first_id + at, to_sql(row.path), *_facts(row)) for at, row in enumerate(rows)]
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
        path = to_sql(rejected.path)
        with self._transaction():
            if self._has_row(path):
                raise RowsInvalid(f"path {rejected.path!r} has a row, it cannot be rejected as well")
            self._connection.execute(
                "INSERT OR REPLACE INTO rejected VALUES (?, ?)", (path, to_sql(rejected.reason))
            )

    def forget_from(self, first_id: int) -> None:
        """Remove rows of an `add` whose vectors were never counted, because it was interrupted."""
        self._connection.execute("DELETE FROM row WHERE id >= ?", (first_id,))

    def _refuse_known(self, rows: Sequence[Row]) -> None:
        known = next((row.path for row in rows if self._has_row(to_sql(row.path))), None)
        if known is not None:
            raise RowsInvalid(f"path {known!r} has a row already: give every file one row")

    def _has_row(self, path: str | bytes) -> bool:
        return self._connection.execute("SELECT 1 FROM row WHERE path = ?", (path,)).fetchone() is not None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, _filling(self._path):
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


@contextmanager
def _filling(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as err:
        raise RowsInvalid(f"rows cannot be stored in {path} ({err}): give every field of every row") from err
    except sqlite3.OperationalError:
        # The disk refused: the caller knows what that means for the index.
        raise
    except sqlite3.DatabaseError as err:
        raise damage(path.parent, [f"{path} is not a sound catalog ({err})"]) from err
