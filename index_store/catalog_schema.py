"""How the catalog lies in SQLite, in each format: tables, views, and records as rows."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import lookup
from .errors import IndexClosed, IndexUnwritable, RowsInvalid
from .files import damage
from .manifest import LIVING
from .names import JOURNAL
from .rows import RejectedFile, Row, metadata_to_json

_COLUMNS = "born, path, size, mtime_ns, sha256, width, height, metadata, checksum"
_FACTS = """
    born INTEGER NOT NULL,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    metadata TEXT,
    checksum INTEGER NOT NULL"""

SCHEMA = f"""
CREATE TABLE row (id INTEGER PRIMARY KEY, {_FACTS});
CREATE TABLE past (
    id INTEGER NOT NULL, {_FACTS},
    died INTEGER NOT NULL,
    PRIMARY KEY (id, born)
) WITHOUT ROWID;
CREATE INDEX past_died ON past (died);
CREATE TABLE removed (id INTEGER PRIMARY KEY, died INTEGER NOT NULL);
CREATE TABLE rejected (
    path TEXT NOT NULL,
    born INTEGER NOT NULL,
    died INTEGER,
    reason TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (path, born)
) WITHOUT ROWID;
{lookup.SCHEMA}"""

_VIEWS = f"""
CREATE TEMP VIEW rows AS
    SELECT id, {_COLUMNS} FROM main.row WHERE born <= {{0}}
    UNION ALL SELECT id, {_COLUMNS} FROM main.past WHERE born <= {{0}} AND died > {{0}};
CREATE TEMP VIEW rejections AS
    SELECT path, born, reason, size, mtime_ns, checksum FROM main.rejected
    WHERE born <= {{0}} AND (died IS NULL OR died > {{0}});
"""

_OLD_VIEWS = """
CREATE TEMP VIEW rows AS
    SELECT id, 0 AS born, path, size, mtime_ns, bytes_of_hex(sha256) AS sha256, width, height,
    NULL AS metadata, NULL AS checksum FROM main.row;
CREATE TEMP VIEW rejections AS
    SELECT path, 0 AS born, reason, {} AS size, {} AS mtime_ns, NULL AS checksum FROM main.rejected;
"""
_REJECTED_FACTS = {1: ("0", "0"), 2: ("size", "mtime_ns")}

# Seconds to wait for a writer that is just committing.
_PATIENCE = 60.0
_SIGNED = 1 << 31


def views(generation: int, format_version: int) -> str:
    """SQL that makes the views `rows` and `rejections` of one generation, the same for every format."""
    if format_version >= LIVING:
        return _VIEWS.format(generation)
    return _OLD_VIEWS.format(*_REJECTED_FACTS[format_version])


def connect(path: Path, *, changing: bool) -> sqlite3.Connection:
    """A connection that reads the catalog at `path`; `changing`: while a writer may change it.

    It changes nothing but what a killed writer left half-written, which it undoes where the directory allows.
    """
    uri = f"{path.absolute().as_uri()}?" + ("mode=rw" if changing else "mode=ro&immutable=1")
    connection = sqlite3.connect(
        uri, uri=True, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )
    connection.create_function("bytes_of_hex", 1, bytes_of_hex, deterministic=True)
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def record_of(row: Row, row_id: int, born: int) -> tuple[object, ...]:
    """A row as the columns of the table `row`: id, born, path and so on, with its checksum."""
    # SQLite takes no integers of NumPy.
    sha256 = bytes.fromhex(row.sha256)
    numbers = (int(row.size), int(row.mtime_ns), int(row.width), int(row.height))
    path, metadata = to_sql(row.path), metadata_to_json(row)
    checksum = _checksum(row_id, born, numbers, path, sha256, metadata)
    return (row_id, born, path, *numbers[:2], sha256, *numbers[2:], metadata, checksum)


def row_from_record(record: tuple[Any, ...]) -> Row | None:
    """The row of a record; None where its checksum does not match."""
    row_id, born, path, size, mtime_ns, sha256, width, height, metadata, checksum = record
    try:
        if checksum is not None and checksum != _checksum(
            row_id, born, (size, mtime_ns, width, height), path, sha256, metadata
        ):
            return None
        facts = json.loads(metadata) if metadata else {}
        return Row(from_sql(path), size, mtime_ns, sha256.hex(), width, height, metadata=facts, id=row_id)
    except (TypeError, ValueError, AttributeError, struct.error):
        return None


def rejected_record_of(rejected: RejectedFile, born: int) -> tuple[object, ...]:
    """A rejected file as columns: path, born, reason, size, mtime_ns, checksum."""
    path, reason = to_sql(rejected.path), to_sql(rejected.reason)
    numbers = (int(rejected.size), int(rejected.mtime_ns))
    return path, born, reason, *numbers, _checksum(0, born, numbers, path, b"", reason)


def rejected_from_record(record: tuple[Any, ...]) -> RejectedFile | None:
    """The rejected file of a record; None where its checksum does not match."""
    born, path, reason, size, mtime_ns, checksum = record
    try:
        sound = checksum is None or checksum == _checksum(0, born, (size, mtime_ns), path, b"", reason)
        return RejectedFile(from_sql(path), from_sql(reason), size, mtime_ns) if sound else None
    except (TypeError, ValueError, AttributeError, struct.error):
        return None


def bytes_of_hex(text: str) -> bytes:
    """The bytes that hexadecimal digits stand for."""
    return bytes.fromhex(text)


def to_sql(text: str) -> str | bytes:
    """`text` as SQLite can hold it: bytes where it is a name that the file system could not decode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def from_sql(value: str | bytes) -> str:
    """The text that `to_sql` turned into `value`."""
    return value if isinstance(value, str) else value.decode("utf-8", "surrogatepass")


@contextlib.contextmanager
def faults_named(path: Path, *, writing: bool = False) -> Iterator[None]:
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
        if "readonly" in str(err) and path.with_name(path.name + JOURNAL).exists():
            raise IndexUnwritable(
                f"{path} was left half-written by a writer that was killed, and cannot be put right in a "
                "directory that is read-only: open the index once where it can be written, or copy it there"
            ) from err
        raise damage(path.parent, [f"{path} is not a sound catalog ({err})"]) from err
    except UnicodeDecodeError as err:
        # SQLite names what it cannot read, which is no text any more.
        raise damage(path.parent, [f"{path} is not a sound catalog (its tables cannot be read)"]) from err


def _checksum(
    row_id: int,
    born: int,
    numbers: tuple[int, ...],
    path: str | bytes,
    sha256: bytes,
    text: str | bytes | None,
) -> int:
    packed = struct.pack(f"<{2 + len(numbers)}q", row_id, born, *numbers)
    return zlib.crc32(b"\0".join((packed, sha256, _bytes(path), _bytes(text or "")))) - _SIGNED


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
