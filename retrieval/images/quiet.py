"""Keep Pillow's warnings from the user while this room decodes, in the decoding thread only.

Pillow warns about large pictures, odd EXIF blocks and the like. Here those are either a rejection with a
reason or of no consequence; a user can do nothing about the text, and under `-W error` it would refuse
pictures that are fine. `warnings.catch_warnings` is no way out: it swaps a process-wide list and puts it
back, and two threads that overlap put back each other's. So one filter is added that looks at the thread
when it is asked, and nothing is ever taken back.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast


class _DecodingThread(threading.local):
    """Takes the place of a filter's module pattern: `warnings` only ever calls its `match`."""

    depth = 0

    def match(self, module: str) -> bool:
        return self.depth > 0 and module.startswith("PIL.")


_THREAD = _DecodingThread()
_FILTER = ("ignore", None, Warning, _THREAD, 0)


def _put_in_front() -> None:
    # Whoever changed the filters since (pytest does, for each test) has put theirs before ours.
    filters = cast("list[Any]", warnings.filters)
    if filters and filters[0] is _FILTER:
        return
    if _FILTER in filters:
        filters.remove(_FILTER)
    filters.insert(0, _FILTER)


@contextmanager
def pillow_muted() -> Iterator[None]:
    """Inside, warnings that Pillow's modules issue in this thread are dropped; all others pass as before.

    Example:
        >>> with pillow_muted():
        ...     Image.open("a-100-megapixel-scan.png")
    """
    _put_in_front()
    _THREAD.depth += 1
    try:
        yield
    finally:
        _THREAD.depth -= 1
