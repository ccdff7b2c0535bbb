"""From ids to where their vectors lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .errors import IdsUnknown
from .vectors import Ids

_NAMED = 5


def positions_of(wanted: Sequence[int] | Ids, ids: Ids, directory: Path) -> Ids:
    """Positions (m,) of the `wanted` ids among all `ids` (n,), which ascend.

    Raises:
        IdsUnknown: names ids that the index in `directory` does not hold.

    Example:
        >>> positions_of([7, 2], np.array([2, 5, 7]), Path("index")).tolist()
        [2, 0]
    """
    asked = np.asarray(wanted, dtype=np.int64).reshape(-1)
    positions = np.searchsorted(ids, asked)
    known = np.zeros(len(asked), dtype=bool)
    inside = positions < len(ids)
    known[inside] = ids[positions[inside]] == asked[inside]
    if not known.all():
        named = ", ".join(map(str, asked[~known][:_NAMED]))
        raise IdsUnknown(
            f"index {directory} holds no vector with id {named}: use the ids that it answered with"
        )
    return positions
