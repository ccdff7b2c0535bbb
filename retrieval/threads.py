"""How many threads numerical work may use: chosen by `--threads`, by RETRIEVE_THREADS, or one a processor.

BLAS, OpenMP and TensorFlow bring threads of their own, which wait for each other in busy loops: beside
another busy process that takes several times as long as one thread. So products are computed block by block,
each block in one thread of BLAS, on threads of ours that wait without computing (`parallel.in_order`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import RetrievalError

VARIABLE = "RETRIEVE_THREADS"

# Read by OpenMP, which FAISS uses, when it is loaded: wait without computing, and on how many threads.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
_OPENMP = "OMP_NUM_THREADS"

_chosen: int | None = None


def available_cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def use_threads(count: int | None) -> None:
    """Use `count` threads from now on; None goes back to RETRIEVE_THREADS, or one a processor.

    TensorFlow and FAISS read the number once, when they are loaded.

    Raises:
        RetrievalError: `count` is below 1.
    """
    global _chosen
    if count is not None and count < 1:
        raise RetrievalError(f"threads is {count}, expected 1 or more")
    _chosen = count
    if count is not None:
        os.environ[_OPENMP] = str(count)


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


def start_no_threads_of_blas() -> None:
    """Let BLAS start no threads of its own in this process; of use before NumPy is loaded, not after.

    For commands whose products are small or computed block by block. Starting them takes a third of the
    time of loading NumPy, more beside another busy process.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@contextmanager
def single_threaded_products() -> Iterator[None]:
    """Inside, BLAS and OpenMP compute each product in the thread that asks for it.

    The result of a product then does not depend on the number of threads.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(limits=1):
        yield
