"""Ranking metrics, one value a query, as plain NumPy functions.

All of them share one signature, `metric(relevant, num_relevant, *, k=None) -> (q,) float64`:

* `relevant (q, n) bool`: whether each query's ranked answers are relevant, nearest first. The query
  itself must not be among them. Lists shorter than `n` are padded with `False` at the end.
* `num_relevant (q,)` integer: how many relevant items there are in all, also those behind the end of a
  list that was cut; `relevant.sum(axis=1)` when the lists are whole. It has no default: a cut list
  cannot tell "nothing to find" from "nothing found", and the two must not count alike.
* `k`: only the `k` nearest answers count; `None` for the whole list.
* A query with nothing to find (`num_relevant` 0, for example a class of one picture) has the value NaN.
  `mean_over_queries` leaves it out and counts it.
* Fewer answers than `k`: the missing ones count as not relevant, and precision still divides by `k`, as
  `trec_eval` does. Who wants "of those there are" lowers `k` and says so, as `measure_ranking` does.

Errors are the same too: `TypeError` for the wrong kind of values, `ValueError` for shapes that do not
fit, `k` below 1, or more relevant answers than `num_relevant`.
"""

from __future__ import annotations

import numpy as np

from .arrays import Bools, Floats, Integers
from .relevance import Relevance, check_k


def precision_at(relevant: Bools, num_relevant: Integers, *, k: int | None = None) -> Floats:
    """Relevant ones among the `k` nearest, divided by `k`.

    Source: Manning, Raghavan and Schütze, *Introduction to Information Retrieval* (2008), section 8.4;
    `trec_eval` measure `P`. Conventions and errors: see the module.

    Example: two of the four nearest are relevant.
        >>> relevant = np.array([[True, False, False, True, True]])
        >>> precision_at(relevant, np.array([3]), k=4).tolist()
        [0.5]
    """
    checked = Relevance.parse(relevant, num_relevant, k)
    return checked.divide(np.count_nonzero(checked.answers, axis=1), checked.k)


def recall_at(relevant: Bools, num_relevant: Integers, *, k: int | None = None) -> Floats:
    """Relevant ones among the `k` nearest, divided by all that are relevant.

    With `k` below `num_relevant` it cannot reach 1. Source: Manning et al. (2008), section 8.3;
    `trec_eval` measure `recall`. Conventions and errors: see the module.

    Example: two of the four relevant items are among the four nearest.
        >>> relevant = np.array([[True, False, False, True, True]])
        >>> recall_at(relevant, np.array([4]), k=4).tolist()
        [0.5]
    """
    checked = Relevance.parse(relevant, num_relevant, k)
    return checked.divide(np.count_nonzero(checked.answers, axis=1), checked.num_relevant)


def average_precision(relevant: Bools, num_relevant: Integers, *, k: int | None = None) -> Floats:
    """Mean, over all relevant items, of the precision at the rank where each is found.

    An item that is not in the list adds 0. The mean over queries is mAP. Source: Manning et al. (2008),
    section 8.4; `trec_eval` measures `map` and, with `k`, `map_cut`. Conventions and errors: see the
    module. Equal distances: this takes the list as it was ranked; `average_precision_with_ties` does not.

    Example: found at ranks 1 and 4 of the two there are, (1/1 + 2/4) / 2.
        >>> relevant = np.array([[True, False, False, True, False]])
        >>> average_precision(relevant, np.array([2])).tolist()
        [0.75]
    """
    checked = Relevance.parse(relevant, num_relevant, k)
    hits = checked.hits()
    return checked.divide(checked.sums(hits.query, hits.ordinal / hits.rank), checked.num_relevant)


def reciprocal_rank(relevant: Bools, num_relevant: Integers, *, k: int | None = None) -> Floats:
    """One divided by the rank of the first relevant answer, 0 where none is in the list.

    The mean over queries is MRR. Source: Voorhees, *The TREC-8 Question Answering Track Report* (1999);
    `trec_eval` measure `recip_rank`. Conventions and errors: see the module.

    Example: the first relevant answer is the second.
        >>> relevant = np.array([[False, True, True]])
        >>> reciprocal_rank(relevant, np.array([2])).tolist()
        [0.5]
    """
    checked = Relevance.parse(relevant, num_relevant, k)
    hits = checked.hits()
    first = hits.ordinal == 1
    return checked.divide(checked.sums(hits.query[first], 1.0 / hits.rank[first]), 1)


def ndcg(relevant: Bools, num_relevant: Integers, *, k: int | None = None) -> Floats:
    """Discounted cumulative gain of the list, divided by that of the best possible list.

    A relevant answer at rank r gains 1 / log2(1 + r); the best list has all relevant items in front. Over
    the whole list it is seldom below 0.5, so also look at a small `k`. Source: Järvelin and Kekäläinen,
    *Cumulated gain-based evaluation of IR techniques* (2002), with the discount of `trec_eval` measures
    `ndcg` and `ndcg_cut` (theirs leaves rank 2 undiscounted). Conventions and errors: see the module.

    Example: relevant at ranks 1 and 3, (1 + 1/2) / (1 + 1/log2(3)).
        >>> relevant = np.array([[True, False, True, False]])
        >>> ndcg(relevant, np.array([2])).round(6).tolist()
        [0.919721]
    """
    checked = Relevance.parse(relevant, num_relevant, k)
    hits = checked.hits()
    gained = checked.sums(hits.query, 1.0 / np.log2(1.0 + hits.rank))
    return checked.divide(gained, ideal_gain(checked.num_relevant, checked.k))


