"""Why a picture cannot be read, in a few words for its user, and no warnings of Pillow beside them."""

from __future__ import annotations

import errno
import os
import re
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from PIL import Image, UnidentifiedImageError

from .formats import contents_in_words, picture_format

EMPTY = "empty file"
NOT_UTF8 = "its name is not valid UTF-8: rename it"
A_FOLDER = "it is a folder: name its pictures, or take up all that is new in it with `retrieve index`"
NOT_REGULAR = "it is a pipe or a device, expected a regular file"
NO_MEMORY = "there is not enough memory to decode it"

_SYSTEM_REASONS = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EISDIR: "it is a folder, not a picture",
    errno.ELOOP: "the link leads back to itself",
    errno.ENAMETOOLONG: "its path is too long for this system",
    errno.EIO: "the disk reports a read error",
    errno.ENOMEM: NO_MEMORY,
}


def printable(path: str) -> str:
    """`path` as text that any terminal and file can hold: bytes that are not UTF-8 become escapes.

    Example:
        >>> printable("caf\\udce9.jpg")
        'caf\\\\xe9.jpg'
    """
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def system_reason(error: OSError) -> str:
    """What the operating system said, in words; `error.errno` must be set."""
    number = error.errno or 0
    return _SYSTEM_REASONS.get(number, os.strerror(number).lower())


def too_many_pixels(pixels: int, limit: int) -> str:
    """The reason to give for a picture of `pixels` pixels where `limit` is the most that is decoded."""
    return f"it has {pixels:,} pixels, more than the limit of {limit:,}: make it smaller"


def decoding_reason(error: Exception, head: bytes) -> str:
    """Why the picture whose data begin with `head` could not be decoded, from what was raised meanwhile."""
    if isinstance(error, MemoryError):
        return NO_MEMORY
    if isinstance(error, Image.DecompressionBombError):
        return _bomb_reason(error)
    if isinstance(error, UnidentifiedImageError):
        return _unidentified_reason(head)
    if isinstance(error, OSError) and error.errno:
        return system_reason(error)
    if "truncated" in str(error).lower() or isinstance(
        error, (EOFError, struct.error, zlib.error, IndexError)
    ):
        return f"the file is truncated or damaged{_begins_as(head)}"
    return f"the picture data are damaged or of an unsupported kind{_begins_as(head)}"


def _bomb_reason(error: Exception) -> str:
    numbers = [int(digits) for digits in re.findall(r"\d+", str(error))]
    return too_many_pixels(*numbers) if len(numbers) == 2 else "it has more pixels than Pillow allows"


def _unidentified_reason(head: bytes) -> str:
    if not head:
        return EMPTY
    if name := picture_format(head):
        return f"it begins as a {name} file, but its header is cut short, damaged or of an unsupported kind"
    if words := contents_in_words(head):
        return f"it holds {words}"
    return "its contents are in no picture format that can be read here"


def _begins_as(head: bytes) -> str:
    name = picture_format(head)
    return f" (a {name} file)" if name else ""


@contextmanager
def without_pillow_warnings() -> Iterator[None]:
    """Inside, warnings that Pillow's modules issue in this thread are dropped; all others pass as before.

    Pillow warns about large pictures, odd EXIF blocks and the like. Here those are a rejection with a reason,
    or of no consequence, and under `-W error` the warning would refuse pictures that are fine.

    Example:
        >>> with without_pillow_warnings():
        ...     Image.open("a-100-megapixel-scan.png")
    """
    _put_filter_first()
    _THREAD.depth += 1
    try:
        yield
    finally:
        _THREAD.depth -= 1


class _DecodingThread(threading.local):
    """Takes the place of a filter's module pattern: `warnings` only ever calls its `match`.

    `warnings.catch_warnings` swaps a list of the whole process and puts it back, so that two threads that
    overlap put back each other's. This filter looks at the thread when it is asked, and stays.
    """

    depth = 0

    def match(self, module: str) -> bool:
        return self.depth > 0 and module.startswith("PIL.")


_THREAD = _DecodingThread()
_FILTER = ("ignore", None, Warning, _THREAD, 0)


def _put_filter_first() -> None:
    # Whoever changed the filters since (pytest does, for each test) has put theirs before ours.
    filters = cast("list[Any]", warnings.filters)
    if filters and filters[0] is _FILTER:
        return
    if _FILTER in filters:
        filters.remove(_FILTER)
    filters.insert(0, _FILTER)
