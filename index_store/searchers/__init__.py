"""Ways to find the nearest vectors, one signature for all."""

from __future__ import annotations

from ..choices import Structure
from .exact import ExactSearcher
from .flat import FlatSearcher
from .hnsw import HnswSearcher
from .ivf import IvfSearcher
from .searcher import Searcher

SEARCHERS: dict[Structure, type[Searcher]] = {
    "exact": ExactSearcher,
    "flat": FlatSearcher,
    "hnsw": HnswSearcher,
    "ivf": IvfSearcher,
}

__all__ = ["SEARCHERS", "ExactSearcher", "FlatSearcher", "HnswSearcher", "IvfSearcher", "Searcher"]
