"""Plain NumPy search: slow, obvious, and what the other searchers are held against."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np

from ..choices import Metric
from ..vectors import Distances, Ids, Vectors
from .distances import distances_to, first_nearest


class ExactSearcher:
    """Compares every query with every vector; see `Searcher`."""

    derived: ClassVar[bool] = False

    def __init__(self, vectors: Vectors, metric: Metric) -> None:
        """Use `build`."""
        self._vectors = vectors
        self._metric = metric

    @classmethod
    def build(cls, vectors: Vectors, metric: Metric) -> ExactSearcher:
        """Make a searcher over (n, dim) vectors, which are not copied."""
        return cls(vectors, metric)

    @classmethod
    def load(cls, path: Path, vectors: Vectors, metric: Metric) -> ExactSearcher:  # noqa: ARG003
        """The same as `build`: nothing was saved."""
        return cls.build(vectors, metric)

    def search(self, queries: Vectors, k: int) -> tuple[Distances, Ids]:
        """See `Searcher.search`."""
        k = min(k, len(self._vectors))
        distances = np.empty((len(queries), k), dtype=np.float32)
        positions = np.empty((len(queries), k), dtype=np.int64)
        for row, query in enumerate(queries):
            all_distances = distances_to(query, self._vectors, self._metric)
            positions[row] = first_nearest(all_distances, k)
            distances[row] = all_distances[positions[row]]
        return distances, positions

    def save(self, path: Path) -> None:
        """Nothing is derived, nothing is written."""
