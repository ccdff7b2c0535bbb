"""Whether the pictures of an index have become others than those that its encoder was fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index_store import Index

from ..index_facts import FIRST_NEW

LIMIT = 0.75
"""The share of comparisons from which on new pictures count as others; 0.5 is no difference."""
LEAST = 30
"""With fewer pictures, old or new, nothing is said."""
LEAST_SHARE = 0.1
"""New pictures that are a smaller part of all are not worth another encoder."""

_BASE, _SAMPLE = 5_000, 1_000

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Drift:
    """Pictures that came after an encoder was fitted, and lie outside of what it was fitted to.

    new, pictures: how many came since, of how many there are. share: how often one of them is farther from
    its nearest old picture than an old one is from its nearest other; 0.5 where they are alike.
    """

    new: int
    pictures: int
    share: float

    def __str__(self) -> str:
        """One sentence, with what to do."""
        return (
            f"{self.new:,} of the {self.pictures:,} pictures came after the encoder was fitted and are "
            f"unlike those before: in {self.share:.0%} of comparisons they lie farther from these than these "
            "from each other, where 50% is no difference. An encoder that is fitted to all would pay: "
            "index again with --refit"
        )

    def to_json(self) -> dict[str, Any]:
        """As an object of what JSON can hold."""
        return {"new": self.new, "pictures": self.pictures, "share": round(self.share, 4)}


def drift_of(index: Index) -> Drift | None:
    """What has come to `index` since its encoder was fitted, if that would pay to be fitted to; else None.

    The directions of the encoder were solved for the old pictures: where new ones lie farther from all of
    them, it was not fitted to their kind. Without labels, from vectors alone, in tens of milliseconds. On
    pictures of the same folder that the encoder had not seen, the share was .57 to .63; on photographs of
    another kind .66 to .98. What is drawn or cut out on a plain ground lies close together for any encoder
    of photographs, and is not noticed.
    """
    settings = index.settings
    if settings.get("fitted") is None or FIRST_NEW not in settings:
        return None
    ids = index.ids
    old, new = ids[ids < settings[FIRST_NEW]], ids[ids >= settings[FIRST_NEW]]
    if min(len(old), len(new)) < LEAST or len(new) < LEAST_SHARE * len(ids):
        return None
    random = np.random.default_rng(0)
    base = index.vectors(_some(old, _BASE, random))
    usual = _nearest(base[:_SAMPLE], base, themselves=True)
    share = _share_beyond(_nearest(index.vectors(_some(new, _SAMPLE, random)), base), usual)
    return Drift(len(new), len(ids), share) if share >= LIMIT else None


def _some(ids: NDArray[np.int64], most: int, random: np.random.Generator) -> NDArray[np.int64]:
    return random.permutation(ids)[:most]


def _nearest(vectors: Vectors, base: Vectors, *, themselves: bool = False) -> Vectors:
    """The cosine distance of each to the nearest of `base`; `themselves`: they are its first ones."""
    distances = 1 - vectors @ base.T
    if themselves:
        np.fill_diagonal(distances, np.inf)
    nearest: Vectors = distances.min(axis=1)
    return nearest


def _share_beyond(found: Vectors, usual: Vectors) -> float:
    """How often one of `found` is beyond one of `usual`; as often as not where they are equal."""
    ordered = np.sort(usual)
    below = np.searchsorted(ordered, found, "left") + np.searchsorted(ordered, found, "right")
    return float(below.mean() / (2 * len(usual)))
