"""Work on threads, results in order: for what lets go of the interpreter, as decoding and encoding do."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import TypeVar

from .threads import num_threads

Item = TypeVar("Item")
Result = TypeVar("Result")

_here = threading.local()
_AHEAD = 32  # items a thread, so that one huge picture does not keep the others waiting


def in_order(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    threads: int | None = None,
    ahead: int = _AHEAD,
) -> Iterator[Result]:
    """`function` of each of `items`, in their order, on one thread a processor.

    Items are taken as they are needed, and few results wait, `ahead` a thread at most: memory does not depend
    on how many there are. Where `function` works so itself, it has a share of the threads: half of them where
    there are two items.
    What `function` raises rises here; then, or when nobody wants more results, the rest is left undone.

    Example:
        >>> list(in_order(str.upper, ["a", "b"]))
        ['A', 'B']
    """
    count = threads or _threads_here()
    share = max(1, count // max(1, len(items))) if isinstance(items, Sized) else 1
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(count, initializer=_use_here, initargs=(share,)) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > count * ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _threads_here() -> int:
    """How many threads work that begins in this thread may use."""
    return getattr(_here, "threads", None) or num_threads()


def _use_here(threads: int) -> None:
    _here.threads = threads


@contextmanager
def beside(function: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Compute `function()` on a thread of its own beside the block, which is given what waits for its result.

    Where there is one thread alone, it is computed when it is waited for.

    Example:
        >>> with beside(lambda: 6 * 7) as answer:
        ...     answer()
        42
    """
    if _threads_here() == 1:
        yield cache(function)
        return
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(function).result


def one_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """`items`, the next of which is made on a thread of its own while one is used.

    Where there is one thread alone, each is made when it is wanted.

    Example:
        >>> list(one_ahead(letter.upper() for letter in "ab"))
        ['A', 'B']
    """
    iterator = iter(items)

    def take() -> list[Item]:
        return list(islice(iterator, 1))

    taken = take()
    while taken:
        with beside(take) as coming:
            yield taken.pop()  # nothing here holds it while the next is made
        taken = coming()
