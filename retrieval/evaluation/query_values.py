"""All ranking metrics of a labelled search at once, a value a query, and their means.

Rankings are measured block by block, so that they are never all in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .arrays import Floats, Integers, Vectors
from .class_metrics import knn_accuracy, knn_labels
from .distances import Exclusion
from .exact_search import map_rankings
from .measures import DistanceMetric
from .metrics import Relevance
from .order import RankedBlock


@dataclass(frozen=True, slots=True)
class LabelledVectors:
    """Vectors `(n, d)` and their classes `(n,)`, integers from 0; negative for pictures without a label.

    A picture without a label is never relevant and has no vote, but it is ranked like all others.
    """

    vectors: Vectors
    labels: Integers


@dataclass(frozen=True, slots=True)
class MetricChoice:
    """Cut-offs for precision, recall and nDCG, neighbours that vote, and points of the curve."""

    cutoffs: tuple[int, ...] = (1, 5, 10)
    neighbours: int = 5
    levels: int = 11

    def __post_init__(self) -> None:
        """Refuse cut-offs and neighbours below 1."""
        if min(self.asked) < 1:
            raise ValueError(f"cutoffs {self.cutoffs} and neighbours {self.neighbours} must be at least 1")

    @property
    def asked(self) -> tuple[int, ...]:
        """Every number of nearest answers that a metric is asked for."""
        return (*self.cutoffs, self.neighbours)


@dataclass(frozen=True, slots=True)
class QueryValues:
    """Every metric's value for every query.

    `values`: by name, `(q,) float64`, NaN for queries with nothing to find or no label. The names are those
    of their means: `precision_at_1`, `recall_at_1`, `ndcg_at_1` for each cut-off; `map`, `mrr`, `ndcg` over
    the full ranking; `knn_accuracy`.
    `labels (q,)`: the queries' classes. `curves (q, levels)`: interpolated precision at equal steps of
    recall. `nearest_rows (q, m)`: database rows of the nearest answers, as many as the largest cut-off
    used (or neighbours), -1 past the end. `nearest (q,)`, `voted (q,)`: class of the nearest neighbour and of
    the vote, -1 for none. `num_relevant (q,)`: how many there were to find.
    `used_cutoffs`: for each cut-off (and number of neighbours) asked for, the one used: lower when even the
    longest ranking has fewer answers.
    """

    values: Mapping[str, Floats]
    labels: Integers
    curves: Floats
    nearest_rows: Integers
    nearest: Integers
    voted: Integers
    num_relevant: Integers
    used_cutoffs: Mapping[int, int]

    def micro(self, name: str) -> Mean:
        """The mean of a metric over queries."""
        return mean_over_queries(self.values[name])

    def macro(self, name: str) -> Mean:
        """The mean over classes of the mean of a metric within the class."""
        return mean_over_classes(self.values[name], self.labels)


def measure_ranking(
    queries: LabelledVectors,
    database: LabelledVectors,
    *,
    metric: DistanceMetric = "l2",
    exclude: Integers | Exclusion | None = None,
    tie_seed: int | None = 0,
    choice: MetricChoice | None = None,
) -> QueryValues:
    """Rank the database for every query and measure each ranking; right is what has the query's class.

    `metric`, `exclude` and `tie_seed` as in `rank_blocks`; unlike there, equal distances are by default
    ordered by a seeded shuffle, because databases are usually sorted by folder, which is the class.
    10,000 queries against 60,000 rows of 64 dims: `scripts/bench_metrics.py` says how long it takes.

    Raises:
        TypeError, ValueError: as `rank_blocks`; also labels that do not fit the vectors.

    Example: leave-one-out on a line; the second picture of class 0 is nearer to class 1.
        >>> points = np.array([[0.0], [2.0], [3.0], [4.5]], dtype=np.float32)
        >>> pictures = LabelledVectors(points, np.array([0, 0, 1, 1]))
        >>> measured = measure_ranking(pictures, pictures, exclude=np.arange(4))
        >>> measured.values["precision_at_1"].tolist()
        [1.0, 0.0, 0.0, 1.0]
        >>> measured.values["map"].tolist()
        [1.0, 0.5, 0.5, 1.0]
        >>> measured.used_cutoffs
        {1: 1, 5: 3, 10: 3}
    """
    query_labels = _check_labels(queries, "queries")
    database_labels = _check_labels(database, "database")
    chosen = choice or MetricChoice()
    blocks = map_rankings(
        lambda ranked: _measured(ranked, query_labels[ranked.queries], database_labels, chosen),
        queries.vectors,
        database.vectors,
        metric=metric,
        exclude=exclude,
        tie_seed=tie_seed,
    )
    return _joined(list(blocks))


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean, of how many values, and how many were left out because they have none (NaN)."""

    value: float
    counted: int
    left_out: int


