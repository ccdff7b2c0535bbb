"""What every query scored, by every metric: the names of the metrics, means, differences, scores by class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from ..progress import Progress
from .arrays import Floats, Integers
from .chance import chance_curve, chance_values, chance_votes
from .class_metrics import confusion_matrix
from .intervals import FEWEST_DIFFERENCES, Interval, Verdict, bootstrap_each, verdict
from .method import Method
from .query_values import MetricChoice, QueryValues, mean_over_classes
from .task import RetrievalTask


class MetricTitle(NamedTuple):
    """What a metric is called: `full` in a sentence, `short` over a column."""

    full: str
    short: str


METRICS = {
    "precision_at_1": MetricTitle("precision at 1", "P@1"),
    "precision_at_5": MetricTitle("precision at 5", "P@5"),
    "precision_at_10": MetricTitle("precision at 10", "P@10"),
    "recall_at_1": MetricTitle("recall at 1", "R@1"),
    "recall_at_5": MetricTitle("recall at 5", "R@5"),
    "recall_at_10": MetricTitle("recall at 10", "R@10"),
    "map": MetricTitle("mAP", "mAP"),
    "mrr": MetricTitle("mean reciprocal rank", "MRR"),
    "ndcg": MetricTitle("nDCG", "nDCG"),
    "ndcg_at_10": MetricTitle("nDCG at 10", "nDCG@10"),
    "knn_accuracy": MetricTitle("k-NN accuracy", "k-NN"),
    "self_recall_at_1": MetricTitle("finding an edited picture's original first", "edited, found first"),
    "self_mrr": MetricTitle("the reciprocal rank of an edited picture's original", "edited, MRR"),
}
"""Every metric of a report by its key. Those that begin with "self_" need no classes."""


def is_of_edits(metric: str) -> bool:
    """Whether `metric` tells how well edited pictures find their originals, and needs no classes."""
    return metric.startswith("self_")


BY_CLASS = tuple(name for name in METRICS if not is_of_edits(name))
COMPARED = (
    *("precision_at_1", "precision_at_5", "precision_at_10", "map", "ndcg", "knn_accuracy"),
    *("self_recall_at_1", "self_mrr"),
)
UNKNOWN = Interval(float("nan"), float("nan"), float("nan"))

CURVE_LEVELS = 21
EXAMPLES = 6
ANSWERS = 7


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The scores of one method.

    `values` by metric, of those that were measured: `(q,)`, or `(pictures, edits)` for edited pictures.
    `labels (q,)`: the queries' classes. `curve`: mean interpolated precision at equal steps of recall.
    """

    values: Mapping[str, Floats] = field(default_factory=dict)
    labels: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    curve: tuple[float, ...] = ()

    def with_values(self, values: Mapping[str, Floats]) -> Scores:
        """The same with more metrics."""
        return replace(self, values={**self.values, **values})

    def means(self, seed: int) -> dict[str, Interval]:
        """The mean over queries of every metric with its interval; NaN for what was not measured."""
        return _intervals({name: self.values[name] for name in METRICS if name in self.values}, METRICS, seed)

    def class_means(self) -> dict[str, float]:
        """The mean over classes of the mean of every metric within the class."""
        return {
            name: mean_over_classes(self.values[name], self.labels).value
            for name in BY_CLASS
            if name in self.values
        }

    def minus(self, other: Scores, seed: int) -> Difference:
        """The paired difference to another method, query by query."""
        both = [name for name in COMPARED if name in self.values and name in other.values]
        gains = {name: self.values[name] - other.values[name] for name in both}
        return Difference(_intervals(gains, COMPARED, seed, fewest=FEWEST_DIFFERENCES))


@dataclass(frozen=True, slots=True)
class Difference:
    """One method minus another, metric by metric, and what that allows to say."""

    figures: Mapping[str, Interval]

    def verdict(self, name: str) -> Verdict:
        """Better, worse, or no difference that these pictures can show, by the metric `name`."""
        return verdict(self.figures[name])


def _intervals(
    values: Mapping[str, Floats], names: Iterable[str], seed: int, *, fewest: int = 2
) -> dict[str, Interval]:
    """The mean of each of the values with its interval, in the order of `names`; NaN for those not there.

    Of values (pictures, edits), a picture with all its edits is drawn as one.
    """
    found: dict[str, Interval] = {}
    for shape in {each.shape for each in values.values()}:
        alike = {name: each.reshape(-1) for name, each in values.items() if each.shape == shape}
        groups = np.repeat(np.arange(shape[0]), shape[1]) if len(shape) == 2 else None
        drawn = bootstrap_each(list(alike.values()), seed=seed, groups=groups, fewest=fewest)
        found |= zip(alike, drawn, strict=True)
    return {name: found.get(name, UNKNOWN) for name in names}


