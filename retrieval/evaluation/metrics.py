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

from dataclasses import dataclass

import numpy as np

from .arrays import Bools, Floats, Integers


def precision_at(relevant: Bools, num_relevant: Integers, *, k: int | None = None) -> Floats:
    """Relevant ones among the `k` nearest, divided by `k`.

    Source: Manning, Raghavan and Schütze, *Introduction to Information Retrieval* (2008), section 8.4;
    `trec_eval` measure `P`. Conventions and errors: see the module.

    Example: two of the four nearest are relevant.
        >>> relevant = np.array([[True, False, False, True, True]])
        >>> precision_at(relevant, np.array([3]), k=4).tolist()
        [0.5]
    """
    return Relevance.parse(relevant, num_relevant, k).precision()


def recall_at(relevant: Bools, num_relevant: Integers, *, k: int | None = None) -> Floats:
    """Relevant ones among the `k` nearest, divided by all that are relevant.

    With `k` below `num_relevant` it cannot reach 1. Source: Manning et al. (2008), section 8.3;
    `trec_eval` measure `recall`. Conventions and errors: see the module.

    Example: two of the four relevant items are among the four nearest.
        >>> relevant = np.array([[True, False, False, True, True]])
        >>> recall_at(relevant, np.array([4]), k=4).tolist()
        [0.5]
    """
    return Relevance.parse(relevant, num_relevant, k).recall()


def average_precision(relevant: Bools, num_relevant: Integers, *, k: int | None = None) -> Floats:
    """Mean, over all relevant items, of the precision at the rank where each is found.

    An item that is not in the list adds 0. The mean over queries is mAP. Source: Manning et al. (2008),
    section 8.4; `trec_eval` measures `map` and, with `k`, `map_cut`. Conventions and errors: see the
    module.

    Example: found at ranks 1 and 4 of the two there are, (1/1 + 2/4) / 2.
        >>> relevant = np.array([[True, False, False, True, False]])
        >>> average_precision(relevant, np.array([2])).tolist()
        [0.75]
    """
    return Relevance.parse(relevant, num_relevant, k).average_precision()


def reciprocal_rank(relevant: Bools, num_relevant: Integers, *, k: int | None = None) -> Floats:
    """One divided by the rank of the first relevant answer, 0 where none is in the list.

    The mean over queries is MRR. Source: Voorhees, *The TREC-8 Question Answering Track Report* (1999);
    `trec_eval` measure `recip_rank`. Conventions and errors: see the module.

    Example: the first relevant answer is the second.
        >>> relevant = np.array([[False, True, True]])
        >>> reciprocal_rank(relevant, np.array([2])).tolist()
        [0.5]
    """
    return Relevance.parse(relevant, num_relevant, k).reciprocal_rank()


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
    return Relevance.parse(relevant, num_relevant, k).ndcg()


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
    return Relevance.parse(relevant, num_relevant, k).interpolated_precision(levels)


