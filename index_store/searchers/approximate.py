"""Approximate search: a structure of FAISS chooses candidates, the vectors themselves decide between them."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..checks import Ids, Metric, Vectors
from ..errors import IndexDamaged
from .calibration import Effort, least_effort, num_queries
from .distances import NOTHING, Answer, nearest_among
from .exact import FlatSearcher, search_few
from .masks import Mask
from .plans import sample_a_cell
from .stored import WAY_OUT, open_structure, write_structure

# Answers up to this long come from the same candidates; longer ones from twice as many, and so on.
_SHORT = 10
# Vectors are given to FAISS in pieces: they may be more than memory holds.
_PIECE = 1 << 16
# Cells and codes are learnt from so many vectors in all at least, in so many rounds.
_LEAST_SAMPLE, _ROUNDS = 1 << 16, 10
# HNSW: candidates that are compared for each link.
_CANDIDATES_A_LINKING = 100
_WALKS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024)
_PROBES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024)
_LONGEST = 1024

_UNMEASURED = Effort(64, 256)

Built = TypeVar("Built", bound="ApproximateSearcher")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is kept beside a structure.

    asked: the structure that was asked for. factory: what FAISS calls it. reason: why this one. count: how
    many vectors it was built for; covered: how many it holds. recall: what the effort found of the ten
    nearest on a sample, 0 before it was measured.
    """

    asked: str
    factory: str
    reason: str
    count: int
    covered: int = 0
    effort: Effort = _UNMEASURED
    recall: float = 0.0

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Facts:
        """What `asdict` made of facts."""
        return cls(**{**values, "effort": Effort(**values["effort"])})