def mean_over_queries(values: Floats) -> Mean:
    """The micro average: every query counts the same, so that large classes count most.

    Values that are NaN (queries with nothing to find) are left out and counted; when all are, the value
    is NaN.

    Raises:
        ValueError: `values` is not `(q,)`.

    Example:
        >>> mean_over_queries(np.array([1.0, np.nan, 0.5]))
        Mean(value=0.75, counted=2, left_out=1)
    """
    checked = _check_values(values)
    kept = checked[~np.isnan(checked)]
    value = float(kept.mean()) if len(kept) else float("nan")
    return Mean(value, len(kept), len(checked) - len(kept))


def mean_over_classes(values: Floats, labels: Integers) -> Mean:
    """The macro average: the mean over classes of each class's mean, so that every class counts the same.

    `labels (q,)` are the queries' classes. Queries with NaN or a negative label do not count. `counted`
    and `left_out` are classes here: those with a query that counts, and those without.

    Raises:
        ValueError: shapes are not both `(q,)`.

    Example: class 0 has mean 0.5, class 1 has 1.0; over queries it would be 0.625.
        >>> mean_over_classes(np.array([0.0, 0.5, 1.0, 1.0]), np.array([0, 0, 0, 1]))
        Mean(value=0.75, counted=2, left_out=0)
    """
    checked, classes = _check_values(values), np.asarray(labels)
    if classes.shape != checked.shape:
        raise ValueError(f"labels has shape {classes.shape}, expected {checked.shape}: pass one a query")
    names, index = np.unique(classes, return_inverse=True)
    kept = ~np.isnan(checked)
    counts = np.bincount(index[kept], minlength=len(names))
    sums = np.bincount(index[kept], weights=checked[kept], minlength=len(names))
    counted = (counts > 0) & (names >= 0)
    means = sums[counted] / counts[counted]
    value = float(means.mean()) if len(means) else float("nan")
    return Mean(value, len(means), int(np.count_nonzero(names >= 0)) - len(means))


def _measured(
    ranked: RankedBlock, labels: Integers, database_labels: Integers, choice: MetricChoice
) -> QueryValues:
    found = ranked.of_rows(database_labels, missing=-1)
    relevant = (found == labels[:, None]) & (labels >= 0)[:, None]
    totals = np.array([np.count_nonzero(row) for row in relevant])  # far faster than along an axis
    whole = Relevance.parse(relevant, totals, None)
    used = {k: max(1, min(k, relevant.shape[1])) for k in choice.asked}
    voted = knn_labels(found[:, : used[choice.neighbours]])
    values = {
        "map": whole.average_precision(),
        "mrr": whole.reciprocal_rank(),
        "ndcg": whole.ndcg(),
        "knn_accuracy": knn_accuracy(voted[:, None], labels, totals),
    }
    for cutoff in choice.cutoffs:
        first = Relevance.parse(relevant[:, : used[cutoff]], totals, used[cutoff])
        values[f"precision_at_{cutoff}"] = first.precision()
        values[f"recall_at_{cutoff}"] = first.recall()
        values[f"ndcg_at_{cutoff}"] = first.ndcg()
    curves = whole.interpolated_precision(choice.levels)
    nearest_rows, nearest = ranked.nearest(max(used.values())).order, knn_labels(found[:, :1])
    return QueryValues(values, labels, curves, nearest_rows, nearest, voted, totals, used)


def _joined(blocks: list[QueryValues]) -> QueryValues:
    first = blocks[0]
    fields = ("labels", "curves", "nearest_rows", "nearest", "voted", "num_relevant")
    return QueryValues(
        values={name: np.concatenate([block.values[name] for block in blocks]) for name in first.values},
        used_cutoffs=first.used_cutoffs,
        **{name: np.concatenate([getattr(block, name) for block in blocks]) for name in fields},
    )


def _check_labels(labelled: LabelledVectors, name: str) -> Integers:
    labels = np.asarray(labelled.labels)
    if labels.dtype.kind not in "iu" or labels.shape != np.shape(labelled.vectors)[:1]:
        raise ValueError(
            f"labels of {name} are {labels.dtype} of shape {labels.shape}, expected integers of shape "
            f"{np.shape(labelled.vectors)[:1]}: number the classes from 0, -1 for no label"
        )
    return labels.astype(np.int64)


def _check_values(values: Floats) -> Floats:
    checked = np.asarray(values, dtype=np.float64)
    if checked.ndim != 1:
        raise ValueError(f"values has shape {checked.shape}, expected (queries,): pass one value a query")
    return checked
