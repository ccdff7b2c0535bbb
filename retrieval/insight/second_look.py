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
from .alignment import CORNERS_OF_CUT, CORNERS_OF_TRIMMED, SIDE, agreement, num_corners
from .turns import turn

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Pairs = NDArray[np.int64]
Counts = NDArray[np.int64]

_AT_ONCE = 32
_KEPT = 8_192  # squares of 27 KiB

UNREADABLE = -1.0
"""The agreement with a picture that is gone or cannot be read."""


class SecondLook:
    """Compares pictures by their pixels; those looked at last are kept in memory."""

    def __init__(self, sources: Sequence[Source], *, trimmed: bool = True) -> None:
        """Of the pictures `sources`; `trimmed`: also drawings with few corners, once a little was cut off."""
        self._sources, self._trimmed = sources, trimmed
        self._square = lru_cache(maxsize=_KEPT)(self._load)
        # A third of a look goes into this, and a picture is looked at with many others.
        self._num_corners = lru_cache(maxsize=None)(self._count_corners)

    def without_trimmed(self) -> SecondLook:
        """The same for which drawings with few corners agree as they are, or not at all."""
        return SecondLook(self._sources, trimmed=False)

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
        corners = np.minimum(self._counted(squares), self._num_corners(place))
        return agreement(np.repeat(own[None], len(others), axis=0), squares, corners)

    def tells_cuts(self, place: int) -> bool:
        """Whether the picture at `place` has enough in it to know it by a part."""
        return self._num_corners(place) >= CORNERS_OF_CUT

    def may_be_trimmed(self, place: int) -> bool:
        """Whether the picture at `place` is a drawing that can at most be known once it is trimmed."""
        return CORNERS_OF_TRIMMED <= self._num_corners(place) < CORNERS_OF_CUT

    def square(self, place: int) -> Pixels | None:
        """The picture at `place` as it is compared, (SIDE, SIDE, 3), None if it cannot be read."""
        return self._square(place)

    def is_readable(self, place: int) -> bool:
        """Whether the picture at `place` can still be read."""
        return self._square(place) is not None

    def _load(self, place: int) -> Pixels | None:
        try:
            return load(self._sources[place], SIDE)
        except ImageUnreadable:
            return None

    def _count_corners(self, place: int) -> int:
        own = self._square(place)
        return 0 if own is None else int(self._counted(own[None])[0])

    def _counted(self, squares: Pixels) -> Counts:
        corners = num_corners(squares)
        return corners if self._trimmed else np.where(corners < CORNERS_OF_CUT, 0, corners)

    def _compare(self, pairs: Pairs) -> Floats:
        found = np.full(len(pairs), UNREADABLE, dtype=np.float32)
        first, second, there, corners = [], [], [], []
        for at, (one, other, number) in enumerate(pairs.tolist()):
            squares = self._square(one), self._square(other)
            if squares[0] is not None and squares[1] is not None:
                first.append(turn(squares[0], number))
                second.append(squares[1])
                there.append(at)
                # Turned, a picture has the same corners.
                corners.append(min(self._num_corners(one), self._num_corners(other)))
        if there:
            found[there] = agreement(np.stack(first), np.stack(second), np.array(corners))
        return found
