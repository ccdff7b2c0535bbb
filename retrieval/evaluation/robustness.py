"""Does an edited picture still find its original, and how does quality fall as an edit grows stronger?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Floats, Integers
from .collection import Collection
from .distances import Exclusion
from .edited import EditedVectors
from .edits import Edit
from .exact_search import nearest_rows, self_retrieval
from .figures import Measured
from .intervals import Interval, bootstrap
from .method import Method
from .trial import Trial, content_numbers


@dataclass(frozen=True, slots=True)
class EditFigures:
    """How often and how early each method finds the originals of pictures edited in one way."""

    edit: str
    strength: float
    label: str
    recall_at_1: Mapping[str, Interval]
    mrr: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Curve:
    """Quality against the strength of an edit; `points`: by method, one interval for each strength."""

    edit: str
    quality: str
    strengths: tuple[float, ...]
    points: Mapping[str, tuple[Interval, ...]]


def reciprocal_ranks(database: Collection, edited: EditedVectors, method: Method, *, seed: int = 0) -> Floats:
    """One divided by the rank at which each edited picture finds its original: (pictures, variants).

    Other copies of the original's file do not answer.
    """
    repeated = np.repeat(edited.rows, len(edited.variants))
    found = self_retrieval(
        edited.floats(method.name),
        database.floats(method.name),
        targets=repeated,
        metric=method.metric,
        exclude=_other_copies(database, edited.rows, repeated),
        tie_seed=seed,
    )
    return found.reciprocal_ranks().reshape(len(edited.rows), len(edited.variants))


def _other_copies(database: Collection, rows: Integers, repeated: Integers) -> Exclusion:
    # A negative id matches no query: that of the rows that are to be found.
    numbers = content_numbers(database.contents)
    ids = numbers.copy()
    ids[rows] = -1
    return Exclusion(numbers[repeated], ids)


def chance_reciprocal_ranks(num_rows: int) -> tuple[float, float]:
    """Expected recall at 1 and reciprocal rank of a guess among `num_rows` pictures."""
    return 1.0 / num_rows, float(np.sum(1.0 / np.arange(1, num_rows + 1)) / num_rows)


def edit_figures(
    edited: EditedVectors, ranks: Mapping[str, Floats], *, seed: int = 0
) -> tuple[EditFigures, ...]:
    """Recall at 1 and mean reciprocal rank of every variant; `ranks`: by method, as `reciprocal_ranks`."""
    return tuple(
        EditFigures(
            edit.name,
            strength,
            edit.label(strength),
            {name: bootstrap((ranks[name][:, place] == 1.0).astype(float), seed=seed) for name in ranks},
            {name: bootstrap(ranks[name][:, place], seed=seed) for name in ranks},
        )
        for place, (edit, strength) in enumerate(edited.variants)
    )


def pooled(edited: EditedVectors, ranks: Floats) -> Measured:
    """The values of all variants together, to be summed up picture by picture."""
    values = ranks.reshape(-1)
    return Measured(
        self_values={"self_recall_at_1": (values == 1.0).astype(np.float64), "self_mrr": values},
        groups=np.repeat(np.arange(len(edited.rows)), len(edited.variants)),
    )


def self_curve(edit: Edit, ranks: Mapping[str, Floats], part: slice, *, seed: int = 0) -> Curve:
    """How often the original is found first, against the strength of `edit`, whose variants are `part`."""
    points = {
        name: _intervals((values[:, part] == 1.0).astype(np.float64), seed) for name, values in ranks.items()
    }
    return Curve(edit.name, "self_recall_at_1", edit.strengths, points)


def class_curve(edit: Edit, values: Mapping[str, Floats], part: slice, *, seed: int = 0) -> Curve:
    """Precision at 1 against the strength of `edit`; `values`: by method, as `first_answers_right`."""
    points = {name: _intervals(right[:, part], seed) for name, right in values.items()}
    return Curve(edit.name, "precision_at_1", edit.strengths, points)


def first_answers_right(trial: Trial, edited: EditedVectors, method: Method) -> Floats:
    """Whether the first answer to each edited query is of its class: (pictures, variants), as the trial asks.

    The original is left out as it is for the unedited query.
    """
    repeated = np.repeat(edited.rows, len(edited.variants))
    exclusion = trial.exclusion
    nearest = nearest_rows(
        edited.floats(method.name),
        trial.database.floats(method.name),
        metric=method.metric,
        exclude=Exclusion(exclusion.query_ids[repeated], exclusion.database_ids),
        tie_seed=trial.seed,
    )
    found = np.append(trial.labels(trial.database), -1)[nearest]
    right: Floats = (found == trial.labels(trial.queries)[repeated]).astype(np.float64)
    return right.reshape(len(edited.rows), len(edited.variants))


def _intervals(values: Floats, seed: int) -> tuple[Interval, ...]:
    return tuple(bootstrap(column, seed=seed) for column in values.T)


def variants_of(edits: Sequence[Edit]) -> tuple[tuple[Edit, float], ...]:
    """Every edit at every strength.

    Example:
        >>> from .edits import EDITS
        >>> [(edit.name, strength) for edit, strength in variants_of(EDITS[:1])]
        [('crop', 0.9), ('crop', 0.75), ('crop', 0.5)]
    """
    return tuple((edit, strength) for edit in edits for strength in edit.strengths)
