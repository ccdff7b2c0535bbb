"""Which vectors may be answered: a selection of positions, as NumPy and as FAISS want it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import Ids

# So few are compared one by one: a walk through a structure would meet mostly others.
_FEW = 50_000
_FEW_SHARE = 0.05


@dataclass(frozen=True)
class Mask:
    """A boolean array (n,) over the positions of all vectors."""

    allowed: NDArray[np.bool_]

    @classmethod
    def of(cls, among: NDArray[np.bool_] | None) -> Mask | None:
        """The mask for `Searcher.search`; None where every vector may be answered."""
        if among is None:
            return None
        mask = cls(np.asarray(among, dtype=bool))
        return None if mask.count == len(mask.allowed) else mask

    @cached_property
    def count(self) -> int:
        """How many may be answered."""
        return int(np.count_nonzero(self.allowed))

    @property
    def share(self) -> float:
        """Which part of all may be answered."""
        return self.count / max(1, len(self.allowed))

    @property
    def few(self) -> bool:
        """So few that they are compared one by one."""
        return self.count <= max(_FEW, _FEW_SHARE * len(self.allowed))

    @cached_property
    def positions(self) -> Ids:
        """The positions that may be answered, ascending."""
        return np.flatnonzero(self.allowed)

    @cached_property
    def selector(self) -> Any:
        """An `IDSelectorBitmap` of FAISS."""
        import faiss

        return faiss.IDSelectorBitmap(np.packbits(self.allowed, bitorder="little"))
