"""The rows that a condition in SQL holds for: read-only, one condition, over named columns alone.

SQLite itself keeps watch: its authorizer (https://sqlite.org/c3ref/set_authorizer.html) refuses whatever is
more than a comparison of the columns, and its progress handler ends what takes too long.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from .catalog_schema import connect, faults_named, views
from .checks import Ids
from .errors import OptionInvalid
from .manifest import FORMAT_VERSION, LIVING

COLUMNS = {
    "id": "id",
    "path": "text(path)",
    "folder": "folder(path)",
    "name": "name(path)",
    "size": "size",
    "mtime": "datetime(mtime_ns / 1000000000, 'unixepoch')",
    "width": "width",
    "height": "height",
}
"""The columns that every index has, and how the catalog's own give them."""

FUNCTIONS = frozenset(
    {"abs", "coalesce", "date", "datetime", "glob", "ifnull", "iif", "instr", "julianday", "length", "like"}
    | {"lower", "ltrim", "max", "min", "nullif", "round", "rtrim", "strftime", "substr"}
    | {"time", "trim", "typeof", "upper"}
)
"""What a condition may call: nothing that reads, writes, or takes memory without bound."""

SECONDS = 10.0
"""How long a condition may take."""

_STEPS = 10_000
# SQLite takes no more in one answer, and by a function.
_MOST_COLUMNS = 2_000
_MOST_ARGUMENTS = 100
# "true" and "false" are values to SQLite, also between quotes.
_OTHERS = {*COLUMNS, "true", "false"}

# As SQLite reads it: text, quoted names, comments; what stands between them.
_TOKENS = re.compile(
    r"""'(?:[^']|'')*'|"(?P<name>(?:[^"]|"")*)"|\[[^\]]*\]|`(?:[^`]|``)*`|--[^\n]*|/\*.*?(?:\*/|$)"""
    r"|(?P<word>[^\W\d]\w*)",
    re.DOTALL,
)
_QUERIES = {"select", "values", "with"}
_MORE = "it asks for more than the columns of one picture"
_VIEWS = {"pictures", "rows"}


class Where:
    """The rows of one generation of a catalog, to be asked for by conditions.

    Example:
        >>> with Index.create("indexed", 2) as index:
        ...     _ = index.add([[1, 0], [0, 1]])
        ...     index.save()
        >>> with Where.open(index.directory / "catalog.generation-1.sqlite", generation=1) as where:
        ...     where.columns[:3], where.ids("width > 600").tolist()
        (('id', 'path', 'folder'), [])
    """

    def __init__(self, connection: sqlite3.Connection, columns: tuple[str, ...]) -> None:
        """Use `open`."""
        self._connection = connection
        self.columns = columns

    @classmethod
    @contextmanager
    def open(cls, catalog: Path, generation: int, format_version: int = FORMAT_VERSION) -> Iterator[Where]:
        """Read the file `catalog` of this format as it is in `generation`, over a connection of its own.

        Raises:
            IndexDamaged: it is missing, or no catalog.
        """
        changing = format_version >= LIVING
        with faults_named(catalog), closing(connect(catalog, changing=changing)) as connection:
            connection.executescript(views(generation, format_version))
            with cls.over(connection) as where:
                yield where

    @classmethod
    @contextmanager
    def over(cls, connection: sqlite3.Connection) -> Iterator[Where]:
        """Read over a `connection` that has the views of a generation and that nobody else uses."""
        for name, function in (("text", _text), ("folder", _folder), ("name", _name)):
            connection.create_function(name, 1, function, deterministic=True)
        connection.execute("PRAGMA query_only = OFF")
        try:
            columns = _make_view(connection)
        finally:
            connection.execute("PRAGMA query_only = ON")
        yield cls(connection, columns)

    def ids(self, condition: str) -> Ids:
        """The ids (n,) int64, ascending, of the rows that `condition` is true for.

        Raises:
            OptionInvalid: it is no condition, names a column that is not there, is more than a condition, or
                takes more than ten seconds.
        """
        self._refuse_text(condition)
        guard = _Guard(self.columns)
        self._connection.set_authorizer(guard)
        self._connection.set_progress_handler(guard.is_late, _STEPS)
        try:
            # What closes a bracket that it has not opened is no expression in both of these.
            self._connection.execute(f"EXPLAIN SELECT id FROM temp.pictures WHERE (\n{condition}\n)")
            found = self._connection.execute(
                f"SELECT id FROM temp.pictures WHERE ((\n{condition}\n)) ORDER BY id"
            ).fetchall()
        except sqlite3.DatabaseError as err:
            if guard.reason is None and type(err) is sqlite3.DatabaseError:
                # The file is at fault, not the condition.
                raise
            raise self._refusal(condition, guard.reason or str(err)) from err
        except sqlite3.Warning as err:
            raise self._refusal(condition, "it has more than one statement") from err
        finally:
            # Up to Python 3.10, None refuses everything from then on.
            self._connection.set_authorizer(_allow)
            self._connection.set_progress_handler(None, 0)
        return np.array(found, dtype=np.int64).reshape(-1)

    def _refuse_text(self, condition: str) -> None:
        if not isinstance(condition, str):
            raise OptionInvalid(f"where is {condition!r}, expected a condition as text")
        if not condition.strip():
            raise self._refusal(condition, "it is empty")
        if "\0" in condition or not _is_unicode(condition):
            raise self._refusal(condition, "it holds characters that are no text")
        known = set(map(_folded, self.columns))
        for token in _TOKENS.finditer(condition):
            if (token["word"] or "").lower() in _QUERIES:
                raise self._refusal(condition, _MORE)
            # SQLite would take an unknown name between quotes for text, and find nothing.
            name = token["name"]
            if name is not None and _folded(name.replace('""', '"')) not in known:
                raise self._refusal(condition, f"no such column: {name}, text goes between single quotes")

    def _refusal(self, condition: str, reason: str) -> OptionInvalid:
        shown, reason = " ".join(condition.split()), " ".join(reason.split())
        if reason.startswith("Incorrect number of bindings"):
            reason = "nothing is given for its parameters"
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        if reason.startswith("no such function"):
            expected = f"the functions are {', '.join(sorted(FUNCTIONS))}"
        else:
            expected = f"the columns are {', '.join(map(_as_typed, self.columns))}"
        return OptionInvalid(f"where {shown!r} cannot be used: {reason}; {expected}")


