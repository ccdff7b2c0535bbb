"""From values of queries to the figures of a method: means with intervals, over queries and over classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .arrays import Floats, Integers
from .intervals import Interval, Verdict, bootstrap, paired_difference, verdict
from .query_values import mean_over_classes

UNKNOWN = Interval(float("nan"), float("nan"), float("nan"))

QUALITY = (
    "precision_at_1",
    "precision_at_5",
    "precision_at_10",
    "recall_at_1",
    "recall_at_5",
    "recall_at_10",
    "map",
    "mrr",
    "ndcg",
    "ndcg_at_10",
    "knn_accuracy",
)
COMPARED = ("precision_at_1", "precision_at_5", "precision_at_10", "map", "ndcg", "knn_accuracy")
SELF_QUALITY = ("self_recall_at_1", "self_mrr")


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Everything that was measured of one method, a value a query.

    `values`: by metric, `(q,)`; empty where there are no classes. `labels (q,)`: the queries' classes.
    `self_values`: recall at 1 and reciprocal rank of edited pictures, `(pictures · edits,)`; `groups`: which
    picture each belongs to. `curve`: mean interpolated precision at equal steps of recall.
    """

    values: Mapping[str, Floats] = field(default_factory=dict)
    labels: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    curve: tuple[float, ...] = ()
    self_values: Mapping[str, Floats] = field(default_factory=dict)
    groups: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def intervals(self, seed: int) -> dict[str, Interval]:
        """The mean over queries of every metric with its interval; unknown ones are NaN."""
        figures = dict.fromkeys((*QUALITY, *SELF_QUALITY), UNKNOWN)
        figures |= {name: bootstrap(self.values[name], seed=seed) for name in QUALITY if name in self.values}
        figures |= {
            name: bootstrap(values, seed=seed, groups=self.groups)
            for name, values in self.self_values.items()
        }
        return figures

    def macro(self) -> dict[str, float]:
        """The mean over classes of the mean of every metric within the class."""
        return {
            name: mean_over_classes(self.values[name], self.labels).value
            for name in QUALITY
            if name in self.values
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """One method minus another, metric by metric, and what that allows to say."""

    figures: Mapping[str, Interval]

    @classmethod
    def between(cls, first: Measured, second: Measured, seed: int) -> Difference:
        """Paired, query by query; for edited pictures the picture is the unit that is drawn again."""
        figures = dict.fromkeys((*COMPARED, *SELF_QUALITY), UNKNOWN)
        figures |= {
            name: paired_difference(first.values[name], second.values[name], seed=seed)
            for name in COMPARED
            if name in first.values and name in second.values
        }
        figures |= {
            name: paired_difference(values, second.self_values[name], seed=seed, groups=first.groups)
            for name, values in first.self_values.items()
            if name in second.self_values
        }
        return cls(figures)

    def verdict(self, name: str) -> Verdict:
        """Better, worse, or no difference that these pictures can show, by the metric `name`."""
        return verdict(self.figures[name])
