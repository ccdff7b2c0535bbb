"""Memory that this process has freed: kept for the next arrays, or given back to the system."""

from __future__ import annotations

import ctypes
from contextlib import suppress

# Of malloc.h, for glibc's `mallopt`.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX, _ARENA_MAX = -1, -2, -4, -8
_NEVER = 2**31 - 1
_GROWN_BY = 64 * 2**20


def keep_freed_memory() -> None:
    """Keep what is freed for the next arrays; of use before there are other threads, and with glibc alone.

    For commands that end when they have solved layers. Left to itself, glibc gives large arrays back at once,
    and the system clears every page before it hands it out again; `docs/experiments.md` has what that takes.

    Source: mallopt(3).
    """
    # Other systems have no such function, or no name for the library of C.
    with suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        # One heap for all threads: those of their own hold 64 MB each and are given back whole.
        for option, value in (
            (_ARENA_MAX, 1),
            (_MMAP_MAX, 0),
            (_TRIM_THRESHOLD, _NEVER),
            (_TOP_PAD, _GROWN_BY),
        ):
            mallopt(option, value)
