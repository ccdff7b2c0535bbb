"""Search structures measured on the vectors of an index: what each finds, how fast, in how many bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from .checks import Ids, Metric, Vectors
from .errors import OptionInvalid
from .searchers import FlatSearcher, Searcher, build, load
from .searchers.calibration import NEIGHBORS, shares_found
from .searchers.plans import plan_for
from .structure import DEFAULT_RECALL, Structure

STRUCTURES = ("flat", "hnsw", "ivf,float32", "ivf,int8", "ivf,pq", "ivf,rabitq", "ivf,binary")
"""What is compared where nothing else is asked for."""

SAMPLE = 200_000
"""Of a larger corpus so many vectors are measured."""

_QUERIES, _SINGLE_QUERIES = 500, 50
# A single query up to this is fast enough, whatever the structure: the simplest is taken.
_FAST_MS = 10.0


@dataclass(frozen=True, slots=True)
class MeasuredStructure:
    """What one structure gives on a corpus.

    structure: as it was asked for. name: what was built. recall: the share of the ten nearest that it finds.
    rate: queries a second in a batch. milliseconds: of one query. bytes: what it adds to each vector, on disk
    and in memory. seconds: to build it.
    """

    structure: str
    name: str
    recall: float
    rate: float
    milliseconds: float
    bytes: float
    seconds: float


def measure_structures(
    vectors: Vectors,
    metric: Metric,
    structures: Iterable[str] | None = None,
    *,
    recall: float = DEFAULT_RECALL,
    sample: int = SAMPLE,
) -> Iterator[MeasuredStructure]:
    """Build each structure over (n, dim) vectors, or over a sample of them, and measure it.

    Queries are vectors that are held back, so that none of them is stored.

    Raises:
        OptionInvalid: there are fewer than two vectors.
    """
    if len(vectors) < 2:
        raise OptionInvalid(f"there are {len(vectors)} vectors, expected 2 or more to compare searches with")
    stored, queries = _split(vectors, sample)
    _, truth = FlatSearcher(stored, metric).search(queries, NEIGHBORS)
    for structure in structures or STRUCTURES:
        asked = str(Structure.parse(f"{structure};recall={recall:g}"))
        yield _measure(asked, stored, metric, queries, truth)


def recommended_structure(
    measured: Iterable[MeasuredStructure], *, recall: float = DEFAULT_RECALL, memory: float | None = None
) -> MeasuredStructure:
    """The structure to take: exact search while one query takes less than 10 ms, the first that is; else the
    fastest in batches.

    Of those that find enough and take at most `memory` bytes a vector; where none does, the one that finds
    most.

    Example:
        >>> flat = MeasuredStructure("flat", "flat", 1.0, 900.0, 2.0, 0.0, 0.0)
        >>> ivf = MeasuredStructure("ivf,pq", "IVF2000,PQ64x4fs", 0.992, 9000.0, 0.3, 40.0, 20.0)
        >>> recommended_structure([flat, ivf]).name
        'flat'
    """
    everything = list(measured)
    fitting = [one for one in everything if memory is None or one.bytes <= memory] or everything
    # A sample of queries tells the recall to about half a hundredth.
    enough = [one for one in fitting if one.recall >= recall - 0.005]
    if not enough:
        return max(fitting, key=lambda one: one.recall)
    exact = [one for one in enough if one.bytes == 0 and one.milliseconds <= _FAST_MS]
    return exact[0] if exact else max(enough, key=lambda one: one.rate)


def compares_all(structure: Structure, count: int, dim: int) -> bool:
    """Whether this structure compares a query with all of `count` vectors of `dim` numbers.

    Example:
        >>> [compares_all(Structure.parse("auto"), count, 64) for count in (1_000, 1_000_000)]
        [True, False]
    """
    return plan_for(structure, count, dim).searcher == "flat"


def _split(vectors: Vectors, sample: int) -> tuple[Vectors, Vectors]:
    """Vectors to store and vectors to ask with, drawn from all of them."""
    rng = np.random.default_rng(0)
    num_queries = max(1, min(_QUERIES, len(vectors) // 10))
    drawn = rng.choice(len(vectors), min(len(vectors), sample + num_queries), replace=False, shuffle=True)
    asked, kept = np.sort(drawn[:num_queries]), np.sort(drawn[num_queries:])
    return np.ascontiguousarray(vectors[kept]), np.ascontiguousarray(vectors[asked])


def _measure(
    structure: str, stored: Vectors, metric: Metric, queries: Vectors, truth: Ids
) -> MeasuredStructure:
    begun = perf_counter()
    searcher = build(structure, stored, metric)
    seconds = perf_counter() - begun
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "search"
        searcher.save(path)
        size = path.stat().st_size if searcher.derived else 0
        searcher = load(path, structure, stored, metric)
        _, found = searcher.search(queries, NEIGHBORS)
        return MeasuredStructure(
            structure=structure,
            name=searcher.name,
            recall=float(shares_found(found, truth).mean()),
            rate=len(queries) / _seconds(lambda: _search(searcher, [queries])),
            milliseconds=1e3 * _single_seconds(searcher, queries),
            bytes=size / max(1, len(stored)),
            seconds=seconds,
        )


def _single_seconds(searcher: Searcher, queries: Vectors) -> float:
    single = [queries[at : at + 1] for at in range(min(_SINGLE_QUERIES, len(queries)))]
    return _seconds(lambda: _search(searcher, single)) / len(single)


def _search(searcher: Searcher, batches: list[Vectors]) -> None:
    for batch in batches:
        searcher.search(batch, NEIGHBORS)


def _seconds(act: Callable[[], None], times: int = 3) -> float:
    """The least of a few times that something takes."""
    spent = []
    for _ in range(times):
        begun = perf_counter()
        act()
        spent.append(perf_counter() - begun)
    return min(spent)
