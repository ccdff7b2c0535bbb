"""A navigable small-world graph: some hundred comparisons a query, however many vectors there are.

Malkov and Yashunin 2016, arXiv 1603.09320, as FAISS implements it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ..choices import Metric
from ..vectors import Vectors
from .approximate import ApproximateSearcher
from .faiss_library import load_faiss

_LINKS = 32
_CANDIDATES_A_LINKING = 100


class HnswSearcher(ApproximateSearcher):
    """Walks a graph of the vectors towards the query; see `Searcher`."""

    kind: ClassVar[str] = "IndexHNSWFlat"

    @classmethod
    def build(cls, vectors: Vectors, metric: Metric) -> HnswSearcher:
        """Link (n, dim) vectors into a graph, which holds a copy of them in memory."""
        faiss = load_faiss()
        index = faiss.IndexHNSWFlat(vectors.shape[1], _LINKS)
        index.hnsw.efConstruction = _CANDIDATES_A_LINKING
        index.add(vectors)
        return cls(index, vectors, metric)

    def _parameters(self, num_candidates: int) -> Any:
        return load_faiss().SearchParametersHNSW(efSearch=num_candidates)
