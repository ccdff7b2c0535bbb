"""Are the pictures of a folder aligned: does the same place mean the same thing in all of them?"""

from __future__ import annotations

import numpy as np

from .patches import Pixels, shrink

ALIGNED = 0.2
_SIDE = 32


def alignment(pictures: Pixels) -> float:
    """The share of the variation within `pictures` (n, S, S, 3) that their mean picture explains, 0 to 1.

    Digits, glyphs and centred products give 0.3 and more, photographs under 0.15 (`docs/design.md` has the
    figures). No label is needed, and one pass.

    Example: pictures that are all the same are as aligned as can be.
        >>> stripes = np.tile(np.array([0, 255], dtype=np.uint8), (5, 32, 16))[..., None].repeat(3, -1)
        >>> round(alignment(stripes), 6)
        1.0
    """
    small = shrink(pictures, pictures.shape[1] // _SIDE)
    within = float(small.var(axis=(1, 2)).mean())
    of_mean = float(small.mean(axis=0, dtype=np.float64).var(axis=(0, 1)).mean())
    return of_mean / within if within > 0 else 0.0
