"""Who is asked what: queries, the database that answers, and what may not answer a query."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from .arrays import Integers
from .collection import Collection
from .distances import DistanceMetric, Exclusion
from .query_values import LabelledVectors, MetricChoice, QueryValues, measure_ranking


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Queries against a database, the same for every method.

    `own_rows (q,)`: the row of the database that is the query's own file, -1 for none; it never answers.
    `classes`: names of the classes of both sides, sorted; a class's number is its place.
    `without_copies`: files of equal content do not answer each other either. `unasked`: how many of the
    folder of queries have no class, so that nothing can be asked with them.
    """

    database: Collection
    queries: Collection
    own_rows: Integers
    classes: tuple[str, ...]
    without_copies: bool = False
    seed: int = 0
    unasked: int = 0

    @classmethod
    def leave_one_out(cls, pictures: Collection, *, without_copies: bool = False, seed: int = 0) -> Trial:
        """Every picture that has a class is asked against all others."""
        rows = np.array([row for row, label in enumerate(pictures.labels) if label is not None], np.int64)
        queries = pictures.take(rows)
        return cls(pictures, queries, rows, _classes(pictures), without_copies, seed)

    @classmethod
    def with_queries(
        cls, database: Collection, queries: Collection, *, without_copies: bool = False, seed: int = 0
    ) -> Trial:
        """Every picture of `queries` that has a class is asked against `database`.

        A query that is a file of the database, by whatever path, does not find itself.
        """
        labelled = [row for row, label in enumerate(queries.labels) if label is not None]
        asked = queries.take(np.array(labelled, dtype=np.int64))
        rows = {os.path.realpath(database.folder / path): row for row, path in enumerate(database.paths)}
        real_paths = [os.path.realpath(asked.folder / path) for path in asked.paths]
        own_rows = np.array([rows.get(path, -1) for path in real_paths], dtype=np.int64)
        unasked = len(queries) - len(asked)
        return cls(database, asked, own_rows, _classes(database, asked), without_copies, seed, unasked)

    @property
    def exclusion(self) -> Exclusion:
        """Which rows of the database may not answer which query."""
        if not self.without_copies:
            return Exclusion(self.own_rows, np.arange(len(self.database)))
        numbers = content_numbers(self.queries.contents + self.database.contents)
        return Exclusion(numbers[: len(self.queries)], numbers[len(self.queries) :])

    def labels(self, pictures: Collection) -> Integers:
        """The class numbers (n,) of one side, -1 for pictures without a class."""
        numbers = {name: number for number, name in enumerate(self.classes)}
        return np.array([numbers.get(str(label), -1) for label in pictures.labels], dtype=np.int64)

    def measure(self, name: str, metric: DistanceMetric, choice: MetricChoice) -> QueryValues:
        """Every metric's value for every query, searched with the vectors of method `name`."""
        sides = [
            LabelledVectors(pictures.floats(name), self.labels(pictures))
            for pictures in (self.queries, self.database)
        ]
        return measure_ranking(
            *sides, metric=metric, exclude=self.exclusion, tie_seed=self.seed, choice=choice
        )


def content_numbers(contents: tuple[str, ...]) -> Integers:
    """A number for each file, equal if and only if the contents are.

    Example:
        >>> content_numbers(("aa", "bb", "aa")).tolist()
        [0, 1, 0]
    """
    if not contents:
        return np.zeros(0, dtype=np.int64)
    return np.unique(np.array(contents), return_inverse=True)[1].astype(np.int64)


def _classes(*sides: Collection) -> tuple[str, ...]:
    return tuple(sorted({label for side in sides for label in side.labels if label is not None}))
