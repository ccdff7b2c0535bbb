"""Ways to find the nearest vectors, one signature for all.

`load` and `up_to_date` are the doors: they give the searcher for a structure as `Structure.parse` reads it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..checks import Distances, Ids, Metric, Vectors
from ..errors import IndexDamaged, OptionInvalid
from ..structure import Structure, reason_of
from .approximate import ApproximateSearcher, Facts
from .binary import BinarySearcher
from .exact import ExactSearcher, FlatSearcher
from .plans import Plan, plan_for
from .stored import read_facts

__all__ = [
    "ExactSearcher",
    "FlatSearcher",
    "Searcher",
    "build",
    "load",
    "stays_in_force",
    "up_to_date",
]

# A structure is extended when what it does not hold takes longer to compare than it does.
_SMALL_TAIL, _SMALL_SHARE = 10_000, 0.05
# Cells and codes were learnt from the vectors that were there: at four times as many they are learnt anew.
_OUTGROWN = 4


class Searcher(Protocol):
    """Finds the nearest of the vectors that it was built over.

    Vectors and queries are C-contiguous float32, finite, and of length 1 for the metric "cosine", as
    `check_vectors` leaves them. Positions are row numbers of the vectors.

    Example:
        >>> searcher = build("exact", np.eye(3, dtype=np.float32), "l2")
        >>> distances, positions = searcher.search(np.zeros((1, 3), np.float32), k=2)
        >>> distances.tolist(), positions.tolist()
        ([[1.0, 1.0]], [[0, 1]])
    """

    @property
    def derived(self) -> bool:
        """Whether `save` leaves a file. What works on the vectors themselves saves nothing."""
        ...

    @property
    def name(self) -> str:
        """What it is: "flat", or a factory string of FAISS."""
        ...

    @property
    def reason(self) -> str:
        """Why it was chosen, in one clause."""
        ...

    def search(
        self, queries: Vectors, k: int, among: NDArray[np.bool_] | None = None
    ) -> tuple[Distances, Ids]:
        """Distances and positions of the nearest vectors of (m, dim) queries, (m, min(k, n)) each.

        among: (n,), true for the positions that may be answered, of which there are then n.
        Nearest first, equally near ones in order of position. Distances as in `distances_to`.
        """
        ...

    def save(self, path: Path) -> None:
        """Write what was derived from the vectors to `path`. Raises OSError if the disk refuses."""
        ...


# By the names that `plans` gives them.
_COMPARING: dict[str, type[ExactSearcher]] = {"exact": ExactSearcher, "flat": FlatSearcher}
_DERIVED: dict[str, type[ApproximateSearcher]] = {"faiss": ApproximateSearcher, "binary": BinarySearcher}


def build(structure: str, vectors: Vectors, metric: Metric) -> Searcher:
    """A searcher over (n, dim) vectors; n may be 0.

    Raises:
        OptionInvalid: a structure that is none, or that FAISS cannot build over these vectors.
    """
    asked = Structure.parse(structure)
    plan = plan_for(asked, *vectors.shape)
    if plan.searcher in _COMPARING:
        return _COMPARING[plan.searcher](vectors, metric, plan.reason)
    facts = Facts(str(asked), plan.factory, plan.reason, len(vectors))
    try:
        return _DERIVED[plan.searcher].build(vectors, metric, facts, recall=asked.recall)
    except RuntimeError as err:
        raise OptionInvalid(
            f"structure {plan.factory!r} cannot be built over {len(vectors):,} vectors of {vectors.shape[1]} "
            f"numbers ({reason_of(err)}): choose another structure, as auto"
        ) from err


def load(saved: Path | None, structure: str, vectors: Vectors, metric: Metric) -> Searcher:
    """The searcher that was saved at `saved`, memory-mapped; it may hold only the first of the vectors.

    Where nothing usable was saved, every vector is compared: a reader does not wait until one is built.
    """
    asked = Structure.parse(structure)
    plan = plan_for(asked, *vectors.shape)
    if plan.searcher in _COMPARING:
        return _COMPARING[plan.searcher](vectors, metric, plan.reason)
    if found := _usable(saved, asked, plan, vectors, metric):
        return found
    return FlatSearcher(
        vectors, metric, f"{saved or 'its structure'} is missing or damaged: save the index again"
    )


def up_to_date(saved: Path | None, structure: str, vectors: Vectors, metric: Metric) -> tuple[Searcher, bool]:
    """The searcher to go on with over all vectors, and whether what was saved has to be replaced by it.

    What was saved stays in force while few vectors are new; then it is extended, and built anew when it has
    been outgrown, is damaged, or another structure is asked for. A searcher that is not `derived` replaces a
    file by none.
    """
    asked = Structure.parse(structure)
    plan = plan_for(asked, *vectors.shape)
    found = _usable(saved, asked, plan, vectors, metric)
    if found is None or saved is None or len(vectors) > _OUTGROWN * found.facts.count:
        built = build(structure, vectors, metric)
        return built, built.derived or saved is not None
    if len(vectors) - found.covered <= max(_SMALL_TAIL, _SMALL_SHARE * found.covered):
        return found, False
    extended = type(found).load(saved, vectors, metric, writable=True)
    extended.extend()
    return extended, True


def stays_in_force(saved: Path, structure: str, count: int) -> bool:
    """Whether a saved structure can be left as it is for `count` vectors; only its facts are read."""
    try:
        facts = read_facts(saved)
        asked, covered = facts["asked"], facts["covered"]
    except (IndexDamaged, KeyError):
        return False
    tail = count - covered
    return bool(
        asked == str(Structure.parse(structure)) and 0 <= tail <= max(_SMALL_TAIL, _SMALL_SHARE * covered)
    )


def _usable(
    saved: Path | None, asked: Structure, plan: Plan, vectors: Vectors, metric: Metric
) -> ApproximateSearcher | None:
    if saved is None or plan.searcher not in _DERIVED:
        return None
    try:
        found = _DERIVED[plan.searcher].load(saved, vectors, metric)
    except IndexDamaged:
        # It is derived from the vectors: it can be built again.
        return None
    return found if found.facts.asked == str(asked) else None
