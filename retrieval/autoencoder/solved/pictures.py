"""What fitting reads off pictures: patches, views, and whether they are aligned."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .config import BranchConfig, EncoderConfig

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Pixels = NDArray[np.uint8]

_ALIGNED = 0.2
_ALIGNED_WITH_LOOKALIKES = 0.15
_ALIGNMENT_SIDE = 32


class View(NamedTuple):
    """A rectangle by its edges, as shares of the sides, seen mirrored or not.

    Then turned about its middle by `turn` radians and slanted: a point moves across by `slant` times how far
    it is below the middle. What of it is outside of the picture shows the edge of the picture.
    """

    top: float
    bottom: float
    left: float
    right: float
    mirrored: bool = False
    turn: float = 0.0
    slant: float = 0.0

    @property
    def is_upright(self) -> bool:
        """Whether it is neither turned nor slanted."""
        return self.turn == 0.0 and self.slant == 0.0

    def points(self, down: Doubles, across: Doubles) -> tuple[Doubles, Doubles]:
        """Where in the picture the points `down` and `across` the view are, all of them shares of sides."""
        height, width = self.bottom - self.top, self.right - self.left
        below = (down - 0.5) * height
        right = (across - 0.5) * (-width if self.mirrored else width) + self.slant * below
        cosine, sine = np.cos(self.turn), np.sin(self.turn)
        rows = self.top + height / 2 + cosine * below - sine * right
        columns = self.left + width / 2 + sine * below + cosine * right
        return np.clip(rows, 0.0, 1.0), np.clip(columns, 0.0, 1.0)


WHOLE = View(0.0, 1.0, 0.0, 1.0)


def shrink(pictures: Pixels | Floats, factor: int) -> Floats:
    """`pictures` (n, S, S, 3) averaged over squares of `factor` pixels: (n, s, s, 3) of 0 to 1."""
    n, side = len(pictures), pictures.shape[1] // factor
    rows = pictures.reshape(n, side, factor, side, factor, 3)
    # Row by row and column by column: a mean over both axes goes through them number by number, ten times as
    # long. Of bytes the sums are exact.
    columns = sum((rows[:, :, row] for row in range(1, factor)), rows[:, :, 0].astype(np.float32))
    squares = sum((columns[:, :, :, column] for column in range(1, factor)), columns[:, :, :, 0])
    return np.asarray(squares / np.float32(factor**2) / np.float32(255.0), dtype=np.float32)


def alignment(pictures: Pixels) -> float:
    """The share of the variation within `pictures` (n, S, S, 3) that their mean picture explains, 0 to 1.

    It says whether the same place means the same thing in all of them. Digits, glyphs and centred products
    give 0.3 and more, photographs under 0.15; see `are_aligned`. `docs/design.md` has the figures. It needs
    no label.

    Example: pictures that are all the same are as aligned as can be.
        >>> stripes = np.tile(np.array([0, 255], dtype=np.uint8), (5, 32, 16))[..., None].repeat(3, -1)
        >>> round(alignment(stripes), 6)
        1.0
    """
    small = shrink(pictures, pictures.shape[1] // _ALIGNMENT_SIDE)
    within = float(small.var(axis=(1, 2)).mean())
    of_mean = float(small.mean(axis=0, dtype=np.float64).var(axis=(0, 1)).mean())
    # The mean of pictures that have nothing in common varies by one n-th.
    by_chance = 1.0 / len(small)
    return max(0.0, of_mean / within - by_chance) / (1.0 - by_chance) if within > 0 else 0.0


def are_aligned(share: float, have_lookalikes: bool) -> bool:
    """Whether a folder of this `alignment` counts as aligned: from .2 on.

    From .15 on where pictures have look-alikes: these lie on each other, so that place means something.
    """
    return share >= (_ALIGNED_WITH_LOOKALIKES if have_lookalikes else _ALIGNED)


def draw_patches(pictures: Pixels, config: BranchConfig, num: int, rng: np.random.Generator) -> Floats:
    """`num` patches of each picture, (n, num, patch · patch · 3) float32 in [0, 1], rows of the patch first.

    They lie where the encoder looks: on the grid of `config.stride`.
    """
    small = shrink(pictures, config.factor)
    places = (small.shape[1] - config.patch) // config.stride + 1
    top = (
        rng.integers(places, size=(len(small), num, 1, 1)) * config.stride + np.arange(config.patch)[:, None]
    )
    left = rng.integers(places, size=(len(small), num, 1, 1)) * config.stride + np.arange(config.patch)
    patches: Floats = small[np.arange(len(small))[:, None, None, None], top, left]
    return patches.reshape(len(small), num, -1)


def draw_views(num: int, *, least_side: float, mirror: bool, rng: np.random.Generator) -> list[View]:
    """`num` views: the whole picture first, then rectangles whose sides are `least_side` to 1 of it."""
    views = [WHOLE]
    while len(views) < num:
        height, width = rng.uniform(least_side, 1.0, size=2)
        top, left = rng.uniform(0.0, 1.0 - height), rng.uniform(0.0, 1.0 - width)
        views.append(View(top, top + height, left, left + width, mirror and len(views) % 2 == 1))
    return views


def choose_views(config: EncoderConfig, rng: np.random.Generator) -> list[View]:
    """The views that have to agree, the whole picture first."""
    if config.tilt is None:
        return draw_views(config.num_views, least_side=config.least_side, mirror=config.mirror, rng=rng)
    turn, slant = config.tilt
    return even_views(least_side=config.least_side, turn=turn, slant=slant)


def even_views(*, least_side: float, turn: float, slant: float) -> list[View]:
    """Nine views: the whole picture first, then eight that differ in six ways as evenly as eight can.

    Each way has two ends, and each end of one meets both of every other equally often (a fractional factorial
    design, Box & Hunter 1961): height and width `least_side` or all, at the top or the bottom, at the left or
    the right, turned by `turn` radians and slanted by `slant` to one side or the other.
    """
    views = [WHOLE]
    for first, second, third in product((-1, 1), repeat=3):
        height, width = (1.0 if end > 0 else least_side for end in (first, second))
        top = 1.0 - height if third > 0 else 0.0
        left = 1.0 - width if first * second > 0 else 0.0
        tilt = turn * first * third, slant * second * third
        views.append(View(top, top + height, left, left + width, False, *tilt))
    return views
