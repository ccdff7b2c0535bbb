"""The arguments of callers, checked once, so that everything inside can trust them."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, SupportsIndex, TypeAlias, TypeVar, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import OptionInvalid, VectorsInvalid

Metric: TypeAlias = Literal["cosine", "l2"]
Check: TypeAlias = Literal["quick", "full"]
# A writer compares the piece that it goes on from: in what it takes as described, no damage becomes valid.
Depth: TypeAlias = Check | Literal["end"]

METRICS: tuple[Metric, ...] = get_args(Metric)
CHECKS: tuple[Check, ...] = get_args(Check)

Vectors: TypeAlias = NDArray[np.float32]
Ids: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
Distances: TypeAlias = NDArray[np.float32]

# A vector normalised in float32 has length 1 to about 1e-7. Normalising it again would move it by a bit, and
# a stored vector would no longer be at distance 0 from itself.
UNIT_TOLERANCE = 1e-6

_NAMED = 5

Choice = TypeVar("Choice", bound=str)


def check_choice(name: str, value: Choice, choices: Sequence[Choice]) -> Choice:
    """Return `value` if it is one of `choices`.

    Raises:
        OptionInvalid: it is not; the message lists the choices.

    Example:
        >>> check_choice("metric", "l2", METRICS)
        'l2'
    """
    if value not in choices:
        raise OptionInvalid(f"{name} is {value!r}, expected one of {', '.join(choices)}")
    return value


def check_store(store: str) -> str:
    """Return the name of a store for vectors and rows as it is kept: a file by its absolute path.

    Raises:
        OptionInvalid: not a store that is known.

    Example:
        >>> check_store("milvus:http://localhost:19530")
        'milvus:http://localhost:19530'
    """
    kind, _, uri = str(store).partition(":")
    if kind != "milvus" or not uri:
        raise OptionInvalid(f"store is {store!r}, expected milvus:URI, as in milvus:http://localhost:19530")
    return f"{kind}:{uri if '://' in uri else Path(uri).absolute()}"


def check_fingerprint(value: str | None) -> str | None:
    """Return the fingerprint of an encoder, or None where there is none.

    Raises:
        OptionInvalid: not text, or empty.
    """
    if value is not None and not (isinstance(value, str) and value):
        raise OptionInvalid(f"encoder is {value!r}, expected its fingerprint as text, or None")
    return value


def check_whole_number(name: str, value: SupportsIndex, *, least: int = 1) -> int:
    """Return `value` as an int from `least`.

    Raises:
        OptionInvalid: it is not a whole number, or below `least`.

    Example:
        >>> check_whole_number("k", 10)
        10
    """
    try:
        number = operator.index(value)
    except TypeError as err:
        raise OptionInvalid(f"{name} is {value!r}, expected a whole number from {least}") from err
    if number < least:
        raise OptionInvalid(f"{name} is {number}, expected a whole number from {least}")
    return number


def check_vectors(vectors: ArrayLike, dim: int, *, metric: Metric, what: str) -> Vectors:
    """Return `vectors` as a C-contiguous (n, dim) float32 array, ready to be stored or compared.

    For "cosine" every vector is brought to length 1. `what` opens the message of an error, as in "queries for
    index photos/.retrieve".

    Raises:
        VectorsInvalid: not numbers, not 2-D, of other dims, not finite, or, for "cosine", of length 0.

    Example:
        >>> check_vectors([[3.0, 4.0]], 2, metric="cosine", what="queries")
        array([[0.6, 0.8]], dtype=float32)
    """
    array = _as_float32(vectors, what)
    if array.shape == (0,):  # of an empty list NumPy does not know the dims
        array = array.reshape(0, dim)
    if array.ndim != 2:
        raise VectorsInvalid(
            f"{what} have shape {array.shape}, expected (n, {dim}): make one vector a batch of one"
        )
    if array.shape[1] != dim:
        raise VectorsInvalid(
            f"{what} have {array.shape[1]} dims, it holds {dim}-dim vectors: "
            "use the encoder that the index was made with, or index the folder again"
        )
    _refuse(what, np.logical_not(np.isfinite(array).all(axis=1)), "NaN or infinite", "leave them out")
    return _normalised(array, what) if metric == "cosine" else array


def _as_float32(vectors: ArrayLike, what: str) -> Vectors:
    try:
        array = np.asarray(vectors)
    except ValueError as err:
        raise VectorsInvalid(f"{what} are not an array of shape (n, dim): {err}") from err
    if array.dtype.kind not in "fiu":
        raise VectorsInvalid(f"{what} have dtype {array.dtype}, expected float32")
    # A float64 beyond the range of float32 becomes infinite, which is refused by row.
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype=np.float32)


def _normalised(vectors: Vectors, what: str) -> Vectors:
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
    _refuse(what, lengths == 0, "of length 0, which has no direction", 'leave them out, or use metric "l2"')
    odd = np.abs(lengths - 1) > UNIT_TOLERANCE
    if not odd.any():
        return vectors
    unit: Vectors = vectors.copy()
    unit[odd] /= lengths[odd, None]
    return unit


def _refuse(what: str, refused: NDArray[np.bool_], fault: str, way_out: str) -> None:
    rows = np.flatnonzero(refused)
    if len(rows) == 0:
        return
    raise VectorsInvalid(f"{what} are {fault} in row {first_few(rows.tolist())}: {way_out}")


def check_ids(ids: ArrayLike) -> Ids:
    """Return `ids` as (n,) int64.

    Raises:
        OptionInvalid: not whole numbers, such as the truth values of a mask or numbers with a fraction.

    Example:
        >>> check_ids([7, 2])
        array([7, 2])
    """
    try:
        array = np.asarray(ids).reshape(-1)
    except ValueError as err:
        raise OptionInvalid(f"ids are not a list of whole numbers: {err}") from err
    if len(array) and array.dtype.kind not in "iu":
        way_out = "of a mask over all ids take index.ids[mask]" if array.dtype.kind == "b" else "give a list"
        raise OptionInvalid(f"ids have dtype {array.dtype}, expected whole numbers: {way_out}")
    return array.astype(np.int64)


def first_few(numbers: Sequence[int]) -> str:
    """The first five of `numbers` in words, for a message.

    Example:
        >>> first_few(range(7))
        '0, 1, 2, 3, 4 and 2 more'
    """
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    return ", ".join(map(str, numbers[:_NAMED])) + more
