"""What an index knows of a file: a row, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .errors import RowsInvalid

UNASSIGNED = -1


@dataclass(frozen=True, slots=True)
class Row:
    """A file behind a vector.

    path: relative to the folder that was indexed, with `/` between its parts. size: bytes. mtime_ns: time of
    the last change, nanoseconds. sha256: of the contents, in hexadecimal. width, height: pixels.
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
        RowsInvalid: too few or too many, a path twice, or a path that is not relative.
    """
    if len(rows) != count:
        raise RowsInvalid(f"got {len(rows)} rows for {count} vectors: give one row a vector, or rows=None")
    seen: set[str] = set()
    for row in rows:
        check_path(row.path)
        if row.path in seen:
            raise RowsInvalid(f"path {row.path!r} comes twice: give every file one row")
        seen.add(row.path)


def check_path(path: str) -> None:
    """Check the path of a row.

    Raises:
        RowsInvalid: empty or absolute: an index with such a path could not be moved with its folder.
    """
    if not path or path.startswith("/"):
        raise RowsInvalid(f"path is {path!r}, expected a path relative to the indexed folder")
