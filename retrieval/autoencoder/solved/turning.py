"""Whether near pictures of a folder differ by how they are turned and slanted: no label is needed.

Written digits do, and the hand that shows a sign; printed letters and products hardly do, and there a
slanted one may be of another kind.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .layout import COLOR_SIDE, LIGHT_SIDE, layout_features
from .neighbors import Rows, mutual_links
from .pictures import WHOLE, Floats, Pixels, View, shrink

TURNED = 0.25
_MOST_PICTURES = 2_000
_NEIGHBORS = 5
# Each change, to one side and to the other; a zoom has one.
_TURNS = (
    (WHOLE._replace(turn=0.09), WHOLE._replace(turn=-0.09)),
    (WHOLE._replace(slant=0.1), WHOLE._replace(slant=-0.1)),
)
_SHIFTS = (
    (View(0.04, 1.0, 0.0, 1.0), View(0.0, 0.96, 0.0, 1.0)),
    (View(0.0, 1.0, 0.04, 1.0), View(0.0, 1.0, 0.0, 0.96)),
    (View(0.04, 0.96, 0.04, 0.96), WHOLE),
)
# Charts and pages of text have .01, hand signs .1: below, what both explain is chance.
_LEAST_EXPLAINED = 0.06
_SMALL = 1e-9


def turning(pictures: Pixels) -> float:
    """How far near `pictures` (n, S, S, 3) uint8 differ by turns and slants, beside shifts and zooms: 0 to 1.

    Of what sets pictures apart from those that look most like them, the share is taken that a small turn and
    a slant of theirs explain, beyond what these explain of what sets any two apart; and the same of shifts
    and a zoom: the part of the first in both. `docs/design.md` has the figures; from `TURNED` on views are
    turned. It needs no label.
    """
    rng = np.random.default_rng(0)
    chosen = pictures[rng.permutation(len(pictures))[:_MOST_PICTURES]]
    small = np.rint(shrink(chosen, pictures.shape[1] // LIGHT_SIDE) * 255).astype(np.uint8)
    layouts = layout_features(small, [WHOLE])[:, 0]
    near = mutual_links(_coarse(layouts), _NEIGHBORS)
    if not len(near):
        return 0.0
    anyone = np.stack([np.arange(len(small)), rng.permutation(len(small))], axis=1)
    by_turns, by_shifts = (
        max(0.0, _explained(layouts, near, changes) - _explained(layouts, anyone, changes))
        for changes in (_changes(small, _TURNS), _changes(small, _SHIFTS))
    )
    return by_turns / max(by_turns + by_shifts, _LEAST_EXPLAINED)


def _coarse(layouts: Floats) -> Floats:
    """`layouts` (n, 1216) with the light of no more places than colours have, without their mean."""
    step = LIGHT_SIDE // COLOR_SIDE
    light = (
        layouts[:, : LIGHT_SIDE**2].reshape(-1, COLOR_SIDE, step, COLOR_SIDE, step).sum(axis=(2, 4)) / step
    )
    coarse = np.concatenate([light.reshape(len(layouts), -1), layouts[:, LIGHT_SIDE**2 :]], axis=1)
    return np.asarray(coarse - coarse.mean(axis=0))


def _changes(pictures: Pixels, ways: Sequence[tuple[View, View]]) -> Floats:
    """What each of `ways`, from its second view to its first, changes in a layout: (n, ways, 1216)."""
    seen = layout_features(pictures, [view for way in ways for view in way])
    return seen[:, 0::2] - seen[:, 1::2]


def _explained(layouts: Floats, pairs: Rows, changes: Floats) -> float:
    """The share of what sets the pictures of `pairs` (m, 2) apart that `changes` of the first explain."""
    apart = (layouts[pairs[:, 1]] - layouts[pairs[:, 0]]).astype(np.float64)
    known = changes[pairs[:, 0]].astype(np.float64)
    products = known @ known.swapaxes(1, 2) + _SMALL * np.eye(known.shape[1])
    toward = known @ apart[..., None]
    explained = float((toward * np.linalg.solve(products, toward)).sum())
    return explained / max(float(np.square(apart).sum()), _SMALL)
