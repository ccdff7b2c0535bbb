"""The second look at pictures that may be copies: decoded, and laid over each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageUnreadable
from ..images import Source, load
from ..parallel import in_order
from ..progress import Progress
from ..threads import single_threaded_products
from .alignment import SIDE, agreement, tells_cuts
from .turns import turn

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Pairs = NDArray[np.int64]

_AT_ONCE = 32
_KEPT = 8_192  # squares of 27 KiB

UNREADABLE = -1.0
"""The agreement with a picture that is gone or cannot be read."""


class SecondLook:
    """Compares pictures by their pixels; those looked at last are kept in memory."""

    def __init__(self, sources: Sequence[Source]) -> None:
        """Of the pictures `sources`."""
        self._sources = sources
        self._square = lru_cache(maxsize=_KEPT)(self._load)
        # A third of a look goes into this, and a picture is looked at with many others.
        self._tells_cuts = lru_cache(maxsize=None)(self._count_corners)

    def agreements(self, pairs: Pairs, progress: Progress | None = None) -> Floats:
        """How well pictures agree, (m,) float32, at most 1; -1 where one cannot be read.

        pairs: (m, 3), the places of two pictures, and the number of the turn that the first is given.
        """
        order = np.lexsort((pairs[:, 1], pairs[:, 0]))
        found = np.full(len(pairs), UNREADABLE, dtype=np.float32)
        with single_threaded_products(), (progress or Progress()).step("look again", len(pairs)) as step:
            parts = [order[start : start + _AT_ONCE] for start in range(0, len(order), _AT_ONCE)]
            for part, values in zip(
                parts, in_order(self._compare, (pairs[part] for part in parts)), strict=True
            ):
                found[part] = values
                step.advance(len(part))
        return found

    def agreements_with(self, place: int, others: Sequence[Source]) -> Floats:
        """How well the picture at `place` agrees with each of `others` (m,), as `agreements` tells it."""
        own = self._square(place)
        if own is None:
            return np.full(len(others), UNREADABLE, dtype=np.float32)
        squares = np.stack([load(other, SIDE) for other in others])
        cut = tells_cuts(squares) & self.tells_cuts(place)
        return agreement(np.repeat(own[None], len(others), axis=0), squares, cut)

    def tells_cuts(self, place: int) -> bool:
        """Whether the picture at `place` has enough in it to know it by a part."""
        return self._tells_cuts(place)

    def is_readable(self, place: int) -> bool:
        """Whether the picture at `place` can still be read."""
        return self._square(place) is not None

    def _load(self, place: int) -> Pixels | None:
        try:
            return load(self._sources[place], SIDE)
        except ImageUnreadable:
            return None

    def _count_corners(self, place: int) -> bool:
        own = self._square(place)
        return own is not None and bool(tells_cuts(own[None])[0])

    def _compare(self, pairs: Pairs) -> Floats:
        found = np.full(len(pairs), UNREADABLE, dtype=np.float32)
        first, second, there, cut = [], [], [], []
        for at, (one, other, number) in enumerate(pairs.tolist()):
            squares = self._square(one), self._square(other)
            if squares[0] is not None and squares[1] is not None:
                first.append(turn(squares[0], number))
                second.append(squares[1])
                there.append(at)
                # Turned, a picture has the same corners.
                cut.append(self.tells_cuts(one) and self.tells_cuts(other))
        if there:
            found[there] = agreement(np.stack(first), np.stack(second), np.array(cut))
        return found
