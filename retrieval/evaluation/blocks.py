"""Work through many queries in blocks on all cores, with a bounded amount in memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

BLOCK_CELLS = 4_000_000
MOST_WORKERS = 4


def block_size(num_rows: int) -> int:
    """How many queries to rank at once, so that a block has about four million distances.

    A distance costs some 40 bytes while a block is being ranked: 160 MB a block.

    Example:
        >>> block_size(60_000)
        66
    """
    return max(1, BLOCK_CELLS // max(num_rows, 1))


def map_blocks(work: Callable[[slice], Result], *, num_queries: int, block: int) -> Iterator[Result]:
    """Yield `work(part)` for the consecutive parts `slice(start, stop)` of the queries, in order.

    Threads work ahead of whoever consumes the results, by no more than one block each: NumPy sorts and
    multiplies outside the interpreter's lock.

    Example:
        >>> list(map_blocks(lambda part: (part.start, part.stop), num_queries=5, block=2))
        [(0, 2), (2, 4), (4, 5)]
    """
    workers = min(os.cpu_count() or 1, MOST_WORKERS)
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, num_queries, block):
            pending.append(pool.submit(work, slice(start, min(start + block, num_queries))))
            if len(pending) > workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
