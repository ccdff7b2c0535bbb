"""How many threads numerical work may use: chosen by `--threads`, by RETRIEVE_THREADS, or one a processor."""

from __future__ import annotations

import os

from .errors import RetrievalError

VARIABLE = "RETRIEVE_THREADS"

_chosen: int | None = None


def available_cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def use_threads(count: int | None) -> None:
    """Use `count` threads from now on; None goes back to RETRIEVE_THREADS, or one a processor.

    Raises:
        RetrievalError: `count` is below 1.
    """
    global _chosen
    if count is not None and count < 1:
        raise RetrievalError(f"threads is {count}, expected 1 or more")
    _chosen = count


def num_threads() -> int:
    """How many threads numerical work may use.

    Raises:
        RetrievalError: RETRIEVE_THREADS is not a whole number from 1.

    Example:
        >>> use_threads(3)
        >>> num_threads()
        3
    """
    if _chosen is not None:
        return _chosen
    named = os.environ.get(VARIABLE, "")
    if not named:
        return available_cores()
    if not named.isdecimal() or int(named) < 1:
        raise RetrievalError(f"{VARIABLE} is {named!r}, expected a whole number from 1")
    return int(named)
