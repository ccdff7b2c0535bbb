"""Leading eigenvectors by LAPACK, beside which other threads go on computing.

`scipy.linalg.eigh` keeps the interpreter to itself until it is done: 0.6 s for 2,048 dimensions. The same
routine, called through the pointer that SciPy hands out for Cython, lets go of it.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cython_lapack

Array = NDArray[np.floating[Any]]

_ROUTINES = {"f": "ssygvx", "d": "dsygvx"}
_NUM_ARGUMENTS = 23


def largest_eigenvectors(matrix: Array, metric: Array, num: int) -> tuple[Array, Array]:
    """The `num` largest eigenvalues (num,) of `matrix` (d, d) in the `metric` (d, d); their vectors (d, num).

    Largest first; vectors have length 1 in the metric. Both matrices are symmetric, and of the same kind,
    single or double precision.

    Raises:
        LinAlgError: the metric is not positive definite, or LAPACK finds no solution.

    Example:
        >>> values, vectors = largest_eigenvectors(np.diag([1.0, 6.0]), np.diag([1.0, 2.0]), 1)
        >>> values.tolist(), np.abs(vectors).round(3).tolist()
        ([3.0], [[0.0], [0.707]])
    """
    kind, dim = matrix.dtype, len(matrix)
    values, vectors = np.empty(dim, kind), np.empty((num, dim), kind)
    size, zero = np.array(dim, np.intc), np.zeros(1, kind)
    # LAPACK overwrites both. It takes columns for rows, which is all one, and counts from 1.
    problem = [np.array(matrix, order="C"), size, np.array(metric, order="C"), size]
    wanted = [zero, zero, np.array(dim - num + 1, np.intc), size, zero]
    failed, info, integers = np.empty(dim, np.intc), np.zeros(1, np.intc), np.empty(5 * dim, np.intc)
    results = [np.empty(1, np.intc), values, vectors, size]
    choices = [np.array(1, np.intc), *(np.array(letter) for letter in (b"V", b"I", b"L"))]

    def solve(work: Array, length: int) -> None:
        space = [work, np.array(length, np.intc), integers, failed, info]
        arguments = [*choices, size, *problem, *wanted, *results, *space]
        _routine(kind.char)(*(each.ctypes.data for each in arguments))

    best = np.empty(1, kind)
    solve(best, -1)  # tells how much space is best
    solve(np.empty(int(best[0]), kind), int(best[0]))
    if info[0]:
        raise LinAlgError(f"{_ROUTINES[kind.char]} found no eigenvectors in {dim} dimensions: info {info[0]}")
    return values[:num][::-1], vectors[::-1].T


@cache
def _routine(kind: str) -> Any:
    """The routine of LAPACK for numbers of this `kind`; all its arguments are addresses."""
    capsule = cython_lapack.__pyx_capi__[_ROUTINES[kind]]
    name_of = ctypes.pythonapi.PyCapsule_GetName
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    address_of = ctypes.pythonapi.PyCapsule_GetPointer
    address_of.restype, address_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    address = address_of(capsule, name_of(capsule))
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * _NUM_ARGUMENTS)(address)
