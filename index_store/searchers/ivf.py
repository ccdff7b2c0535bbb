"""Inverted lists: the vectors in cells around centroids, of which a query looks into the nearest.

Sivic and Zisserman 2003, doi:10.1109/ICCV.2003.1238663, as FAISS implements it.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ..choices import Metric
from ..vectors import Vectors
from .approximate import ApproximateSearcher
from .faiss_library import load_faiss

# FAISS wants at least 39 vectors a centroid, and uses at most 256.
_LEAST_A_CELL = 39
_SAMPLE_A_CELL = 128
# A query looks into every eighth cell, and into 8 at least.
_CELLS_A_PROBE = 8
_LEAST_PROBES = 8


class IvfSearcher(ApproximateSearcher):
    """Compares a query with the vectors of the cells nearest to it; see `Searcher`."""

    kind: ClassVar[str] = "IndexIVFFlat"

    @classmethod
    def build(cls, vectors: Vectors, metric: Metric) -> IvfSearcher:
        """Sort (n, dim) vectors into cells, which hold a copy of them in memory."""
        faiss = load_faiss()
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
        probes = max(_LEAST_PROBES, math.ceil(self._index.nlist / _CELLS_A_PROBE))
        return load_faiss().SearchParametersIVF(nprobe=min(probes, self._index.nlist))


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
