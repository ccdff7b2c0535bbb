"""Look-alikes: pictures that lie on each other far better than on others. No label is needed.

The same emoji by four makers, an icon in five weights, a figure in another colour, shots of one moment: what
two of them differ in is not what tells pictures apart. So they count as further views of each other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .layout import LIGHT_SIDE, layout_features
from .lda import unit
from .neighbors import Rows, nearest_with_cosines
from .pictures import WHOLE, Floats, Pixels

_RANK = 8
# As in the ratio test for matching points (Lowe 2004), of distances: half of that to the eighth nearest.
_RATIO = 0.5
_LATENT_RATIO = 0.6
_LEAST_PICTURES = 4 * _RANK
_MOST_ASKED = 1_000
# Where fewer have one, as in folders of photographs, nothing would be gained.
_LEAST_SHARE = 0.05
_LEAST_GAIN = 0.05
_SMALL = 1e-6


class Lookalikes(NamedTuple):
    """pairs: rows (m, 2) of pictures that are look-alikes, the smaller first. share: of pictures with one."""

    pairs: Rows
    share: float


def find_lookalikes(pictures: Pixels) -> Lookalikes | None:
    """The look-alikes among `pictures` (n, S, S, 3) uint8; None where few have one, or n is below 32.

    1,000 are asked whether they have one.

    Two are, where the layout of one is not half as far from that of the other as from its eighth nearest.
    Only light is looked at where that brings together what is alike in colour as well, more than other near
    pictures are; else, as with flags of the same stripes, light and colours.
    """
    if len(pictures) < _LEAST_PICTURES:
        return None
    layouts = layout_features(pictures, [WHOLE])[:, 0]
    light, colors = (_centred(each) for each in np.split(layouts, [LIGHT_SIDE**2], axis=1))
    some = np.random.default_rng(0).permutation(len(pictures))[:_MOST_ASKED]
    vectors, near = light, _near(light, some)
    if _gain(colors, some, near) < _LEAST_GAIN:
        vectors = _centred(layouts)
        near = _near(vectors, some)
    if near.alike.any(axis=1).mean() < _LEAST_SHARE:
        return None
    return _among(vectors, _RATIO)


def find_latent_lookalikes(latents: Floats) -> Lookalikes | None:
    """The look-alikes among pictures by their `latents` (n, dim), as far as these were solved without them.

    Two are, where one is not six tenths as far from the other as from its eighth nearest. None as above.
    """
    if len(latents) < _LEAST_PICTURES:
        return None
    found = _among(_centred(latents), _LATENT_RATIO)
    return found if found.share >= _LEAST_SHARE else None


def _among(vectors: Floats, ratio: float) -> Lookalikes:
    near = _near(vectors, np.arange(len(vectors)), ratio)
    rows, ranks = np.nonzero(near.alike)
    pairs = np.sort(np.stack([rows, near.rows[rows, ranks]], axis=1), axis=1)
    pairs = np.unique(pairs, axis=0)
    return Lookalikes(pairs, len(np.unique(pairs)) / len(vectors))


class _Near(NamedTuple):
    """The eight nearest rows (m, 8) of some pictures, and which of these are look-alikes."""

    rows: Rows
    alike: NDArray[np.bool_]


def _near(vectors: Floats, asked: Rows, ratio: float = _RATIO) -> _Near:
    """The nearest others of those `asked` (m,) of `vectors` (n, d), of unit length."""
    rows, cosines = nearest_with_cosines(vectors, asked, _RANK)
    distances = 2.0 - 2.0 * cosines
    return _Near(rows, distances < ratio**2 * distances.max(axis=1, keepdims=True) - _SMALL)


def _gain(colors: Floats, asked: Rows, near: _Near) -> float:
    """How much more alike in colour look-alikes are than the others near each, surely.

    The mean difference of cosines, less twice its standard error.
    """
    cosines = np.einsum("nd,nkd->nk", colors[asked], colors[near.rows])
    some = near.alike.any(axis=1)
    cosines, alike = cosines[some], near.alike[some]
    if not len(cosines):
        return 0.0
    of_alike, of_others = ((cosines * kept).sum(axis=1) / kept.sum(axis=1) for kept in (alike, ~alike))
    gains = of_alike - of_others
    return float(gains.mean() - 2.0 * gains.std() / np.sqrt(len(gains)))


def _centred(vectors: Floats) -> Floats:
    """`vectors` (n, d) without their mean over the pictures, of unit length."""
    return unit(vectors - vectors.mean(axis=0))
