"""Approximate search: structures of FAISS that compare a query with some of the vectors, and may miss one."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np

from ..checks import Ids, Metric, Vectors
from ..errors import IndexDamaged
from .exact import Answer, nearest, nearest_among, stack_answers

# The same candidates for every k up to this: a longer answer begins with the shorter one. And an index this
# small is searched exactly.
_LEAST_CANDIDATES = 128

# HNSW: links a vector, and candidates that are compared for each link.
_LINKS = 32
_CANDIDATES_A_LINKING = 100

# IVF: FAISS wants at least 39 vectors a centroid, and uses at most 256.
_LEAST_A_CELL = 39
_SAMPLE_A_CELL = 128
# A query looks into every eighth cell, and into 8 at least.
_CELLS_A_PROBE = 8
_LEAST_PROBES = 8

Searching = TypeVar("Searching", bound="ApproximateSearcher")


class ApproximateSearcher(ABC):
    """Lets a FAISS index choose the candidates, and answers with their exact distances; see `Searcher`.

    A structure gives the name of its FAISS class as `kind`, makes it in `build`, and says in `_parameters`
    how many vectors a query is compared with. The FAISS index holds a copy of the vectors in memory.
    """

    derived: ClassVar[bool] = True
    kind: ClassVar[str]

    def __init__(self, index: Any, vectors: Vectors, metric: Metric) -> None:
        """Use `build` or `load`."""
        self._index = index
        self._vectors = vectors
        self._metric = metric

    @classmethod
    def load(cls: type[Searching], path: Path, vectors: Vectors, metric: Metric) -> Searching:
        """See `Searcher.load`."""
        return cls(read_faiss(path, cls.kind, vectors.shape), vectors, metric)

    def search(self, queries: Vectors, k: int) -> Answer:
        """See `Searcher.search`."""
        k = min(k, len(self._vectors))
        if k == 0:
            return stack_answers([], (len(queries), 0))
        num_candidates = min(max(k, _LEAST_CANDIDATES), len(self._vectors))
        _, found = self._index.search(queries, num_candidates, params=self._parameters(num_candidates))
        answers = (self._settle(*row, k) for row in zip(queries, found, strict=True))
        return stack_answers(answers, (len(queries), k))

    def save(self, path: Path) -> None:
        """See `Searcher.save`."""
        import faiss

        # Through Python's file: FAISS takes only names that are UTF-8, and hides what the system said.
        with path.open("wb") as file:
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(file.write))

    @abstractmethod
    def _parameters(self, num_candidates: int) -> Any:
        """The search parameters of FAISS that make it find `num_candidates`."""

    def _settle(self, query: Vectors, candidates: Ids, k: int) -> Answer:
        # FAISS writes -1 where it found too few.
        found = candidates[candidates >= 0]
        if len(found) < k:
            return nearest(query, self._vectors, k, self._metric)
        return nearest_among(query, self._vectors, found, k, self._metric)


class HnswSearcher(ApproximateSearcher):
    """Walks a graph of the vectors towards the query: some hundred comparisons, however many vectors.

    Hierarchical navigable small worlds, Malkov and Yashunin 2016, arXiv 1603.09320, as FAISS implements them.
    """

    kind: ClassVar[str] = "IndexHNSWFlat"

    @classmethod
    def build(cls, vectors: Vectors, metric: Metric) -> HnswSearcher:
        """Link (n, dim) vectors into a graph, which holds a copy of them in memory."""
        import faiss

        index = faiss.IndexHNSWFlat(vectors.shape[1], _LINKS)
        index.hnsw.efConstruction = _CANDIDATES_A_LINKING
        index.add(vectors)
        return cls(index, vectors, metric)

    def _parameters(self, num_candidates: int) -> Any:
        import faiss

        return faiss.SearchParametersHNSW(efSearch=num_candidates)


class IvfSearcher(ApproximateSearcher):
    """Compares a query with the vectors of the cells nearest to it: inverted lists around centroids.

    Sivic and Zisserman 2003, doi:10.1109/ICCV.2003.1238663, as FAISS implements them.
    """

    kind: ClassVar[str] = "IndexIVFFlat"

    @classmethod
    def build(cls, vectors: Vectors, metric: Metric) -> IvfSearcher:
        """Sort (n, dim) vectors into cells, which hold a copy of them in memory."""
        import faiss

        dim = vectors.shape[1]
        cells = num_cells(len(vectors))
        index = faiss.IndexIVFFlat(faiss.IndexFlatL2(dim), dim, cells)
        # Fewer than 39 vectors make one cell, and are no reason for a warning.
        index.cp.min_points_per_centroid = 1
        if len(vectors):
            index.train(_sample(vectors, cells * _SAMPLE_A_CELL))
            index.add(vectors)
        return cls(index, vectors, metric)

    def _parameters(self, num_candidates: int) -> Any:  # noqa: ARG002 - faiss has no types
        import faiss

        probes = max(_LEAST_PROBES, math.ceil(self._index.nlist / _CELLS_A_PROBE))
        return faiss.SearchParametersIVF(nprobe=min(probes, self._index.nlist))


def num_cells(count: int) -> int:
    """How many cells for `count` vectors: 4 times the square root, while each centroid gets 39 vectors.

    Example:
        >>> num_cells(10), num_cells(2_000), num_cells(1_000_000)
        (1, 51, 4000)
    """
    return max(1, min(4 * math.isqrt(count), count // _LEAST_A_CELL))


def _sample(vectors: Vectors, size: int) -> Vectors:
    """`size` vectors drawn from all of them: those added first may well be alike."""
    if size >= len(vectors):
        return vectors
    drawn = np.random.default_rng(0).choice(len(vectors), size, replace=False, shuffle=False)
    return np.ascontiguousarray(vectors[np.sort(drawn)])


def read_faiss(path: Path, kind: str, shape: tuple[int, int]) -> Any:
    """Read a FAISS index of class `kind` over vectors of `shape` (n, dim).

    Raises:
        IndexDamaged: missing, unreadable, or of another class or shape.
    """
    import faiss

    try:
        with path.open("rb") as file:
            index = faiss.read_index(faiss.PyCallbackIOReader(file.read))
    except (OSError, RuntimeError, MemoryError) as err:
        raise IndexDamaged(f"{path} is not a search structure: build it again from the vectors") from err
    found = (type(index).__name__, index.ntotal, index.d)
    if found != (kind, *shape):
        raise IndexDamaged(
            f"{path} holds {found}, expected {(kind, *shape)}: build it again from the vectors"
        )
    return index