def ideal_gain(num_relevant: Integers, k: int) -> Floats:
    """Discounted gain `(q,)` of the list that has all relevant items in front, cut at `k`.

    Example: with two relevant items, 1 + 1/log2(3).
        >>> ideal_gain(np.array([0, 1, 2]), 10).round(6).tolist()
        [0.0, 1.0, 1.63093]
    """
    in_front = np.minimum(num_relevant, k)
    cumulated = np.cumsum(discounts(int(in_front.max(initial=0))))
    return np.concatenate([[0.0], cumulated])[in_front]


def discounts(count: int) -> Floats:
    """What a gain of 1 is worth at ranks 1 to `count`: 1 / log2(1 + rank).

    Example:
        >>> discounts(3).round(6).tolist()
        [1.0, 0.63093, 0.5]
    """
    weights: Floats = 1.0 / np.log2(np.arange(2.0, count + 2.0))
    return weights


def graded_ndcg(gains: Floats, ideal_gains: Floats, *, k: int | None = None) -> Floats:
    """nDCG for grades: `gains (q, n)` of the ranked answers, nearest first, 0 for irrelevant.

    `ideal_gains (q, m)` are the grades of all items of the database in any order (the gains themselves,
    when the lists are whole). Grades are taken as they are; pass `2.0**grades - 1` for the exponential
    form. NaN where no item has a grade above 0. Source: as `ndcg`.

    Raises:
        ValueError: not 2-D, different numbers of queries, a negative or non-finite grade, `k` below 1.

    Example: grades 1, 3 where 3, 1 were best, (1 + 3/log2(3)) / (3 + 1/log2(3)).
        >>> gains = np.array([[1.0, 3.0]])
        >>> graded_ndcg(gains, gains).round(6).tolist()
        [0.796708]
    """
    gains, ideal_gains = _check_gains(gains, "gains"), _check_gains(ideal_gains, "ideal_gains")
    if len(gains) != len(ideal_gains):
        raise ValueError(
            f"gains has {len(gains)} queries, ideal_gains {len(ideal_gains)}: pass one row a query in both"
        )
    whole = max(gains.shape[1], ideal_gains.shape[1])
    top = check_k(k, whole)
    best = _discounted(-np.sort(-ideal_gains, axis=1), top)
    result = np.full(len(gains), np.nan)
    np.divide(_discounted(gains, top), best, out=result, where=best > 0)
    return result


def interpolated_precision(
    relevant: Bools, num_relevant: Integers, *, k: int | None = None, levels: int = 11
) -> Floats:
    """Precision-recall curve: `(q, levels)`, the precision at recall 0, ..., 1 in equal steps.

    Interpolated: the highest precision at that recall or any higher one, 0 where that recall is not
    reached. Average the rows over queries to draw one curve. Source: Manning et al. (2008), section 8.4
    (11 points); COCO's detection benchmark uses 101. Conventions and errors: see the module.

    Example: found at ranks 1 and 4: precision 1 up to half of them, 2/4 up to all.
        >>> relevant = np.array([[True, False, False, True]])
        >>> interpolated_precision(relevant, np.array([2]), levels=5).tolist()
        [[1.0, 1.0, 1.0, 0.5, 0.5]]
    """
    if levels < 2:
        raise ValueError(f"levels is {levels}, expected at least 2: recall 0 and recall 1")
    checked = Relevance.parse(relevant, num_relevant, k)
    hits = checked.hits()
    precisions = hits.ordinal / hits.rank
    ends = np.cumsum(np.count_nonzero(checked.answers, axis=1))
    curves = np.empty((len(ends), levels))
    for query, total in enumerate(checked.num_relevant):
        start = ends[query - 1] if query else 0
        curves[query] = _curve(precisions[start : ends[query]], int(total), levels)
    return curves


def _curve(precisions: Floats, total: int, levels: int) -> Floats:
    if total == 0:
        return np.full(levels, np.nan)
    best = np.zeros(total)
    best[: len(precisions)] = np.maximum.accumulate(precisions[::-1])[::-1]
    # In whole numbers: three steps of 0.1 are a little above 0.3 and would ask for a fourth of ten items.
    needed = -(-np.arange(levels) * total // (levels - 1))
    curve: Floats = best[np.maximum(needed, 1) - 1]
    return curve


def _check_gains(gains: Floats, name: str) -> Floats:
    checked = np.asarray(gains, dtype=np.float64)
    if checked.ndim != 2:
        raise ValueError(f"{name} has shape {checked.shape}, expected (queries, items): pass one row a query")
    if not np.all(np.isfinite(checked)) or np.any(checked < 0):
        raise ValueError(f"{name} has negative or non-finite grades: pass grades from 0 (irrelevant) upwards")
    return checked


def _discounted(gains: Floats, k: int) -> Floats:
    cut = gains[:, :k]
    gained: Floats = cut @ discounts(cut.shape[1])
    return gained
