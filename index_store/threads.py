"""Work in parallel: on threads of ours, each with one thread of BLAS.

The threads of BLAS wait for each other in busy loops: beside another busy process they take ten times as long
as one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

# Fewer rows are not worth a thread.
_LEAST_ROWS = 32


def num_threads() -> int:
    """As many threads as FAISS takes: what was set there, else `OMP_NUM_THREADS`, else one a processor."""
    if faiss := sys.modules.get("faiss"):
        return int(faiss.omp_get_max_threads())
    named = os.environ.get("OMP_NUM_THREADS", "")
    if named.isdecimal() and int(named):
        return int(named)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def by_rows(act: Callable[[slice], None], count: int) -> None:
    """Call `act` for slices that together are `count` rows, on all threads."""
    parts = max(1, min(num_threads(), count // _LEAST_ROWS))
    bounds = [count * part // parts for part in range(parts + 1)]
    slices = [slice(first, last) for first, last in pairwise(bounds)]
    with _blas().limit(limits=1, user_api="blas"):
        if parts == 1:
            act(slices[0])
            return
        with ThreadPoolExecutor(parts) as threads:
            list(threads.map(act, slices))


@cache
def _blas() -> Any:
    """Found once: looking for the libraries takes some milliseconds."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController()