@dataclass(frozen=True, slots=True)
class Answer:
    """A picture among the answers: its path in the folder searched, its class, whether it is right."""

    path: str
    label: str | None
    right: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A query with the nearest answers of latent and pixel search.

    `gain`: average precision, latent minus pixel. For a picture edited by `edit` at `strength`, difference of
    the reciprocal ranks of its original, which is then the only right answer.
    """

    path: str
    label: str | None
    gain: float
    latent: tuple[Answer, ...]
    pixel: tuple[Answer, ...]
    edit: str = ""
    strength: float = 0.0
    edit_label: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ClassScores:
    """Do the nearest pictures have the query's class? `values` by method, empty if there are no classes."""

    task: RetrievalTask
    choice: MetricChoice
    values: Mapping[str, QueryValues]

    @classmethod
    def measure(
        cls, task: RetrievalTask, methods: Sequence[Method], *, neighbours: int, progress: Progress
    ) -> ClassScores:
        """Rank the whole database for every query by every method."""
        choice = MetricChoice(neighbours=neighbours, levels=CURVE_LEVELS)
        values: dict[str, QueryValues] = {}
        if task.obstacle is None:
            with progress.step("search by class", len(methods)) as step:
                for method in methods:
                    values[method.name] = task.measure(method.name, method.metric, choice)
                    step.advance()
        return cls(task, choice, values)

    @property
    def answerable(self) -> Integers:
        """The queries for which there is something to find."""
        if not self.values:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(self.values["latent"].num_relevant)

    @property
    def lowered_cutoffs(self) -> dict[int, int]:
        """The cut-offs that are larger than the longest ranking, and those used instead."""
        used = self.values["latent"].used_cutoffs if self.values else {}
        return {asked: lower for asked, lower in used.items() if lower < asked}

    def scores(self, name: str) -> Scores:
        """The scores of one method."""
        if not self.values:
            return Scores()
        measured = self.values[name]
        curve = measured.curves[self.answerable].mean(axis=0).tolist()
        return Scores(measured.values, measured.labels, tuple(curve))

    def chance(self) -> Scores:
        """What guessing would give: expected values, and the curve of rankings at random."""
        if not self.values:
            return Scores()
        latent, task = self.values["latent"], self.task
        num_answers = len(task.database) - task.exclusion.counts()
        values = chance_values(latent.num_relevant, num_answers, self.choice)
        values["knn_accuracy"] = chance_votes(
            latent.labels,
            task.labels(task.database),
            latent.num_relevant,
            neighbours=self.choice.neighbours,
            seed=task.seed,
        )
        curve = chance_curve(
            latent.num_relevant[self.answerable],
            num_answers[self.answerable],
            levels=CURVE_LEVELS,
            seed=task.seed,
        )
        return Scores(values, latent.labels, tuple(curve.tolist()))

    def confusion(self) -> dict[str, Integers]:
        """By method, class of the query × class of its nearest answer: (classes, classes)."""
        return {
            name: confusion_matrix(measured.labels, measured.nearest, num_classes=len(self.task.classes))
            for name, measured in self.values.items()
            if name in {"latent", "pixel"}
        }

    def examples(self) -> dict[str, tuple[Example, ...]]:
        """Queries where latent search wins most over pixel search, where it loses most, and at random."""
        if not self.values:
            return {}
        gains = self.values["latent"].values["map"] - self.values["pixel"].values["map"]
        counted = np.flatnonzero(~np.isnan(gains))
        order = counted[np.argsort(-gains[counted], kind="stable")]
        drawn = np.random.default_rng(self.task.seed).permutation(counted)
        chosen = {"wins": order[gains[order] > 0], "losses": order[gains[order] < 0][::-1], "random": drawn}
        return {
            kind: tuple(self._example(query, float(gains[query])) for query in queries[:EXAMPLES].tolist())
            for kind, queries in chosen.items()
        }

    def _example(self, query: int, gain: float) -> Example:
        queries = self.task.queries
        latent, pixel = (self._answers(query, name) for name in ("latent", "pixel"))
        return Example(queries.paths[query], queries.labels[query], gain, latent, pixel)

    def _answers(self, query: int, name: str) -> tuple[Answer, ...]:
        database, label = self.task.database, self.task.queries.labels[query]
        rows = self.values[name].nearest_rows[query]
        return tuple(
            Answer(database.paths[row], database.labels[row], database.labels[row] == label)
            for row in rows[rows >= 0][:ANSWERS].tolist()
        )
