"""Whether colours tell anything of the pictures of a folder: no label is needed.

Flowers, charts and cars come in any colour, and stained tissue in that of the day: there colours set apart
what is alike, and patches are better seen without them. Products and places have colours of their own, and
yarns differ by nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ...parallel import in_order
from .branch import Branch, solve_branch, sparse_codes
from .config import BranchConfig, EncoderConfig, probing
from .last_layers import Part, solve_part
from .lda import unit
from .pictures import Floats, Pixels, View, choose_views, shrink
from .pooling import Pooling
from .trust import nearest_of, standard_similarities, summed

_MOST_PICTURES = 1_000
LEAST_PICTURES = 16
"""Fewer say nothing of what kind they are."""
_LEAST_KINSHIP = 0.11
_LEAST_GROUPING = 0.03
_LEAST_FORM = 0.01
_VIEWS = 5
_RANKS = (1, 2, 4, 8, 15, 30, 60, 120, 240)
_PICTURES_A_BLOCK = 64
_SMALL = 1e-6


class Colors(NamedTuple):
    """What colours are to the pictures of a folder.

    kinship: how alike in colour the five nearest by form are, where 1 is how alike the five nearest by colour
    are, and 0 any two. grouping: above 0 where colours come in groups with gaps between, see `_grouping`;
    None where it was not looked for.
    """

    kinship: float
    grouping: float | None

    @property
    def tell(self) -> bool:
        """Whether they go with forms, or come in groups of their own."""
        return self.grouping is None or self.grouping >= _LEAST_GROUPING


def look_at_colors(pictures: Pixels, config: EncoderConfig, *, seed: int) -> Colors | None:
    """What colours are to `pictures` (n, S, S, 3) uint8; 1,000 of them are looked at.

    None where they have none, or there are fewer than 16 pictures.

    Forms are seen by a small branch of grey patches, and colours by a branch of colours.
    """
    if len(pictures) < LEAST_PICTURES or not _has_colors(pictures):
        return None
    rng = np.random.default_rng([seed, 5])
    chosen = pictures[rng.permutation(len(pictures))[:_MOST_PICTURES]]
    if _share_within(chosen) < _LEAST_FORM:
        # There are no forms: if anything tells, it is colours.
        return Colors(1.0, None)
    views = choose_views(config, rng)[:_VIEWS]
    forms, colors, more_colors = probing(pictures.shape[1])
    by_form, by_color = (
        summed(
            [standard_similarities(part.views[:, 0]) for part in _parts(chosen, views, branch, config, seed)]
        )
        for branch in (forms, colors)
    )
    of_form, of_color = (
        float(np.take_along_axis(by_color, nearest_of(each), axis=1).mean()) for each in (by_form, by_color)
    )
    kinship = of_form / max(of_color, _SMALL)
    if kinship >= _LEAST_KINSHIP:
        return Colors(kinship, None)
    by_pairs = _parts(chosen, views, more_colors, config, seed)[1]
    return Colors(kinship, _grouping(by_pairs.views[:, 0]))


def _share_within(pictures: Pixels) -> float:
    """The share of the variance of `pictures` (n, S, S, 3) that is within them; 0 where there is none."""
    within = float(pictures.var(axis=(1, 2), dtype=np.float32).mean())
    between = float(pictures.mean(axis=(1, 2), dtype=np.float32).var(axis=0).mean())
    return within / max(within + between, _SMALL)


def _has_colors(pictures: Pixels) -> bool:
    return bool((pictures[..., 0] != pictures[..., 1]).any() or (pictures[..., 1] != pictures[..., 2]).any())


def _parts(
    pictures: Pixels, views: list[View], branch: BranchConfig, config: EncoderConfig, seed: int
) -> list[Part]:
    """What `branch` sees of the `views` of `pictures`, by cells and by pairs."""
    dims = branch.atoms // 4
    config = replace(config, content_dims=dims, pair_dims=dims)
    solved = solve_branch(pictures, branch, config, seed=seed)
    begins = range(0, len(pictures), _PICTURES_A_BLOCK)
    maps = list(in_order(lambda begin: _map(pictures[begin : begin + _PICTURES_A_BLOCK], solved), begins))
    pooling = Pooling(views, maps[0].shape[1:], grid=config.grid, pair_dims=config.pair_dims)
    return [
        solve_part(branch, np.concatenate(list(in_order(pool, maps))), config)
        for pool in (pooling.cells, pooling.pairs)
    ]


def _map(pictures: Pixels, branch: Branch) -> Floats:
    """What the network makes of `pictures` up to the content of each place: (n, places, c) of unit length."""
    config = branch.config
    small = shrink(pictures, config.factor)
    windows = sliding_window_view(small, (config.patch, config.patch), axis=(1, 2))
    patches = windows[:, :: config.stride, :: config.stride].transpose(0, 1, 2, 4, 5, 3)
    whitened = branch.whitening.apply(patches.reshape(-1, 3 * config.patch**2))
    content = sparse_codes(whitened, branch.atoms, config.threshold) @ branch.content.weights
    return unit(content + branch.content.bias).reshape(len(pictures), -1, content.shape[1])


def _grouping(vectors: Floats) -> float:
    """By how much faster the distance to the r-th nearest of `vectors` (n, d) grows beyond r = 4 than before.

    Among neighbours of one kind it grows slowly, and fast where the first of another kind come; where there
    are no kinds, ever more slowly. Slopes of the logarithm of its median over that of r: the largest beyond,
    less the first.
    """
    distances = np.maximum(2.0 - 2.0 * (vectors @ vectors.T), 0.0)
    np.fill_diagonal(distances, np.inf)
    distances.sort(axis=1)
    ranks = np.array([rank for rank in _RANKS if rank < len(vectors)])
    typical = np.log(np.sqrt(np.median(distances[:, ranks - 1], axis=0)) + _SMALL)
    slopes = (typical[2:] - typical[:-2]) / np.log(ranks[2:] / ranks[:-2])
    return float(slopes[2:].max() - slopes[0])