def precision_at_levels(precisions: Floats, total: int, levels: int) -> Floats:
    """The interpolated precision (levels,) of a query, from its `precisions` at its right answers, in order.

    `total`: how many right ones there are to be found.
    """
    if total == 0:
        return np.full(levels, np.nan)
    best = np.zeros(total)
    best[: len(precisions)] = np.maximum.accumulate(precisions[::-1])[::-1]
    # In whole numbers: three steps of 0.1 are a little above 0.3 and would ask for a fourth of ten items.
    needed = -(-np.arange(levels) * total // (levels - 1))
    curve: Floats = best[np.maximum(needed, 1) - 1]
    return curve


@dataclass(frozen=True, slots=True, eq=False)
class Relevance:
    """Where the relevant answers of every query stand, found once for all metrics.

    They are one flat list, by query and then by rank: `query (h,)`, `rank (h,)` from 1, and `ordinal (h,)`,
    which counts those of a query from 1. `found (q,)`: how many there are among the `k` nearest;
    `num_relevant (q,)`: in all.
    """

    query: Integers
    rank: Integers
    ordinal: Integers
    found: Integers
    num_relevant: Integers
    k: int

    @classmethod
    def parse(cls, relevant: Bools, num_relevant: Integers, k: int | None) -> Relevance:
        """Check what a metric was given, and look where the answers are relevant.

        Raises:
            TypeError: `relevant` is not boolean or `num_relevant` holds no integers.
            ValueError: the shapes do not fit, `k` is below 1, or a list holds more than `num_relevant`.
        """
        relevant, totals = np.asarray(relevant), np.asarray(num_relevant)
        _check_relevant(relevant)
        checked_k = check_k(k, relevant.shape[1])
        answers = relevant[:, :checked_k]
        query, place = np.divmod(np.flatnonzero(answers), max(answers.shape[1], 1))
        found = np.bincount(query, minlength=len(answers))
        _check_totals(totals, relevant, found if answers.shape == relevant.shape else None)
        before = np.cumsum(found) - found
        ordinal = np.arange(len(query)) - before[query] + 1
        return cls(query, place + 1, ordinal, found, totals.astype(np.int64), checked_k)

    def precision(self) -> Floats:
        """See `precision_at`."""
        return self._divide(self.found, self.k)

    def recall(self) -> Floats:
        """See `recall_at`."""
        return self._divide(self.found, self.num_relevant)

    def average_precision(self) -> Floats:
        """See the function of this name."""
        return self._divide(self._sums(self.ordinal / self.rank), self.num_relevant)

    def reciprocal_rank(self) -> Floats:
        """See the function of this name."""
        return self._divide(self._sums(np.where(self.ordinal == 1, 1.0 / self.rank, 0.0)), 1)

    def ndcg(self) -> Floats:
        """See the function of this name."""
        gained = self._sums(1.0 / np.log2(1.0 + self.rank))
        return self._divide(gained, ideal_gain(self.num_relevant, self.k))

    def interpolated_precision(self, levels: int) -> Floats:
        """See the function of this name."""
        if levels < 2:
            raise ValueError(f"levels is {levels}, expected at least 2: recall 0 and recall 1")
        precisions, ends = self.ordinal / self.rank, np.cumsum(self.found)
        curves = np.empty((len(ends), levels))
        for query, (total, found) in enumerate(zip(self.num_relevant.tolist(), self.found, strict=True)):
            curves[query] = precision_at_levels(precisions[ends[query] - found : ends[query]], total, levels)
        return curves

    def _sums(self, weights: Floats) -> Floats:
        """Add up the weight of every relevant answer within its query: `(q,) float64`."""
        sums = np.bincount(self.query, weights=weights, minlength=len(self.found))
        return sums.astype(np.float64, copy=False)

    def _divide(self, sums: Floats | Integers, totals: Floats | Integers | int) -> Floats:
        """Divide, with NaN where the query has no relevant item at all."""
        result = np.full(len(self.found), np.nan)
        np.divide(sums, totals, out=result, where=self.num_relevant > 0)
        return result


def check_k(k: int | None, num_answers: int) -> int:
    """Turn `k=None` into the whole list, and refuse a `k` below 1."""
    if k is None:
        return max(num_answers, 1)
    if k < 1:
        raise ValueError(f"k is {k}, expected at least 1: pass how many of the nearest answers count")
    return int(k)


def _check_relevant(relevant: Bools) -> None:
    if relevant.dtype != np.bool_:
        raise TypeError(
            f"relevant holds {relevant.dtype}, expected bool: pass labels[order] == label[:, None]"
        )
    if relevant.ndim != 2:
        raise ValueError(
            f"relevant has shape {relevant.shape}, expected (queries, ranked answers): "
            "pass relevant[np.newaxis] for a single query"
        )


def _check_totals(totals: Integers, relevant: Bools, found: Integers | None) -> None:
    if totals.dtype.kind not in "iu":
        raise TypeError(f"num_relevant holds {totals.dtype}, expected integers: pass a count for each query")
    if totals.shape != relevant.shape[:1]:
        raise ValueError(
            f"num_relevant has shape {totals.shape}, expected {relevant.shape[:1]}: "
            "pass how many relevant items there are for each query, ranked or not"
        )
    found = np.count_nonzero(relevant, axis=1) if found is None else found
    if np.any(found > totals):
        query = int(np.argmax(found > totals))
        raise ValueError(
            f"query {query} has {found[query]} relevant answers but num_relevant says {totals[query]}: "
            "count the relevant items of the whole database, without the query itself"
        )
