"""From what was asked for to what is built: names of FAISS, for so many vectors of so many dims."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..structure import DEFAULT_RECALL, Code, Kind, Structure

# Up to so many numbers, products take about 10 ms a query, and a fraction of it in batches: exact is fast
# enough.
EXACT_NUMBERS = 8_000_000
# Fewer vectors are searched exactly, whatever was asked for: codes and cells cannot be learnt from them.
LEAST_TRAINED = 1_000
# A graph learns nothing, but a walk would meet all of so few.
LEAST_LINKED = 128

# HNSW: links a vector in the upper layers, twice as many in the lowest.
_LINKS = 32
# IVF: centroids and vectors of a cell are compared with a query; 2 times the square root makes them about as
# many. What the last per mille of recall takes are many cells, of which each is better small. Of a million,
# half as many again pay where more is looked for than is asked for, and cost some where vectors gather in few
# places.
_CELLS_A_ROOT, _CELLS_A_ROOT_OF_MANY, _CELLS_A_ROOT_FOR_MORE = 2, 3, 4
_MANY = 1_000_000
# Vectors that a cell is learnt from; to learn more cells from as many would take longer.
_SAMPLE_A_CELL, _SAMPLE_A_CELL_OF_MANY = 128, 64
# Building takes time in proportion to the cells, for every vector: with more vectors the cells grow instead.
_MOST_CELLS = 4096
# FAISS wants at least 39 vectors a centroid.
_LEAST_A_CELL = 39
_ID_BYTES = 8

# The code of the largest first: by recall at the same speed, each is worse than the one before it.
_BY_BYTES: tuple[Code, ...] = ("pq", "rabitq", "binary64")
_SCALARS: dict[Code, str] = {"float32": "Flat", "float16": "SQfp16", "int8": "SQ8", "rabitq": "RaBitQ"}
_BITS: dict[Code, int] = {"binary": 256, "binary64": 64, "binary128": 128, "binary256": 256}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to build.

    searcher: its name in `searchers`. factory: FAISS' name of it, empty where FAISS builds nothing. reason:
    why this one, in one clause.
    """

    searcher: str
    factory: str
    reason: str


def plan_for(structure: Structure, count: int, dim: int) -> Plan:
    """What to build for `count` vectors of `dim` numbers; what the structure leaves open is chosen.

    Example:
        >>> plan_for(Structure.parse("auto"), 1_000_000, 64).factory
        'IVF3000,PQ64x4fs'
    """
    if structure.factory:
        return _few(structure, count) or Plan("faiss", structure.factory, "as asked for")
    kind, code, reason = _open_choices(structure, count, dim)
    if kind in ("exact", "flat") and code == "float32":
        return Plan(kind, "", reason)
    if few := _few(structure, count, LEAST_LINKED if (kind, code) == ("hnsw", "float32") else LEAST_TRAINED):
        return few
    searcher = "binary" if code in _BITS else "faiss"
    return Plan(searcher, _factory(kind, code, num_cells(count, structure.recall), dim), reason)


def num_cells(count: int, recall: float = DEFAULT_RECALL) -> int:
    """How many cells for `count` vectors, while each centroid gets 39 of them; up to 4,096.

    2 times the square root of the number of vectors, from a million on 3 times, and 4 times for more `recall`
    than is usual.

    Example:
        >>> num_cells(10), num_cells(2_000), num_cells(250_000), num_cells(1_000_000), num_cells(10_000_000)
        (1, 51, 1000, 3000, 4096)
        >>> num_cells(250_000, recall=0.999)
        2000
    """
    a_root = _CELLS_A_ROOT_OF_MANY if count >= _MANY else _CELLS_A_ROOT
    a_root = a_root if recall <= DEFAULT_RECALL else _CELLS_A_ROOT_FOR_MORE
    return max(1, min(a_root * math.isqrt(count), count // _LEAST_A_CELL, _MOST_CELLS))


def sample_a_cell(count: int, recall: float = DEFAULT_RECALL) -> int:
    """How many of `count` vectors a cell is learnt from.

    Example:
        >>> sample_a_cell(250_000), sample_a_cell(1_000_000), sample_a_cell(1_000_000, recall=0.999)
        (128, 64, 128)
    """
    return _SAMPLE_A_CELL if count < _MANY or recall > DEFAULT_RECALL else _SAMPLE_A_CELL_OF_MANY


def code_bytes(code: Code, dim: int) -> int:
    """Bytes of a vector of `dim` numbers as this code.

    Example:
        >>> [code_bytes(code, 64) for code in ("float32", "int8", "pq", "rabitq", "binary")]
        [256, 64, 32, 16, 32]
    """
    sizes = {"float32": 4 * dim, "float16": 2 * dim, "int8": dim, "pq": (dim + 1) // 2}
    if code in _BITS:
        return _BITS[code] // 8
    # A bit a number, and two numbers that make up for it.
    return sizes[code] if code in sizes else (dim + 7) // 8 + 8


def _open_choices(structure: Structure, count: int, dim: int) -> tuple[Kind, Code, str]:
    # Exact search has no codes, but an older index may name one.
    kind, code = structure.kind, None if structure.kind == "exact" else structure.code
    if kind == "auto":
        fits = structure.memory is None or count * code_bytes("float32", dim) <= structure.memory
        small = count * dim <= EXACT_NUMBERS
        kind = "flat" if small else "ivf"
        if small and (fits or code):
            return kind, code or "float32", f"{count:,} vectors are few enough to compare with all of them"
        words = "too many to compare with all of them" if not small else "more than the memory allowed holds"
        reason = f"{count:,} vectors are {words}"
    else:
        reason = "as asked for"
    if code or kind in ("exact", "hnsw") or (kind == "flat" and reason == "as asked for"):
        return kind, code or "float32", reason
    code, words = _largest_code(structure.memory, count, dim)
    return kind, code, reason + words


def _largest_code(memory: int | None, count: int, dim: int) -> tuple[Code, str]:
    """The best code whose cells fit into memory, and what to say about it."""
    for code in _BY_BYTES:
        if memory is None or count * (code_bytes(code, dim) + _ID_BYTES) <= memory:
            return code, f", {code_bytes(code, dim)} bytes each are kept in memory"
    return code, f", and no code takes less than {count * (code_bytes(code, dim) + _ID_BYTES):,} bytes"


def _few(structure: Structure, count: int, least: int = LEAST_TRAINED) -> Plan | None:
    if count >= least:
        return None
    return Plan(
        "flat",
        "",
        f"{count:,} vectors are too few for {structure}, which needs {least:,} to learn from",
    )


def _factory(kind: Kind, code: Code, cells: int, dim: int) -> str:
    if code in _BITS:
        return f"{_BITS[code]}," + {"flat": "BFlat", "hnsw": f"BHNSW{_LINKS}", "ivf": f"BIVF{cells}"}[kind]
    prefix = {"flat": "", "hnsw": f"HNSW{_LINKS},", "ivf": f"IVF{cells},"}[kind]
    # pq: four bits a number, looked up by FAISS 32 vectors at a time, where it can.
    return prefix + _SCALARS.get(code, f"PQ{dim}x4" + ("" if kind == "hnsw" else "fs"))
