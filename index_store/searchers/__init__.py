"""Ways to find the nearest vectors, one signature for all.

A new search structure is one class, named in `SEARCHERS` and in the choices of `checks.Structure`.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Protocol

from ..checks import Distances, Ids, Metric, Structure, Vectors
from .approximate import HnswSearcher, IvfSearcher
from .exact import ExactSearcher, FlatSearcher

__all__ = ["SEARCHERS", "ExactSearcher", "FlatSearcher", "HnswSearcher", "IvfSearcher", "Searcher"]


class Searcher(Protocol):
    """Finds the nearest of the vectors that it was built over.

    Vectors and queries are C-contiguous float32, finite, and of length 1 for the metric "cosine", as
    `check_vectors` leaves them. Positions are row numbers of the vectors.

    derived: whether `save` leaves a file. A searcher that works on the vectors themselves saves nothing, and
    its `load` is its `build`.

    Example:
        >>> searcher = SEARCHERS["exact"].build(np.eye(3, dtype=np.float32), "l2")
        >>> distances, positions = searcher.search(np.zeros((1, 3), np.float32), k=2)
        >>> distances.tolist(), positions.tolist()
        ([[1.0, 1.0]], [[0, 1]])
    """

    derived: ClassVar[bool]

    @classmethod
    def build(cls, vectors: Vectors, metric: Metric) -> Searcher:
        """Make a searcher over (n, dim) vectors; n may be 0."""
        ...

    @classmethod
    def load(cls, path: Path, vectors: Vectors, metric: Metric) -> Searcher:
        """Take up what `save` wrote at `path` for the same vectors.

        Raises:
            IndexDamaged: missing, unreadable, or made for other vectors.
        """
        ...

    def search(self, queries: Vectors, k: int) -> tuple[Distances, Ids]:
        """Distances and positions, (m, min(k, n)) each, of the nearest vectors of (m, dim) queries.

        Nearest first, equally near ones in order of position. Distances as in `distances_to`.
        """
        ...

    def save(self, path: Path) -> None:
        """Write what was derived from the vectors to `path`. Raises OSError if the disk refuses."""
        ...


SEARCHERS: dict[Structure, type[Searcher]] = {
    "exact": ExactSearcher,
    "flat": FlatSearcher,
    "hnsw": HnswSearcher,
    "ivf": IvfSearcher,
}
