"""Why a hit is a hit: the places of two pictures that the encoder finds alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..encoder import FeatureMaps

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """How well each place of two pictures has its like in the other: two maps (g, g) float32, in 0 to 1."""

    query: Floats
    hit: Floats

    @classmethod
    def between(cls, maps: FeatureMaps, query: Pixels, hit: Pixels) -> Agreement:
        """Compare two pictures (size, size, 3) uint8, place by place.

        A place counts by the cosine with the place of the other picture that is most like it, beyond what
        places of the two have on average: what is everywhere, such as a plain ground, explains nothing.
        """
        first, second = (maps.of(picture) for picture in (query, hit))
        side = first.shape[0]
        flat = first.reshape(side * side, -1), second.reshape(side * side, -1)
        cosines = flat[0] @ flat[1].T
        usual = cosines.mean(axis=1), cosines.mean(axis=0)
        best = cosines.max(axis=1) - usual[0], cosines.max(axis=0) - usual[1]
        most = max(float(each.max()) for each in best)
        found = [np.clip(each / max(most, 1e-6), 0.0, 1.0).reshape(side, side) ** 2 for each in best]
        return cls(*found)

    def to_json(self) -> dict[str, list[list[float]]]:
        """Both maps as rows of numbers."""
        return {name: np.round(getattr(self, name), 3).tolist() for name in ("query", "hit")}
