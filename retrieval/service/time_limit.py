"""A limit on how long a step of a request may take, at next to no cost where it does not wait."""

from __future__ import annotations

import asyncio
from types import TracebackType


class TimeLimit:
    """Inside, a coroutine is cancelled after some seconds; what comes out is TimeoutError.

    As `asyncio.timeout`, which Python 3.10 has not. `asyncio.wait_for` runs what it waits for as a task of
    its own, which takes as long as all other checks of a request together.

    Example:
        >>> async def wait():
        ...     async with TimeLimit(0.01):
        ...         await asyncio.sleep(1)
        >>> asyncio.run(wait())
        Traceback (most recent call last):
        TimeoutError
    """

    __slots__ = ("_expired", "_seconds", "_task", "_timer")

    def __init__(self, seconds: float) -> None:
        """Allow `seconds`; with none left, only what does not wait."""
        self._seconds = max(0.0, seconds)
        self._expired = False

    async def __aenter__(self) -> None:
        """Begin to count."""
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._expire)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Count no longer."""
        self._timer.cancel()
        if self._expired and kind is not None and issubclass(kind, asyncio.CancelledError):
            # Python 3.10 does not count how often a task is cancelled.
            if self._task is not None and hasattr(self._task, "uncancel"):
                self._task.uncancel()
            raise TimeoutError from error

    def _expire(self) -> None:
        if self._task is not None:
            self._expired = True
            self._task.cancel()
