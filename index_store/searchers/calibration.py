"""How thoroughly a structure has to be searched: the least effort that reaches a recall, measured.

Queries are drawn from the corpus, and each is left out of its own answer: what is left is what a new vector
of the same kind would get. A structure that does not hold all vectors yet is asked for the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..checks import Ids, Vectors
from ..structure import DEFAULT_RECALL
from .exact import FlatSearcher

if TYPE_CHECKING:
    from .approximate import ApproximateSearcher

NEIGHBORS = 10
"""Recall is measured of so many."""

# 1,024 queries tell a recall of .99 to about .001. Where .999 is aimed at, that is too coarse: two standard
# errors would leave only efforts that find nearly everything, at twice the time that is needed.
_QUERIES, _QUERIES_FOR_MORE = 1024, 4096
# But for an eighth of the vectors, if they are few.
_LARGEST_SHARE = 8
_SHORTLISTS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024)
# Reading a vector from anywhere in memory costs as much as comparing so many codes.
_COST_OF_READING = 16
# Beyond the first effort that is enough, so many wider ones are tried: their shortlists may be shorter.
_WIDER = 3


@dataclass(frozen=True, slots=True)
class Effort:
    """How thoroughly a structure is searched for up to ten neighbours.

    width: candidates of a walk (HNSW's efSearch), or cells looked into (IVF's nprobe); 0 where there is no
    choice. shortlist: candidates whose distances are computed from their vectors.
    """

    width: int
    shortlist: int


def least_effort(searcher: ApproximateSearcher, recall: float) -> tuple[Effort, float]:
    """The cheapest effort whose recall is above `recall` by two standard errors, and its recall.

    Where none is, the one that finds most.
    """
    sample = sample_queries(searcher, _QUERIES if recall <= DEFAULT_RECALL else _QUERIES_FOR_MORE)
    best = Effort((searcher.widths or (0,))[-1], _SHORTLISTS[-1])
    found, cost, wider = 0.0, math.inf, 0
    for effort, shares in _measured(searcher, *sample):
        mean, error = float(shares.mean()), float(shares.std() / math.sqrt(len(shares)))
        enough = mean - 2 * error >= recall
        price = searcher.cost_of(effort.width) + _COST_OF_READING * effort.shortlist
        if (enough and price < cost) or (cost == math.inf and mean > found):
            best, found = effort, mean
            cost = price if enough else cost
            wider = 0
        elif cost < math.inf and effort.shortlist == _SHORTLISTS[0]:
            wider += 1
            if wider > _WIDER:
                break
    return best, found


def num_queries(count: int, recall: float) -> int:
    """How many of `count` vectors are kept out of a structure to measure this `recall` with."""
    most = _QUERIES if recall <= DEFAULT_RECALL else _QUERIES_FOR_MORE
    return min(most, count // _LARGEST_SHARE)


def sample_queries(searcher: ApproximateSearcher, count: int) -> tuple[Vectors, Ids, Ids]:
    """Some vectors (m, dim) of a searcher, their positions (m,), and those of their neighbours (m, 10)."""
    vectors, held = searcher.vectors, searcher.vectors[: searcher.covered]
    rng = np.random.default_rng(0)
    if len(held) < len(vectors):
        drawn = np.arange(len(held), len(vectors))
    else:
        drawn = np.sort(rng.choice(len(vectors), min(count, len(vectors)), replace=False, shuffle=False))
    queries = np.ascontiguousarray(vectors[drawn])
    _, nearest = FlatSearcher(held, searcher.metric).search(queries, NEIGHBORS + 1)
    return queries, drawn, without(nearest, drawn)


def without(found: Ids, own: Ids) -> Ids:
    """What was found (m, c) without each query's own position (m,), or without the last: (m, c - 1).

    Example:
        >>> without(np.array([[3, 1, 2], [3, 1, 2]]), np.array([1, 9])).tolist()
        [[3, 2], [3, 1]]
    """
    kept = found != own[:, None]
    kept[kept.all(axis=1), -1] = False
    others: Ids = found[kept].reshape(len(found), -1)
    return others


def shares_found(found: Ids, truth: Ids) -> NDArray[np.float64]:
    """Which share (m,) of the true neighbours (m, k) is among what was found (m, c).

    Example:
        >>> shares_found(np.array([[3, 1, 2]]), np.array([[1, 5]])).tolist()
        [0.5]
    """
    shares: NDArray[np.float64] = (truth[:, :, None] == found[:, None, :]).any(axis=2).mean(axis=1)
    return shares


def _measured(
    searcher: ApproximateSearcher, queries: Vectors, own: Ids, truth: Ids
) -> Iterator[tuple[Effort, NDArray[np.float64]]]:
    """Every effort from the narrowest on, with the share that it finds for each query."""
    for width in searcher.widths or (0,):
        longest = searcher.longest_shortlist(width)
        found = without(searcher.candidates(queries, Effort(width, longest)), own)
        ranks = _ranks(found, truth)
        for shortlist in (size for size in _SHORTLISTS if size <= max(longest, _SHORTLISTS[0])):
            yield Effort(width, shortlist), (ranks < shortlist - 1).mean(axis=1)


def _ranks(found: Ids, truth: Ids) -> Ids:
    """Where (m, k) the true neighbours stand among the candidates (m, c); beyond them where they do not."""
    same = truth[:, :, None] == found[:, None, :]
    ranks: Ids = np.where(same.any(axis=2), same.argmax(axis=2), _SHORTLISTS[-1])
    return ranks
