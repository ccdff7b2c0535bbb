"""What the searchers have in common that hold a FAISS index of their own and may miss a neighbour."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np

from ..choices import Metric
from ..vectors import Distances, Ids, Vectors
from .distances import nearest_among
from .exact import ExactSearcher
from .faiss_file import read_faiss, write_faiss

# The same candidates for every k up to this: a longer answer begins with the shorter one. And an index this
# small is searched exactly.
_LEAST_CANDIDATES = 128

Searching = TypeVar("Searching", bound="ApproximateSearcher")


class ApproximateSearcher(ABC):
    """Lets a FAISS index choose the candidates, and answers with their exact distances; see `Searcher`."""

    derived: ClassVar[bool] = True
    kind: ClassVar[str]

    def __init__(self, index: Any, vectors: Vectors, metric: Metric) -> None:
        """Use `build` or `load`."""
        self._index = index
        self._vectors = vectors
        self._metric = metric
        self._exact = ExactSearcher.build(vectors, metric)

    @classmethod
    def load(cls: type[Searching], path: Path, vectors: Vectors, metric: Metric) -> Searching:
        """See `Searcher.load`."""
        return cls(read_faiss(path, cls.kind, vectors.shape), vectors, metric)

    def search(self, queries: Vectors, k: int) -> tuple[Distances, Ids]:
        """See `Searcher.search`."""
        k = min(k, len(self._vectors))
        if k == 0:
            return self._exact.search(queries, k)
        num_candidates = min(max(k, _LEAST_CANDIDATES), len(self._vectors))
        _, candidates = self._index.search(queries, num_candidates, params=self._parameters(num_candidates))
        distances = np.empty((len(queries), k), dtype=np.float32)
        positions = np.empty((len(queries), k), dtype=np.int64)
        for row, query in enumerate(queries):
            distances[row], positions[row] = self._settle(query, candidates[row], k)
        return distances, positions

    def save(self, path: Path) -> None:
        """See `Searcher.save`."""
        write_faiss(self._index, path)

    @abstractmethod
    def _parameters(self, num_candidates: int) -> Any:
        """How hard FAISS is to look."""

    def _settle(self, query: Vectors, candidates: Ids, k: int) -> tuple[Distances, Ids]:
        # FAISS writes -1 where it found too few.
        found = candidates[candidates >= 0]
        if len(found) >= k:
            return nearest_among(query, self._vectors, found, k, self._metric)
        distances, positions = self._exact.search(query[None], k)
        return distances[0], positions[0]