class _Guard:
    """Says to SQLite what one condition may do, and keeps the first reason to refuse it."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self._columns = set(map(_folded, columns))
        self._deadline = time.monotonic() + SECONDS
        self.reason: str | None = None

    def __call__(
        self, action: int, first: str | None, second: str | None, _database: str | None, view: str | None
    ) -> int:
        # What the views read is our own choice; a condition cannot make others, which takes a SELECT.
        reason = None if view in _VIEWS else self._reason_against(action, first or "", second or "")
        if reason is None:
            return sqlite3.SQLITE_OK
        self.reason = self.reason or reason
        return sqlite3.SQLITE_DENY

    def is_late(self) -> bool:
        late = time.monotonic() > self._deadline
        if late:
            self.reason = f"it takes more than {SECONDS:g} seconds"
        return late

    def _reason_against(self, action: int, first: str, second: str) -> str | None:
        if action == sqlite3.SQLITE_SELECT:
            return None
        if action == sqlite3.SQLITE_READ:
            if first != "pictures":
                return _MORE
            return None if _folded(second) in self._columns else f"no such column: {second}"
        if action == sqlite3.SQLITE_FUNCTION:
            return None if second.lower() in FUNCTIONS else f"no such function: {second}"
        return "it does more than compare columns"


def _allow(*_: object) -> int:
    return sqlite3.SQLITE_OK


def _make_view(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Lay the columns that conditions may name over the rows of the generation; their names."""
    keys = connection.execute(
        "SELECT DISTINCT key FROM temp.rows, json_each(metadata) WHERE metadata NOTNULL ORDER BY key"
    ).fetchall()
    # SQLite tells no names apart that differ in case alone: where one has no value, another may.
    alike: dict[str, list[str]] = {}
    for (key,) in keys:
        # The others cannot be told apart from the catalog's own, or cannot be written between quotes.
        if _folded(key) not in _OTHERS and not set('"\0') & set(key):
            alike.setdefault(_folded(key), []).append(key)
    values = dict(COLUMNS)
    for names in list(alike.values())[: _MOST_COLUMNS - len(COLUMNS)]:
        found = [_value_of(name) for name in names]
        while len(found) > 1:
            found = [f"coalesce({', '.join(found[:_MOST_ARGUMENTS])})", *found[_MOST_ARGUMENTS:]]
        (values[names[0]],) = found
    columns = ", ".join(f'{value} AS "{name}"' for name, value in values.items())
    connection.execute("DROP VIEW IF EXISTS temp.pictures")
    connection.execute(f"CREATE TEMP VIEW pictures AS SELECT {columns} FROM temp.rows")
    return tuple(values)


def _value_of(name: str) -> str:
    """In SQL, what the metadata say of `name`."""
    quoted = name.replace("'", "''")
    if name.isascii() and name.isprintable() and "\\" not in name:
        return f"json_extract(metadata, '$.\"{quoted}\"')"
    # JSON has such a name with escapes in it, which a path is compared with as they are.
    return f"(SELECT value FROM json_each(metadata) WHERE key = '{quoted}')"


def _folded(name: str) -> str:
    """A name as SQLite compares it: in lower case, but for letters beyond ASCII."""
    return name.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def _as_typed(column: str) -> str:
    return column if re.fullmatch(r"[^\W\d]\w*", column) else f'"{column}"'


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(path: str | bytes) -> str:
    return path if isinstance(path, str) else path.decode("utf-8", "replace")


def _folder(path: str | bytes) -> str:
    return _text(path).rpartition("/")[0].rpartition("/")[2]


def _name(path: str | bytes) -> str:
    return _text(path).rpartition("/")[2]
