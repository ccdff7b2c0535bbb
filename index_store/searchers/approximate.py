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
from .distances import NOTHING, Answer, nearest_among
from .exact import FlatSearcher, search_few
from .masks import Mask
from .stored import WAY_OUT, open_structure, write_structure

# Answers up to this long come from the same candidates; longer ones from twice as many, and so on.
_SHORT = 10
# Vectors are given to FAISS in pieces: they may be more than memory holds.
_PIECE = 1 << 16
# Cells and codes are learnt from so many vectors a cell, and from so many in all at least.
_SAMPLE_A_CELL, _LEAST_SAMPLE = 64, 1 << 16

Built = TypeVar("Built", bound="ApproximateSearcher")


@dataclass(frozen=True, slots=True)
class Effort:
    """How thoroughly a structure is searched for up to ten neighbours.

    width: candidates of a walk (HNSW's efSearch), or cells looked into (IVF's nprobe); 0 where there is no choice.
    shortlist: candidates whose distances are computed from their vectors.
    """

    width: int
    shortlist: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is kept beside a structure.

    asked: the structure that was asked for. factory: what FAISS calls it. count: how many vectors it was built
    for, covered: how many it holds. recall: what the effort gave on a sample, 0 where it was not measured.
    """

    asked: str
    factory: str
    reason: str
    count: int
    covered: int
    dim: int
    effort: Effort
    recall: float = 0.0


class ApproximateSearcher:
    """Candidates from a FAISS index over the first vectors, the others exactly; see `Searcher`."""

    derived: ClassVar[bool] = True

    def __init__(
        self, index: Any, vectors: Vectors, metric: Metric, facts: Facts, held: object = None
    ) -> None:
        """Use `build` or `load`. `held` lives as long as the index: the memory that it reads from."""
        self._index = index
        self._vectors = vectors
        self._metric = metric
        self._held = held
        self.facts = facts

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
    def build(cls: type[Built], vectors: Vectors, metric: Metric, facts: Facts) -> Built:
        """Train the structure that the facts name on a sample of (n, dim) vectors, and add them all."""
        import faiss

        index = faiss.index_factory(vectors.shape[1], facts.factory)
        _quiet(index)
        if not index.is_trained:
            index.train(
                training_sample(vectors, max(_LEAST_SAMPLE, _SAMPLE_A_CELL * getattr(index, "nlist", 0)))
            )
        made = cls(index, vectors, metric, replace(facts, covered=0))
        made.extend()
        return made

    @classmethod
    def load(
        cls: type[Built], path: Path, vectors: Vectors, metric: Metric, *, writable: bool = False
    ) -> Built:
        """Take up what `save` wrote at `path` for the same vectors, or for the first of them.

        writable: read into memory, so that it can be extended.

        Raises:
            IndexDamaged: missing, unreadable, altered, or made for other vectors.
        """
        import faiss

        reader, values, held = open_structure(path)
        facts = Facts(**{name: value for name, value in values.items() if name != "sums"})
        facts = replace(facts, effort=Effort(**values["effort"]))
        try:
            index = (
                faiss.read_index(faiss.PyCallbackIOReader(held_reader(held)))
                if writable
                else faiss.read_index(reader)
            )
        except (RuntimeError, MemoryError) as err:
            raise IndexDamaged(f"{path} is not a search structure ({err}): {WAY_OUT}") from err
        if (index.ntotal, index.d) != (facts.covered, vectors.shape[1]) or facts.covered > len(vectors):
            raise IndexDamaged(
                f"{path} holds {index.ntotal} vectors of {index.d} dims, expected up to {len(vectors)} of "
                f"{vectors.shape[1]}: {WAY_OUT}"
            )
        return cls(index, vectors, metric, facts, None if writable else held)

    def extend(self) -> None:
        """Take up the vectors that the structure does not hold yet, without building it anew."""
        for start in range(self.covered, len(self._vectors), _PIECE):
            self._index.add(np.ascontiguousarray(self._vectors[start : start + _PIECE]))
        self.facts = replace(self.facts, covered=len(self._vectors))

    def save(self, path: Path) -> None:
        """See `Searcher.save`."""
        import faiss

        write_structure(path, lambda writer: faiss.write_index(self._index, writer), asdict(self.facts))

    def search(self, queries: Vectors, k: int, among: NDArray[np.bool_] | None = None) -> Answer:
        """See `Searcher.search`."""
        mask = Mask.of(among)
        if mask is not None and mask.few:
            return search_few(
                FlatSearcher(self._vectors[mask.positions], self._metric), mask.positions, queries, k
            )
        k = min(k, len(self._vectors) if mask is None else mask.count)
        if k == 0 or len(queries) == 0:
            return np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
        candidates = np.concatenate(
            [self._shortlist(queries, k, mask), self._tail(queries, k, among)], axis=1
        )
        answer = nearest_among(queries, self._vectors, candidates, k, self._metric)
        return self._complete(queries, answer, k, among)

    def _shortlist(self, queries: Vectors, k: int, mask: Mask | None) -> Ids:
        """Candidates (m, c) among the vectors that the structure holds."""
        factor = 2 ** max(0, math.ceil(math.log2(k / _SHORT)))
        effort = self.facts.effort
        count = min(max(k, effort.shortlist * factor), self.covered)
        if count == 0:
            return np.empty((len(queries), 0), dtype=np.int64)
        # Of what the structure meets, only a share may be answered: it has to meet more.
        width = math.ceil(effort.width * factor / (1 if mask is None else mask.share))
        parameters = parameters_of(self._index, width, None if mask is None else mask.selector)
        try:
            _, found = self._index.search(queries, count, params=parameters)
        except RuntimeError:
            # Some structures of FAISS cannot search among a selection.
            return np.full((len(queries), 0), NOTHING, dtype=np.int64)
        return np.where(found < self.covered, found, NOTHING)

    def _tail(self, queries: Vectors, k: int, among: NDArray[np.bool_] | None) -> Ids:
        """The nearest (m, up to k) of the vectors that the structure does not hold."""
        tail = FlatSearcher(self._vectors[self.covered :], self._metric)
        _, positions = tail.search(queries, k, None if among is None else among[self.covered :])
        return positions + self.covered

    def _complete(self, queries: Vectors, answer: Answer, k: int, among: NDArray[np.bool_] | None) -> Answer:
        """Queries for which the structure found too few are compared with all."""
        distances, positions = answer
        if positions.shape[1] < k:
            return FlatSearcher(self._vectors, self._metric).search(queries, k, among)
        short = np.flatnonzero((positions == NOTHING).any(axis=1))
        if len(short):
            found = FlatSearcher(self._vectors, self._metric).search(queries[short], k, among)
            distances[short], positions[short] = found
        return distances, positions


def training_sample(vectors: Vectors, size: int) -> Vectors:
    """`size` vectors drawn from all of them: those added first may well be alike."""
    if size >= len(vectors):
        return vectors
    drawn = np.random.default_rng(0).choice(len(vectors), size, replace=False, shuffle=False)
    return np.ascontiguousarray(vectors[np.sort(drawn)])


def parameters_of(index: Any, width: int, selector: Any) -> Any:
    """The search parameters of FAISS for an index of its class."""
    import faiss

    chosen = {} if selector is None else {"sel": selector}
    if isinstance(index, faiss.IndexPreTransform):
        inner = parameters_of(faiss.downcast_index(index.index), width, selector)
        return faiss.SearchParametersPreTransform(index_params=inner)
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(efSearch=max(1, width), **chosen)
    if isinstance(index, faiss.IndexIVF):
        kind = faiss.SearchParametersIVF
        if isinstance(index, (faiss.IndexIVFRaBitQ, faiss.IndexIVFRaBitQFastScan)):
            kind = faiss.IVFRaBitQSearchParameters
        return kind(nprobe=max(1, min(width, index.nlist)), **chosen)
    return faiss.SearchParameters(**chosen) if chosen else None


def held_reader(held: NDArray[np.uint8]) -> Any:
    """A function that reads the next bytes of an array."""
    at = 0

    def read(size: int) -> bytes:
        nonlocal at
        piece = held[at : at + size].tobytes()
        at += size
        return piece

    return read


def _quiet(index: Any) -> None:
    """Few vectors a centroid are no reason for a warning."""
    for part in (index, getattr(index, "pq", None)):
        if hasattr(part, "cp"):
            part.cp.min_points_per_centroid = 1
