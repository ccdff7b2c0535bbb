"""The retrieval task: queries, the database that answers, what may not answer a query, facts about both."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from .arrays import Integers
from .dataset import Dataset
from .distances import Exclusion
from .labels import Labelling
from .measures import DistanceMetric
from .query_values import LabelledVectors, MetricChoice, QueryValues, measure_ranking

NAMED = 10


@dataclass(frozen=True, slots=True, eq=False)
class RetrievalTask:
    """Queries against a database, the same for every method.

    `own_rows (q,)`: the row of the database that is the query's own file, -1 for none; it never answers.
    `classes`: names of the classes of both sides, sorted; a class's number is its place.
    `without_copies`: files of equal content do not answer each other either. `unlabelled_queries`: how many
    pictures of the folder of queries have no class, and so are no queries.
    """

    database: Dataset
    queries: Dataset
    own_rows: Integers
    classes: tuple[str, ...]
    without_copies: bool = False
    seed: int = 0
    unlabelled_queries: int = 0

    @classmethod
    def leave_one_out(
        cls, pictures: Dataset, *, without_copies: bool = False, seed: int = 0
    ) -> RetrievalTask:
        """Every picture that has a class is a query against all others."""
        rows = _labelled(pictures)
        return cls(pictures, pictures.take(rows), rows, _classes(pictures), without_copies, seed)

    @classmethod
    def with_queries(
        cls, database: Dataset, queries: Dataset, *, without_copies: bool = False, seed: int = 0
    ) -> RetrievalTask:
        """Every picture of `queries` that has a class is a query against `database`.

        A query that is a file of the database, by whatever path, does not find itself.
        """
        asked = queries.take(_labelled(queries))
        rows = {os.path.realpath(database.folder / path): row for row, path in enumerate(database.paths)}
        real_paths = [os.path.realpath(asked.folder / path) for path in asked.paths]
        own_rows = np.array([rows.get(path, -1) for path in real_paths], dtype=np.int64)
        unlabelled = len(queries) - len(asked)
        return cls(database, asked, own_rows, _classes(database, asked), without_copies, seed, unlabelled)

    @property
    def sides(self) -> tuple[Dataset, ...]:
        """The datasets that lie in different folders: the database, and the queries if they are elsewhere."""
        same = self.queries.folder == self.database.folder
        return (self.database,) if same else (self.database, self.queries)

    @property
    def exclusion(self) -> Exclusion:
        """Which rows of the database may not answer which query."""
        if not self.without_copies:
            return Exclusion(self.own_rows, np.arange(len(self.database)))
        numbers = content_numbers(self.queries.contents + self.database.contents)
        return Exclusion(numbers[: len(self.queries)], numbers[len(self.queries) :])

    @property
    def num_relevant(self) -> Integers:
        """How many right answers there are to each query: (q,)."""
        exclusion, rows = self.exclusion, self.labels(self.database).tolist()
        of_class = Counter(rows)
        left_out = Counter(zip(exclusion.database_ids.tolist(), rows, strict=True))
        asked = zip(exclusion.query_ids.tolist(), self.labels(self.queries).tolist(), strict=True)
        counts = [
            of_class[label] - (left_out[query_id, label] if query_id >= 0 else 0) for query_id, label in asked
        ]
        return np.array(counts, dtype=np.int64)

    @property
    def obstacle(self) -> str | None:
        """Why nothing can be measured by class, as half a sentence; None if something can.

        Example:
            >>> RetrievalTask.leave_one_out(thirty_classes_of_one_picture).obstacle  # doctest: +SKIP
            'no class has two pictures'
        """
        alone = len(self.sides) == 1
        if not len(self.queries):
            return "the pictures have no classes" if alone else "none of the queries has a class"
        if len(self.classes) < 2:
            return f"the pictures have only one class, {self.classes[0]}"
        if len(self.database) < 2:
            return "there is only one picture to be found"
        if np.any(self.num_relevant > 0):
            return None
        if not alone:
            return "no query has a class that the pictures have"
        return f"no class has two {'different ' if self.without_copies else ''}pictures"

    def labels(self, pictures: Dataset) -> Integers:
        """The class numbers (n,) of one side, -1 for pictures without a class."""
        numbers = {name: number for number, name in enumerate(self.classes)}
        return np.array([numbers.get(str(label), -1) for label in pictures.labels], dtype=np.int64)

    def measure(self, name: str, metric: DistanceMetric, choice: MetricChoice) -> QueryValues:
        """Every metric's value for every query, searched with the vectors of method `name`."""
        sides = [
            LabelledVectors(pictures.vectors[name], self.labels(pictures))
            for pictures in (self.queries, self.database)
        ]
        return measure_ranking(
            *sides, metric=metric, exclude=self.exclusion, tie_seed=self.seed, choice=choice
        )


