"""What every ranking metric is computed from: which of a query's ranked answers are relevant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Bools, Floats, Integers


@dataclass(frozen=True, slots=True)
class Hits:
    """The relevant answers of all queries as one flat list, by query and then by rank.

    `query (h,)`, `rank (h,)` from 1, `ordinal (h,)` from 1: the how-manieth relevant answer it is.
    """

    query: Integers
    rank: Integers
    ordinal: Integers


@dataclass(frozen=True, slots=True)
class Relevance:
    """Checked relevance `answers (q, min(n, k)) bool`, nearest first, and `num_relevant (q,)` in all."""

    answers: Bools
    num_relevant: Integers
    k: int

    @classmethod
    def parse(cls, relevant: Bools, num_relevant: Integers, k: int | None) -> Relevance:
        """Check what a metric was given.

        Raises:
            TypeError: `relevant` is not boolean or `num_relevant` holds no integers.
            ValueError: the shapes do not fit, `k` is below 1, or a list holds more than `num_relevant`.
        """
        relevant, totals = np.asarray(relevant), np.asarray(num_relevant)
        _check_relevant(relevant)
        _check_totals(totals, relevant)
        checked_k = check_k(k, relevant.shape[1])
        return cls(relevant[:, :checked_k], totals.astype(np.int64), checked_k)

    def hits(self) -> Hits:
        """Where the relevant answers stand: what there is to add up, without touching the others."""
        num_queries, width = self.answers.shape
        counts = np.count_nonzero(self.answers, axis=1)
        query = np.repeat(np.arange(num_queries), counts)
        rank = np.flatnonzero(self.answers) - query * width + 1
        before = np.cumsum(counts) - counts
        ordinal = np.arange(len(query)) - before[query] + 1
        return Hits(query, rank, ordinal)

    def sums(self, query: Integers, weights: Floats) -> Floats:
        """Add up the weight of every hit within its query: `(q,) float64`."""
        return np.bincount(query, weights=weights, minlength=len(self.answers)).astype(np.float64, copy=False)

    def divide(self, sums: Floats, totals: Floats | Integers | int) -> Floats:
        """Divide, with NaN where the query has no relevant item at all."""
        has_relevant = self.num_relevant > 0
        result = np.full(len(self.answers), np.nan)
        np.divide(sums, totals, out=result, where=has_relevant)
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
            f"relevant holds {relevant.dtype}, expected bool: pass labels[order] == label[:, None], "
            "or use graded_ndcg for grades"
        )
    if relevant.ndim != 2:
        raise ValueError(
            f"relevant has shape {relevant.shape}, expected (queries, ranked answers): "
            "pass relevant[np.newaxis] for a single query"
        )


def _check_totals(totals: Integers, relevant: Bools) -> None:
    if totals.dtype.kind not in "iu":
        raise TypeError(f"num_relevant holds {totals.dtype}, expected integers: pass a count for each query")
    if totals.shape != relevant.shape[:1]:
        raise ValueError(
            f"num_relevant has shape {totals.shape}, expected {relevant.shape[:1]}: "
            "pass how many relevant items there are for each query, ranked or not"
        )
    found = np.count_nonzero(relevant, axis=1)
    if np.any(found > totals):
        query = int(np.argmax(found > totals))
        raise ValueError(
            f"query {query} has {found[query]} relevant answers but num_relevant says {totals[query]}: "
            "count the relevant items of the whole database, without the query itself"
        )
