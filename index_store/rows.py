"""What an index knows of a file: a row, or the reason why there is none."""

from __future__ import annotations

import json
import operator
import re
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from .errors import RowsInvalid

Metadata: TypeAlias = Mapping[str, str | int | float | None]

UNASSIGNED = -1

_MOST = 1 << 63  # of what SQLite holds
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Row:
    """A file behind a vector.

    path: relative to the folder that was indexed, with `/` between its parts. size: bytes. mtime_ns: time of
    the last change, nanoseconds. sha256: of the contents, in hexadecimal. width, height: pixels.
    metadata: whatever else the caller knows of the file, by name: text, numbers or None.
    id: given by the index when the row is added; -1 until then.

    Example:
        >>> Row("cats/tom.jpg", size=4096, mtime_ns=0, sha256="ab" * 32, width=640, height=480).id
        -1
    """

    path: str
    size: int
    mtime_ns: int
    sha256: str
    width: int
    height: int
    metadata: Metadata = field(default_factory=dict, kw_only=True, hash=False)
    id: int = field(default=UNASSIGNED, kw_only=True)


@dataclass(frozen=True, slots=True, order=True)
class RejectedFile:
    """A file that could not be indexed: its relative `path`, and the `reason` for users.

    size: bytes. mtime_ns: time of the last change, nanoseconds. Both are 0 where they are not known, as for a
    folder that cannot be read; otherwise they tell whether the file has changed since it was rejected.
    """

    path: str
    reason: str
    size: int = 0
    mtime_ns: int = 0


def check_rows(rows: Sequence[Row], count: int) -> None:
    """Check the rows that come with `count` vectors.

    Raises:
        RowsInvalid: too few or too many, or as in `check_facts`.
    """
    if len(rows) != count:
        raise RowsInvalid(f"got {len(rows)} rows for {count} vectors: give one row a vector, or rows=None")
    check_facts(rows)


def check_facts(rows: Sequence[Row]) -> None:
    """Check what `rows` say.

    Raises:
        RowsInvalid: a path twice or not relative, a content hash that is none, metadata that cannot be kept.
    """
    seen: set[str] = set()
    for row in rows:
        if not isinstance(row, Row) or not isinstance(row.path, str):
            raise RowsInvalid(
                f"a row is {reprlib.repr(row)}, expected an index_store.Row with a path as text"
            )
        check_path(row.path)
        if row.path in seen:
            raise RowsInvalid(f"path {row.path!r} comes twice: give every file one row")
        seen.add(row.path)
        if not (isinstance(row.sha256, str) and _SHA256.fullmatch(row.sha256)):
            raise RowsInvalid(
                f"sha256 of {row.path!r} is {reprlib.repr(row.sha256)}, expected 64 hexadecimal digits"
            )
        _check_numbers(row, "size", "mtime_ns", "width", "height", "id")
        if row.metadata:
            metadata_to_json(row)
            if not all(map(_is_unicode, row.metadata)):
                raise RowsInvalid(
                    f"metadata of {row.path!r} have names that are no text: name columns in Unicode"
                )


def check_rejected(rejected: RejectedFile) -> None:
    """Check what is said of a file that is rejected.

    Raises:
        RowsInvalid: a path that is not relative, a reason that is no text, or numbers that are none.
    """
    if not isinstance(rejected, RejectedFile) or not isinstance(rejected.path, str):
        raise RowsInvalid(
            f"a rejected file is {reprlib.repr(rejected)}, expected an index_store.RejectedFile with a path "
            "as text"
        )
    check_path(rejected.path)
    if not isinstance(rejected.reason, str):
        reason = reprlib.repr(rejected.reason)
        raise RowsInvalid(f"the reason of {rejected.path!r} is {reason}, expected text")
    _check_numbers(rejected, "size", "mtime_ns")


def _check_numbers(of: Row | RejectedFile, *names: str) -> None:
    for name in names:
        value = getattr(of, name)
        try:
            fits = abs(operator.index(value)) < _MOST
        except TypeError:
            fits = False
        if not fits:
            raise RowsInvalid(f"{name} of {of.path!r} is {reprlib.repr(value)}, expected a whole number")


def metadata_to_json(row: Row) -> str | None:
    """The metadata of a row as JSON text; None where there is none.

    Raises:
        RowsInvalid: names that are not text, or values that are not text, finite numbers or None.
    """
    if not row.metadata:
        return None
    try:
        if isinstance(row.metadata, Mapping) and all(
            isinstance(name, str) and isinstance(value, (str, int, float, type(None)))
            for name, value in row.metadata.items()
        ):
            return json.dumps(dict(row.metadata), allow_nan=False, separators=(",", ":"))
    except ValueError:
        pass
    raise RowsInvalid(
        f"metadata of {row.path!r} are {reprlib.repr(row.metadata)}, expected names with text, "
        "finite numbers or None"
    )


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def check_path(path: str) -> None:
    """Check the path of a row.

    Raises:
        RowsInvalid: empty or absolute: an index with such a path could not be moved with its folder.
    """
    if not path or path.startswith("/"):
        raise RowsInvalid(f"path is {path!r}, expected a path relative to the indexed folder")
