"""Work on threads, results in order: for what lets go of the interpreter, as decoding and encoding do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from .threads import num_threads

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 32  # items a thread, so that one huge picture does not keep the others waiting


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], *, threads: int | None = None
) -> Iterator[Result]:
    """`function` of each of `items`, in their order, on one thread a processor.

    Items are taken as they are needed, and few results wait: memory does not depend on how many there are.
    What `function` raises rises here; then, or when nobody wants more results, the rest is left undone.

    Example:
        >>> list(in_order(str.upper, ["a", "b"]))
        ['A', 'B']
    """
    count = threads or num_threads()
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(count) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > count * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
