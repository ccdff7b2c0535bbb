"""From what was asked for to what is built: names of FAISS, for so many vectors of so many dims."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..structure import Code, Kind, Structure

# HNSW: links a vector in the upper layers, twice as many in the lowest.
_LINKS = 32

# Products over so many numbers take about 10 ms a query, and a fraction of it in batches: exact is fast enough.
EXACT_NUMBERS = 8_000_000

# FAISS wants at least 39 vectors a centroid; codes of 4 bits have 16, and there are some of them.
_LEAST_A_CELL = 39
# So few vectors are searched exactly, whatever was asked for: nothing can be learnt from them.
LEAST_TRAINED = 1_000

_SCALARS: dict[Code, str] = {"float32": "Flat", "float16": "SQfp16", "int8": "SQ8"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to build.

    kind, code: resolved, "auto" and None no more. factory: FAISS' name of it, empty where FAISS builds nothing.
    reason: why this one, in one clause.
    """

    kind: Kind
    code: Code
    factory: str
    reason: str


def plan_for(structure: Structure, count: int, dim: int) -> Plan:
    """What suits `count` vectors of `dim` numbers, of what the structure leaves open."""
    if structure.factory:
        return _few(structure, count) or Plan("auto", "float32", structure.factory, "as asked for")
    kind, code, reason = _open_choices(structure, count, dim)
    if kind in ("exact", "flat") and code == "float32":
        return Plan(kind, code, "", reason)
    if (kind, code) != ("hnsw", "float32") and (few := _few(structure, count)):
        return few
    return Plan(kind, code, _factory(kind, code, count, dim), reason)


def num_cells(count: int) -> int:
    """How many cells for `count` vectors: 4 times the square root, while each centroid gets 39 vectors.

    Example:
        >>> num_cells(10), num_cells(2_000), num_cells(1_000_000)
        (1, 51, 4000)
    """
    return max(1, min(4 * math.isqrt(count), count // _LEAST_A_CELL))


def _open_choices(structure: Structure, count: int, dim: int) -> tuple[Kind, Code, str]:
    kind, code = structure.kind, structure.code
    if kind != "auto":
        return kind, code or ("pq" if kind == "ivf" else "float32"), "as asked for"
    if count * dim <= EXACT_NUMBERS:
        return "flat", code or "float32", f"{count:,} vectors are few enough to compare with all of them"
    return "ivf", code or "pq", f"{count:,} vectors are too many to compare with all of them"


def _few(structure: Structure, count: int) -> Plan | None:
    if count >= LEAST_TRAINED:
        return None
    reason = f"{count:,} vectors are too few for {structure.factory or structure}, from {LEAST_TRAINED:,} on"
    return Plan("flat", "float32", "", reason)


def _factory(kind: Kind, code: Code, count: int, dim: int) -> str:
    prefix = {"flat": "", "hnsw": f"HNSW{_LINKS},", "ivf": f"IVF{num_cells(count)},"}[kind]
    return prefix + (_SCALARS.get(code) or _trained_code(kind, code, dim))


def _trained_code(kind: Kind, code: Code, dim: int) -> str:
    if code == "rabitq":
        return "RaBitQ"
    # Four bits a number: 32 bytes for 64 dims. FAISS looks them up 32 vectors at a time.
    return f"PQ{dim}x4" + ("" if kind == "hnsw" else "fs")