class ApproximateSearcher:
    """Candidates from a FAISS index over the first vectors, the others exactly; see `Searcher`."""

    derived: ClassVar[bool] = True

    def __init__(
        self, index: Any, vectors: Vectors, metric: Metric, facts: Facts, held: object = None
    ) -> None:
        """Use `build` or `load`. `held` lives as long as the index: the memory that it reads from."""
        self.index = index
        self.vectors = vectors
        self.metric = metric
        self.facts = facts
        self._held = held

    @property
    def name(self) -> str:
        """What FAISS calls it."""
        return self.facts.factory

    @property
    def reason(self) -> str:
        """Why this structure."""
        return self.facts.reason

    @property
    def covered(self) -> int:
        """How many of the vectors, from the first, the structure holds."""
        return self.facts.covered

    @classmethod
    def build(cls: type[Built], vectors: Vectors, metric: Metric, facts: Facts, *, recall: float) -> Built:
        """Train the structure that the facts name on a sample of (n, dim) vectors, and add them all."""
        a_cell = sample_a_cell(len(vectors), recall)
        made = cls(cls.trained(vectors, facts.factory, a_cell), vectors, metric, facts)
        # A walk finds a vector that is linked sooner than a new one: some are linked when it was measured.
        made.extend(len(vectors) - (num_queries(len(vectors), recall) if made.walks else 0))
        effort, found = least_effort(made, recall)
        made.extend()
        made.facts = replace(made.facts, effort=effort, recall=round(found, 4))
        return made

    @classmethod
    def trained(cls, vectors: Vectors, factory: str, a_cell: int) -> Any:
        """An empty FAISS index that has learnt what it needs from `a_cell` of the vectors for each cell."""
        import faiss

        index = faiss.index_factory(vectors.shape[1], factory)
        inner = _innermost(index)
        if isinstance(inner, faiss.IndexHNSW):
            inner.hnsw.efConstruction = _CANDIDATES_A_LINKING
        if isinstance(inner, faiss.IndexIVF):
            # Few vectors a centroid are no reason for a warning.
            inner.cp.niter, inner.cp.min_points_per_centroid = _ROUNDS, 1
        if not index.is_trained:
            index.train(training_sample(vectors, a_cell * getattr(inner, "nlist", 0)))
        return index

    @classmethod
    def load(
        cls: type[Built], path: Path, vectors: Vectors, metric: Metric, *, writable: bool = False
    ) -> Built:
        """Take up what `save` wrote at `path` for the same vectors, or for the first of them.

        writable: read into memory, so that it can be extended.

        Raises:
            IndexDamaged: missing, unreadable, altered, or made for other vectors.
        """
        reader, values, held = open_structure(path, mapped=not writable)
        try:
            index, facts = cls.read(reader), Facts.parse(values)
        except (RuntimeError, MemoryError, TypeError, KeyError) as err:
            raise IndexDamaged(f"{path} is not a search structure ({err}): {WAY_OUT}") from err
        searcher = cls(index, vectors, metric, facts, held)
        if facts.covered > len(vectors) or (index.ntotal, searcher.dim) != (facts.covered, vectors.shape[1]):
            raise IndexDamaged(
                f"{path} holds {index.ntotal} vectors of {searcher.dim} dims, expected up to "
                f"{len(vectors)} of {vectors.shape[1]}: {WAY_OUT}"
            )
        return searcher

    @classmethod
    def read(cls, reader: Any) -> Any:
        """What FAISS wrote."""
        import faiss

        return faiss.read_index(reader)

    def write(self, writer: Any) -> None:
        """Let FAISS write what `read` reads."""
        import faiss

        faiss.write_index(self.index, writer)

    @property
    def dim(self) -> int:
        """Numbers a vector that the structure was made for."""
        return int(self.index.d)

    def extend(self, stop: int | None = None) -> None:
        """Take up the vectors up to `stop` that it does not hold yet, without building it anew."""
        stop = len(self.vectors) if stop is None else stop
        for start in range(self.covered, stop, _PIECE):
            self.index.add(np.ascontiguousarray(self.vectors[start : min(start + _PIECE, stop)]))
        self.facts = replace(self.facts, covered=stop)

    def save(self, path: Path) -> None:
        """See `Searcher.save`."""
        write_structure(path, self.write, asdict(self.facts))

    def search(self, queries: Vectors, k: int, among: NDArray[np.bool_] | None = None) -> Answer:
        """See `Searcher.search`."""
        mask = Mask.of(among)
        if mask is not None and mask.few:
            few = FlatSearcher(self.vectors[mask.positions], self.metric)
            return search_few(few, mask.positions, queries, k)
        k = min(k, len(self.vectors) if mask is None else mask.count)
        if k == 0 or len(queries) == 0:
            return np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
        factor = 2 ** max(0, math.ceil(math.log2(k / _SHORT)))
        effort = Effort(self.facts.effort.width * factor, max(k, self.facts.effort.shortlist * factor))
        found = [self.candidates(queries, effort, mask), self._tail(queries, k, among)]
        answer = nearest_among(queries, self.vectors, np.concatenate(found, axis=1), k, self.metric)
        return self._complete(queries, answer, k, among)

    def candidates(self, queries: Vectors, effort: Effort, mask: Mask | None = None) -> Ids:
        """Positions (m, c) among the vectors that it holds, the likeliest first, else `NOTHING`."""
        count = min(effort.shortlist, self.covered)
        # Of what the structure meets only a share may be answered: it has to meet more.
        width = math.ceil(effort.width / (1 if mask is None else mask.share))
        parameters = parameters_of(self.index, width, None if mask is None else mask.selector)
        try:
            _, found = self.index.search(queries, count, params=parameters)
        except RuntimeError:
            # Some structures of FAISS cannot search among a selection: of more found, those are taken.
            wider = self.covered if mask is None else min(self.covered, math.ceil(count / mask.share))
            _, found = self.index.search(queries, wider, params=parameters_of(self.index, width, None))
        allowed = (found >= 0) & (found < self.covered)
        if mask is not None:
            allowed &= mask.allowed[np.where(allowed, found, 0)]
        return np.where(allowed, found, NOTHING)

    @property
    def walks(self) -> bool:
        """Whether it is a graph, which is walked along its links."""
        import faiss

        return isinstance(_innermost(self.index), (faiss.IndexHNSW, faiss.IndexBinaryHNSW))

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths that can be chosen from, ascending; empty where the structure has no such choice."""
        if self.walks:
            return _WALKS
        cells = getattr(_innermost(self.index), "nlist", 0)
        return (*(probes for probes in _PROBES if probes < cells), cells) if cells else ()

    def longest_shortlist(self, width: int) -> int:
        """How many candidates a search of this width gives: a walk that gives more is a wider one."""
        return min(width, _LONGEST) if self.walks else _LONGEST

    def cost_of(self, width: int) -> float:
        """How many codes are compared for a query, about."""
        if self.walks:
            # Every candidate of a walk has its links looked at, somewhere in memory.
            return 64.0 * width
        cells = self.widths[-1] if self.widths else 1
        return self.covered * max(1, width) / cells

    def _tail(self, queries: Vectors, k: int, among: NDArray[np.bool_] | None) -> Ids:
        """The nearest (m, up to k) of the vectors that the structure does not hold."""
        tail = FlatSearcher(self.vectors[self.covered :], self.metric)
        _, positions = tail.search(queries, k, None if among is None else among[self.covered :])
        return positions + self.covered

    def _complete(self, queries: Vectors, answer: Answer, k: int, among: NDArray[np.bool_] | None) -> Answer:
        """Where the structure found too few, all are compared."""
        distances, positions = answer
        exact = FlatSearcher(self.vectors, self.metric)
        if positions.shape[1] < k:
            return exact.search(queries, k, among)
        short = np.flatnonzero(positions[:, -1] == NOTHING)
        if len(short):
            distances[short], positions[short] = exact.search(queries[short], k, among)
        return distances, positions


def training_sample(vectors: Vectors, size: int) -> Vectors:
    """`size` vectors, or a few more, drawn from all of them: those added first may well be alike."""
    size = max(size, _LEAST_SAMPLE)
    if size >= len(vectors):
        return vectors
    drawn = np.random.default_rng(0).choice(len(vectors), size, replace=False, shuffle=False)
    return np.ascontiguousarray(vectors[np.sort(drawn)])


def parameters_of(index: Any, width: int, selector: Any) -> Any:
    """The search parameters of FAISS for an index of its class; None where its own will do."""
    import faiss

    chosen = {} if selector is None else {"sel": selector}
    if isinstance(index, faiss.IndexPreTransform):
        inner = parameters_of(_innermost(index), width, selector)
        return faiss.SearchParametersPreTransform(index_params=inner)
    index = _innermost(index)
    if isinstance(index, (faiss.IndexHNSW, faiss.IndexBinaryHNSW)):
        return faiss.SearchParametersHNSW(efSearch=max(1, width), **chosen)
    if hasattr(index, "nlist"):
        rabitq = isinstance(index, (faiss.IndexIVFRaBitQ, faiss.IndexIVFRaBitQFastScan))
        kind = faiss.IVFRaBitQSearchParameters if rabitq else faiss.SearchParametersIVF
        return kind(nprobe=max(1, min(width, index.nlist)), **chosen)
    return faiss.SearchParameters(**chosen) if chosen else None


def _innermost(index: Any) -> Any:
    """The index behind a transform of the vectors, if there is one."""
    import faiss

    if isinstance(index, faiss.IndexPreTransform):
        return faiss.downcast_index(index.index)
    return getattr(index, "hashes", index)
