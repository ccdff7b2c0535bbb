"""Average precision and nDCG that do not depend on how equal distances were ordered.

The evaluation ranks with a fixed order among equals (see `rank_blocks`) and uses the functions of
`metrics`. These two say what would be said without such an order; they agree with scikit-learn's
`average_precision_score` and `ndcg_score`. They take the lists with `distances (q, n)`, nearest first;
everything else is as in `metrics`.
"""

from __future__ import annotations

import numpy as np

from .arrays import Bools, Distances, Floats, Integers
from .metrics import discounts, ideal_gain
from .relevance import Relevance


def average_precision_with_ties(
    relevant: Bools, distances: Distances | Floats, num_relevant: Integers
) -> Floats:
    """Average precision where answers at the same distance are found together.

    Each relevant answer counts with the precision at the end of its group of equals; this is not the mean
    over all orders of the equals. Source: scikit-learn's `average_precision_score`.

    Raises:
        TypeError, ValueError: as in `metrics`; also when distances do not fit or are not ascending.

    Example: one relevant among three equals, then another: (1/3 + 2/4) / 2.
        >>> relevant = np.array([[False, True, False, True]])
        >>> distances = np.array([[1.0, 1.0, 1.0, 2.0]])
        >>> average_precision_with_ties(relevant, distances, np.array([2])).round(6).tolist()
        [0.416667]
    """
    checked = Relevance.parse(relevant, num_relevant, None)
    _, last = _groups(_check_distances(distances, checked.answers))
    found = np.cumsum(checked.answers, axis=1)
    precision = np.take_along_axis(found, last, axis=1) / (last + 1)
    return checked.divide(np.sum(precision, axis=1, where=checked.answers), checked.num_relevant)


def ndcg_with_ties(
    relevant: Bools, distances: Distances | Floats, num_relevant: Integers, *, k: int | None = None
) -> Floats:
    """Mean nDCG over all orders of the answers at the same distance.

    Source: McSherry and Najork, *Computing information retrieval performance measures efficiently in the
    presence of tied scores* (2008); scikit-learn's `ndcg_score`.

    Raises:
        TypeError, ValueError: as in `metrics`; also when distances do not fit or are not ascending.

    Example: one relevant of two equals: the mean of 1 (it is first) and 1/log2(3) (it is second).
        >>> relevant = np.array([[True, False]])
        >>> ndcg_with_ties(relevant, np.array([[1.0, 1.0]]), np.array([1])).round(6).tolist()
        [0.815465]
    """
    checked = Relevance.parse(relevant, num_relevant, k)
    whole = np.asarray(relevant)
    first, last = _groups(_check_distances(distances, whole))
    weights = discounts(whole.shape[1])
    weights[checked.k :] = 0.0
    cumulated = np.concatenate([[0.0], np.cumsum(weights)])
    shared = (cumulated[last + 1] - cumulated[first]) / (last + 1 - first)
    gained = np.sum(shared, axis=1, where=whole)
    return checked.divide(gained, ideal_gain(checked.num_relevant, checked.k))


def _groups(distances: Floats) -> tuple[Integers, Integers]:
    """First and last column `(q, n)` of the group of equal distances that each answer belongs to."""
    num_queries, width = distances.shape
    changes = distances[:, 1:] != distances[:, :-1]
    edge = np.ones((num_queries, min(width, 1)), dtype=bool)
    columns = np.arange(width)
    starts = np.where(np.hstack([edge, changes]), columns, 0)
    ends = np.where(np.hstack([changes, edge]), columns, width)
    first = np.maximum.accumulate(starts, axis=1)
    last = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    return first, last


def _check_distances(distances: Distances | Floats, relevant: Bools) -> Floats:
    # Wider floats keep which distances are equal.
    checked = np.asarray(distances, dtype=np.float64)
    if checked.shape != relevant.shape:
        raise ValueError(
            f"distances has shape {checked.shape}, expected {relevant.shape}: pass one for each answer"
        )
    if not np.all(checked[:, 1:] >= checked[:, :-1]):
        raise ValueError("distances are not ascending: pass the answers nearest first, without NaN")
    return checked
