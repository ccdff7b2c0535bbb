"""Do the nearest pictures have the query's class? Asked of every method, for every query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..progress import Progress
from .arrays import Integers
from .chance import chance_values, chance_votes
from .class_metrics import confusion_matrix
from .figures import Measured
from .method import Method
from .report import Answer, Example
from .query_values import MetricChoice, QueryValues
from .trial import Trial

CURVE_LEVELS = 21
EXAMPLES = 6
ANSWERS = 7


@dataclass(frozen=True, slots=True, eq=False)
class ClassFigures:
    """What was measured by class: `values` by method, empty where the pictures have no two classes."""

    trial: Trial
    choice: MetricChoice
    values: Mapping[str, QueryValues]

    @classmethod
    def measure(
        cls, trial: Trial, methods: Sequence[Method], *, neighbours: int, progress: Progress
    ) -> ClassFigures:
        """Rank the whole database for every query by every method."""
        choice = MetricChoice(neighbours=neighbours, levels=CURVE_LEVELS)
        if not has_classes(trial):
            return cls(trial, choice, {})
        values = {}
        with progress.step("search by class", len(methods)) as step:
            for method in methods:
                values[method.name] = trial.measure(method.name, method.metric, choice)
                step.advance()
        return cls(trial, choice, values)

    @property
    def known(self) -> bool:
        """Whether there was anything to measure by class."""
        return bool(self.values)

    @property
    def answerable(self) -> Integers:
        """The queries for which there is something to find."""
        if not self.known:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(self.values["latent"].num_relevant)

    def means(self) -> dict[str, float]:
        """The mAP of each method."""
        return {name: values.micro("map").value for name, values in self.values.items()}

    def measured(self, name: str) -> Measured:
        """The values of one method; without classes, none."""
        if not self.known:
            return Measured()
        values = self.values[name]
        curves = values.curves[self.answerable]
        curve = curves.mean(axis=0).tolist() if len(curves) else ()
        return Measured(values.values, values.labels, tuple(curve))

    def chance(self, seed: int) -> Measured:
        """What guessing would give: expected values, and the share of right answers as its flat curve."""
        if not self.known:
            return Measured()
        latent, trial = self.values["latent"], self.trial
        answers = len(trial.database) - trial.exclusion.counts()
        values = chance_values(latent.num_relevant, answers, self.choice)
        values["knn_accuracy"] = chance_votes(
            latent.labels,
            trial.labels(trial.database),
            latent.num_relevant,
            neighbours=self.choice.neighbours,
            seed=seed,
        )
        shares = values["precision_at_1"][self.answerable]
        curve = (float(shares.mean()),) * CURVE_LEVELS if len(shares) else ()
        return Measured(values, latent.labels, curve)

    def confusion(self, name: str) -> Integers:
        """Class of the query × class of its nearest answer: (classes, classes)."""
        values = self.values[name]
        return confusion_matrix(values.labels, values.nearest, num_classes=len(self.trial.classes))

    def examples(self, seed: int) -> dict[str, tuple[Example, ...]]:
        """Queries where latent search wins most over pixel search, where it loses most, and at random."""
        if not self.known:
            return {}
        gains = self.values["latent"].values["map"] - self.values["pixel"].values["map"]
        counted = np.flatnonzero(~np.isnan(gains))
        order = counted[np.argsort(-gains[counted], kind="stable")]
        drawn = np.random.default_rng(seed).permutation(counted)[:EXAMPLES]
        wins, losses = order[gains[order] > 0][:EXAMPLES], order[gains[order] < 0][::-1][:EXAMPLES]
        return {
            kind: tuple(self._example(int(query), float(gains[query])) for query in queries)
            for kind, queries in (("wins", wins), ("losses", losses), ("random", drawn))
        }

    def _example(self, query: int, gain: float) -> Example:
        queries = self.trial.queries
        latent, pixel = (self._answers(query, name) for name in ("latent", "pixel"))
        return Example(queries.paths[query], queries.labels[query], gain, latent, pixel)

    def _answers(self, query: int, name: str) -> tuple[Answer, ...]:
        database, label = self.trial.database, self.trial.queries.labels[query]
        rows = self.values[name].nearest_rows[query]
        return tuple(
            Answer(database.paths[row], database.labels[row], database.labels[row] == label)
            for row in rows[rows >= 0][:ANSWERS].tolist()
        )


def has_classes(trial: Trial) -> bool:
    """Whether there are queries with a class, and two classes or more to tell apart."""
    return len(trial.classes) >= 2 and len(trial.queries) > 0 and len(trial.database) > 1