@dataclass(frozen=True, slots=True)
class Duplicates:
    """How many files repeat the content of another.

    within: pictures of the database that repeat an earlier one. across: queries, themselves no file of the
    database, whose content is in it. pairs: the first few, as (path, path of the earlier one or of the one
    in the database).
    """

    within: int
    across: int
    pairs: tuple[tuple[str, str], ...]

    @property
    def count(self) -> int:
        """All of them."""
        return self.within + self.across

    @classmethod
    def of(cls, task: RetrievalTask) -> Duplicates:
        """Count them.

        Example:
            >>> Duplicates.of(task)  # doctest: +SKIP
            Duplicates(within=1, across=0, pairs=(('b.jpg', 'a.jpg'),))
        """
        pictures = list(zip(task.database.paths, task.database.contents, strict=True))
        others = np.flatnonzero(task.own_rows < 0).tolist()
        queries = [(task.queries.paths[row], task.queries.contents[row]) for row in others]
        first = {content: path for path, content in reversed(pictures)}
        within = [(path, first[content]) for path, content in pictures if first[content] != path]
        across = [(path, first[content]) for path, content in queries if content in first]
        return cls(len(within), len(across), tuple((within + across)[:NAMED]))


@dataclass(frozen=True, slots=True)
class CorpusFacts:
    """What was searched and asked.

    images: pictures searched. classes: of all pictures. queries: with something to find; where nothing can be
    measured by class (`obstacle`: why), the pictures that were edited. single_classes: those of which the
    database has one picture. fewest, most: pictures of the smallest and largest class. own_queries: queries
    that are files of the database. shared_names: folders of one name in several places. unmatched_labels:
    rows of the table of labels that name no file. fingerprint: SHA-256 over contents and classes of all
    pictures and queries, sorted: file names do not affect it.
    """

    images: int
    classes: int
    queries: int
    obstacle: str | None
    duplicates: Duplicates
    duplicates_excluded: bool
    unlabelled: int
    unreadable: tuple[tuple[str, str], ...]
    single_classes: tuple[str, ...]
    fewest: int
    most: int
    own_queries: int
    shared_names: tuple[str, ...]
    unmatched_labels: tuple[str, ...]
    fingerprint: str

    @classmethod
    def of(cls, task: RetrievalTask, labelling: Labelling, *, edited: int) -> CorpusFacts:
        """Gather them; `edited`: how many pictures were edited."""
        database, sides = task.database, task.sides
        sizes = Counter(label for label in database.labels if label is not None)
        files = {path for side in sides for path in (*side.paths, *(each.path for each in side.rejections))}
        return cls(
            images=len(database),
            classes=len(task.classes),
            queries=edited if task.obstacle else int(np.count_nonzero(task.num_relevant)),
            obstacle=task.obstacle,
            duplicates=Duplicates.of(task),
            duplicates_excluded=task.without_copies,
            unlabelled=database.labels.count(None) + task.unlabelled_queries,
            unreadable=tuple((each.path, each.reason) for side in sides for each in side.rejections),
            single_classes=tuple(name for name in task.classes if sizes[name] == 1),
            fewest=min(sizes.values(), default=0),
            most=max(sizes.values(), default=0),
            own_queries=int(np.count_nonzero(task.own_rows >= 0)),
            shared_names=_shared_names(database.paths),
            unmatched_labels=labelling.rows_without_picture(files),
            fingerprint=_fingerprint(task),
        )

    def to_json(self) -> dict[str, Any]:
        """The numbers by their names; `duplicates` is one number, its parts stand beside it."""
        return {
            **{name: getattr(self, name) for name in ("images", "classes", "queries")},
            "duplicates": self.duplicates.count,
            "duplicates_within": self.duplicates.within,
            "duplicates_across": self.duplicates.across,
            "duplicate_pairs": [list(pair) for pair in self.duplicates.pairs],
            "duplicates_excluded": self.duplicates_excluded,
            "unlabelled": self.unlabelled,
            "unreadable": [{"path": path, "reason": reason} for path, reason in self.unreadable],
            "unmatched_labels": {
                "count": len(self.unmatched_labels),
                "first": list(self.unmatched_labels[:NAMED]),
            },
            "classes_of_one_picture": list(self.single_classes),
            "pictures_of_smallest_class": self.fewest,
            "pictures_of_largest_class": self.most,
            "fingerprint": self.fingerprint,
        }


def content_numbers(contents: tuple[str, ...]) -> Integers:
    """A number for each file, equal if and only if the contents are.

    Example:
        >>> content_numbers(("aa", "bb", "aa")).tolist()
        [0, 1, 0]
    """
    if not contents:
        return np.zeros(0, dtype=np.int64)
    return np.unique(np.array(contents), return_inverse=True)[1].astype(np.int64)


def _labelled(pictures: Dataset) -> Integers:
    return np.array([row for row, label in enumerate(pictures.labels) if label is not None], dtype=np.int64)


def _classes(*sides: Dataset) -> tuple[str, ...]:
    return tuple(sorted({label for side in sides for label in side.labels if label is not None}))


def _shared_names(paths: tuple[str, ...]) -> tuple[str, ...]:
    parents: dict[str, set[PurePosixPath]] = defaultdict(set)
    for folder in {PurePosixPath(path).parent for path in paths}:
        parents[folder.name].add(folder)
    return tuple(sorted(name for name, folders in parents.items() if len(folders) > 1))


def _fingerprint(task: RetrievalTask) -> str:
    digest = hashlib.sha256()
    for side in (task.database, task.queries):
        lines = sorted(
            f"{content} {label}\n" for content, label in zip(side.contents, side.labels, strict=True)
        )
        digest.update("".join(lines).encode("utf-8", "surrogateescape") + b"--\n")
    return digest.hexdigest()
