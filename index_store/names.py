"""The names of the files of an index.

The manifest knows a file by its logical name, `encoder.tflite`. Its name on disk has the generation that
wrote it, `encoder.generation-3.tflite`. So a new generation never writes into a file of an old one, and
files that a killed writer left are told from those that somebody else put there.
"""

from __future__ import annotations

import re
from pathlib import Path

from .errors import OptionInvalid

MANIFEST = "manifest.json"
LOCK = "lock"
LOCK_HOLDER = "lock.json"
LOCK_FILES = (LOCK, LOCK_HOLDER)
"""What a writer that holds the lock has in the directory; the first may stay when it is done."""

VECTORS = "vectors.f32"
IDS = "ids.i64"
COPIES = "copies.f32"
CATALOG = "catalog.sqlite"
SEARCH = "search.faiss"

CORE = (VECTORS, IDS, CATALOG)
"""What every index has."""
OWN = (*CORE, COPIES, SEARCH)
"""What is not an attachment."""
APPEND_ONLY = (VECTORS, IDS, COPIES)
RESERVED = (*OWN, MANIFEST, *LOCK_FILES)
PART = "-part"
JOURNAL = "-journal"

_LOGICAL = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_]+)+")
_REAL = re.compile(r"[a-z0-9_-]+\.generation-([1-9][0-9]*)(\.[a-z0-9_]+)+")
_STRAY = re.compile(rf"(({_REAL.pattern})({PART}|{JOURNAL})?|manifest\.json{PART})")


def real_name(logical: str, generation: int) -> str:
    """The name on disk of a file that `generation` writes.

    Example:
        >>> real_name("encoder.tflite", 3)
        'encoder.generation-3.tflite'
    """
    stem, suffix = logical.split(".", 1)
    return f"{stem}.generation-{generation}.{suffix}"


def is_real_name(name: str) -> bool:
    """Whether a file of an index can have this name on disk: a plain name of our pattern, never a path."""
    return _REAL.fullmatch(name) is not None


def is_stray_name(name: str) -> bool:
    """Whether a file of this name is ours to remove when no manifest names it.

    Example:
        >>> is_stray_name("vectors.generation-2.f32"), is_stray_name("holiday.000002.png")
        (True, False)
    """
    return _STRAY.fullmatch(name) is not None


def is_own_name(name: str) -> bool:
    """Whether a file of this name may lie in the directory of an index because of that.

    Example:
        >>> is_own_name("lock"), is_own_name("ids.generation-1.i64"), is_own_name("cat.jpg")
        (True, True, False)
    """
    return name == MANIFEST or name in LOCK_FILES or is_stray_name(name)


def newest_generation(directory: Path) -> int:
    """The highest generation that any file in `directory` carries in its name; 0 if none does."""
    matches = (_REAL.match(path.name) for path in directory.iterdir())
    return max((int(match[1]) for match in matches if match), default=0)


def check_attachment_name(name: str) -> str:
    """Return `name` if a caller may attach a file under it.

    Raises:
        OptionInvalid: a name of the index's own files, or one that is not portable between systems.
    """
    if name in RESERVED:
        raise OptionInvalid(f"attachment name {name!r} belongs to the index itself: choose another")
    if not _LOGICAL.fullmatch(name):
        raise OptionInvalid(
            f"attachment name is {name!r}, expected lower-case letters, digits, '-' or '_' "
            "and an extension, like 'encoder.tflite'"
        )
    return name
