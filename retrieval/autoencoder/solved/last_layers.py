"""The layers after pooling: parts, together, with neighbours that agree, and to where pictures gather."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .compression import keep_neighbors
from .config import BranchConfig, EncoderConfig
from .gathering import gathered, solve_gathering, worth
from .lda import (
    AnyFloats,
    Linear,
    Scatter,
    apply,
    compress,
    multiplied,
    scatter_of_views,
    solve_agreement,
    unit,
)
from .lookalikes import Lookalikes
from .neighbors import mutual_links, scatter_of_links, to_nearest
from .pictures import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one pooling of one branch, or the layout, says of each picture.

    branch: None for the layout. agreement: from pooled features (d,) to at most 128 directions. views: (n, v,
    out) float32 of unit length, the whole picture first.
    """

    branch: BranchConfig | None
    agreement: Linear
    views: Floats

    @property
    def name(self) -> str:
        """Of the branch, the same for its two parts."""
        return "layout" if self.branch is None else self.branch.name

    @property
    def is_of_colors(self) -> bool:
        """Whether it knows colours and no form."""
        return self.branch is not None and self.branch.is_of_colors


@dataclass(frozen=True, slots=True)
class LastLayers:
    """The weights after pooling.

    parts: the features (d,) of each part to its vector. leading: the vector of each part to those of its
    directions that count alone; None where these are its first `leading_dims`. joint: the vectors of all
    parts, each of unit length, to 64 directions; neighbors: the same, solved so that linked pictures agree;
    gathering: the same to where pictures gather, of which this share of the variance is foretold, and which
    counts by what that is worth. latent: the leading ones of each part and these three, each of unit length,
    to the latent vector.
    """

    parts: tuple[Linear, ...]
    leading: tuple[Linear, ...] | None
    leading_dims: int
    joint: Linear
    neighbors: Linear
    gathering: Linear
    gathering_foretold: float
    latent: Linear


def solve_part(branch: BranchConfig | None, features: AnyFloats, config: EncoderConfig) -> Part:
    """The agreement of views, solved on their `features` (n, v, d) of any float type."""
    ridge = config.ridge_pictures / len(features)
    agreement = solve_agreement(scatter_of_views(features), ridge=ridge, num=config.part_dims)
    return Part(branch, agreement, apply(agreement, features))


def solve_last_layers(
    parts: Sequence[Part],
    weights: Floats,
    config: EncoderConfig,
    *,
    dim: int,
    lookalikes: Lookalikes | None = None,
) -> LastLayers:
    """Solve what comes after the `parts`, which count by `weights` (parts,).

    What `lookalikes` differ in counts as what two views of one picture differ in, in relation to how many
    pictures have one; with them, the leading directions of each part are solved once more.

    Pictures that are mutually among the nearest of each other are linked, and what two linked ones differ in
    then counts as what two views of one differ in: it is not what tells pictures apart. Where the vectors
    found so far gather in a way that can be foretold, that counts as well. Then where they gather is found
    again, with that counting.

    Where the layout is a part, place tells everything, down to what sets near pictures apart. There gathering
    takes the place of what parts say together, as far as it is worth, since it says the same and better; and
    the compression keeps what near pictures differ in as well as what all do.
    """
    by_place = any(part.branch is None for part in parts)
    by_part = np.repeat(weights, [part.views.shape[2] for part in parts])
    joined = np.concatenate([part.views for part in parts], axis=2)
    joined *= by_part
    scatter, ridge, num = _scatter(joined, lookalikes), config.joint_ridge, config.joint_dims
    joint = solve_agreement(scatter, ridge=ridge, num=num)
    shares = weights / np.sqrt(np.square(weights).sum())
    leading = None
    if lookalikes is not None:
        leading = tuple(
            solve_agreement(_scatter(part.views, lookalikes), ridge=ridge, num=config.leading_dims)
            for part in parts
        )
    whole = [part.views[:, 0] for part in parts]
    alone = leading_vectors(whole, leading, config.leading_dims)
    known = [unit(each) * share for each, share in zip(alone, shares, strict=True)]
    known.append(apply(joint, joined[:, :1])[:, 0])
    first = np.concatenate(known, axis=1)
    links = mutual_links(first @ compress(first, dim).weights, config.neighbors)
    means = joined.mean(axis=1)
    apart = scatter_of_links(means, links)
    neighbors = solve_agreement(scatter, ridge=ridge, num=num, apart=apart)
    known.append(apply(neighbors, joined[:, :1])[:, 0])
    vectors = np.concatenate(known, axis=1)
    for _ in range(config.gatherings):
        targets = gathered(vectors @ compress(vectors, dim).weights)
        gathering, foretold = solve_gathering(means, scatter, targets, ridge=ridge)
        gathering_worth = worth(foretold, config.most_gathering)
        together = max(0.0, 1.0 - gathering_worth) if by_place else 1.0
        counts = together, together, gathering_worth
        others = [*known[len(parts) :], apply(gathering, joined[:, :1])[:, 0]]
        counted = [np.float32(count) * each for count, each in zip(counts, others, strict=True)]
        vectors = np.concatenate([*known[: len(parts)], *counted], axis=1)
        if not gathering_worth:
            break
    latent = compress(vectors, dim, to_nearest(vectors)) if by_place else keep_neighbors(vectors, dim)
    # What parts are multiplied by goes into the weights behind them.
    by_leading = np.repeat(shares, [each.shape[1] for each in known[: len(parts)]])
    by_others = np.repeat(counts, [len(each.bias) for each in (joint, neighbors, gathering)])
    by_known = np.concatenate([by_leading, by_others])
    return LastLayers(
        parts=tuple(part.agreement for part in parts),
        leading=leading,
        leading_dims=config.leading_dims,
        joint=multiplied(joint, by_part),
        neighbors=multiplied(neighbors, by_part),
        gathering=multiplied(gathering, by_part),
        gathering_foretold=foretold,
        latent=multiplied(latent, by_known),
    )


def leading_vectors(
    vectors: Sequence[Floats], leading: tuple[Linear, ...] | None, leading_dims: int
) -> list[Floats]:
    """The leading directions (n, out) of the `vectors` (n, d) of each part, see `LastLayers`."""
    if leading is None:
        return [each[:, :leading_dims] for each in vectors]
    return [each @ linear.weights + linear.bias for each, linear in zip(vectors, leading, strict=True)]


def _scatter(views: Floats, lookalikes: Lookalikes | None) -> Scatter:
    """The scatter of `views` (n, v, d), and of `lookalikes` within."""
    scatter = scatter_of_views(views)
    if lookalikes is not None:
        apart = scatter_of_links(views.mean(axis=1), lookalikes.pairs)
        scatter.count_within(lookalikes.share * apart)
    return scatter
