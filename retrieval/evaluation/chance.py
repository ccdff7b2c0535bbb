"""What guessing would give: the exact expectation over all orders of the answers, where there is one."""

from __future__ import annotations

import numpy as np

from .arrays import Floats, Integers
from .class_metrics import knn_labels
from .metrics import discounts, ideal_gain, precision_at_levels
from .query_values import MetricChoice

VOTE_DRAWS = 2000
CURVE_DRAWS = 100


def chance_values(num_relevant: Integers, num_answers: Integers, choice: MetricChoice) -> dict[str, Floats]:
    """The expected value of every metric, `(q,)` each, when the answers come in random order.

    For a query `num_relevant (q,)` of its `num_answers (q,)` answers are right; NaN where none is. The names
    are those of `QueryValues`, without "knn_accuracy": see `chance_votes`. Source for average precision:
    Bestgen, *Exact expected average precision of the random baseline for system evaluation* (2015).

    Raises:
        ValueError: more relevant answers than answers.

    Example: one right answer of two, in front or behind: (1 + 1/2) / 2.
        >>> values = chance_values(np.array([1]), np.array([2]), MetricChoice())
        >>> values["map"].tolist(), values["mrr"].tolist(), values["precision_at_1"].tolist()
        ([0.75], [0.75], [0.5])
    """
    pairs, places = np.unique(np.stack([num_relevant, num_answers], axis=1), axis=0, return_inverse=True)
    if np.any(pairs[:, 0] > pairs[:, 1]):
        raise ValueError("a query has more relevant answers than answers")
    rows = [_expected(int(relevant), int(answers), choice) for relevant, answers in pairs]
    return {name: np.array([row[name] for row in rows])[places.reshape(-1)] for name in rows[0]}


def chance_votes(
    labels: Integers, database_labels: Integers, num_relevant: Integers, *, neighbours: int, seed: int = 0
) -> Floats:
    """How often a vote of randomly drawn neighbours gives the query's own class: `(q,)`.

    A mean over 2,000 draws a class from the database without one picture of that class; NaN where the
    query has no label or `num_relevant (q,)` is 0.

    Example: all others are of the query's class.
        >>> labels = np.zeros(4, dtype=np.int64)
        >>> chance_votes(labels[:1], labels, np.array([3]), neighbours=5).tolist()
        [1.0]
    """
    shares = np.full(int(labels.max(initial=-1)) + 2, np.nan)
    for label in np.unique(labels[(labels >= 0) & (num_relevant > 0)]).tolist():
        others = np.delete(database_labels, np.flatnonzero(database_labels == label)[:1])
        drawn = others[_draws(len(others), min(neighbours, len(others)), seed)]
        shares[label] = np.mean(knn_labels(drawn) == label)
    return np.where(num_relevant > 0, shares[labels], np.nan)


def chance_curve(num_relevant: Integers, num_answers: Integers, *, levels: int, seed: int = 0) -> Floats:
    """Interpolated precision (levels,) at recall 0 to 1, see `metrics`, of rankings at random: their mean.

    Over queries with `num_relevant (q,)`, 1 and more, of their `num_answers (q,)` answers right, and 100
    draws for each pair of the two. It lies above the share of right answers, the more the lower the recall:
    the highest precision is taken that comes later.

    Example: one right answer of one.
        >>> chance_curve(np.array([1]), np.array([1]), levels=3).tolist()
        [1.0, 1.0, 1.0]
    """
    pairs, counts = np.unique(np.stack([num_relevant, num_answers], axis=1), axis=0, return_counts=True)
    rng, total = np.random.default_rng(seed), np.zeros(levels)
    for (relevant, answers), count in zip(pairs.tolist(), counts.tolist(), strict=True):
        for _ in range(CURVE_DRAWS):
            ranks = np.sort(rng.choice(answers, relevant, replace=False)) + 1
            total += count * precision_at_levels(np.arange(1, relevant + 1) / ranks, relevant, levels)
    return np.asarray(total / (CURVE_DRAWS * counts.sum()))


def _draws(num_rows: int, count: int, seed: int) -> Integers:
    """`count` different rows of `num_rows`, drawn 2,000 times: (2000, count)."""
    random = np.random.default_rng(seed)
    if num_rows < 20 * count:
        return np.argsort(random.random((VOTE_DRAWS, num_rows)), axis=1)[:, :count]
    # With replacement, and again where a row came twice: the same distribution, without a shuffle a draw.
    drawn = random.integers(0, num_rows, (VOTE_DRAWS, count))
    while len(twice := np.flatnonzero((np.diff(np.sort(drawn, axis=1), axis=1) == 0).any(axis=1))):
        drawn[twice] = random.integers(0, num_rows, (len(twice), count))
    return drawn


def _expected(relevant: int, answers: int, choice: MetricChoice) -> dict[str, float]:
    share = relevant / answers if relevant else np.nan
    weights, harmonic = discounts(answers), float(np.sum(1.0 / np.arange(1, answers + 1)))
    found_too = (relevant - 1) / (answers - 1) if answers > 1 else 0.0
    values = {
        "map": (harmonic + found_too * (answers - harmonic)) / answers if relevant else np.nan,
        "mrr": _expected_reciprocal_rank(relevant, answers) if relevant else np.nan,
        "ndcg": _ratio(share * weights.sum(), relevant, answers),
    }
    for cutoff in choice.cutoffs:
        used = min(cutoff, answers) or 1
        values[f"precision_at_{cutoff}"] = share
        values[f"recall_at_{cutoff}"] = used / answers if relevant else np.nan
        values[f"ndcg_at_{cutoff}"] = _ratio(share * weights[:used].sum(), relevant, used)
    return values


def _ratio(gain: float, relevant: int, k: int) -> float:
    return float(gain / ideal_gain(np.array([relevant]), k)[0]) if relevant else np.nan


def _expected_reciprocal_rank(relevant: int, answers: int) -> float:
    """Sum over r of 1/r times the probability that the first relevant answer is at rank r."""
    ranks = np.arange(1, answers - relevant + 2)
    # Not found in the first r - 1: a product of shares, each of what is left.
    left = answers - ranks[:-1] + 1.0
    missed = np.concatenate([[1.0], np.cumprod((left - relevant) / left)])
    return float(np.sum(missed * relevant / (answers - ranks + 1.0) / ranks))
