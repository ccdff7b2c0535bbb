"""Does an edited picture find its original, and how does quality fall with stronger edits?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..progress import Progress
from .arrays import Floats
from .dataset import Dataset
from .distances import Exclusion
from .edits import EDITS, NOISE, OCCLUSION, EditedVectors, Editing, draw_sample, embed_edited, variants_of
from .exact_search import nearest_rows, rank_blocks, self_retrieval
from .intervals import Interval, bootstrap_each
from .method import PIXEL_METHODS, Method, best_pixel_method
from .scores import ANSWERS, EXAMPLES, Answer, ClassScores, Example
from .task import RetrievalTask, content_numbers

CURVES = (NOISE, OCCLUSION)
MOST_OF_AN_EDIT = 2


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


@dataclass(frozen=True, slots=True, eq=False)
class Robustness:
    """What each method finds with edited pictures; empty where none were edited.

    `values`: by method and metric, (pictures, edits). `chance`: the same for guessing, (pictures, 1).
    `examples`: as those of `ClassScores`, which take precedence.
    """

    num_edited: int = 0
    values: Mapping[str, Mapping[str, Floats]] = field(default_factory=dict)
    chance: Mapping[str, Floats] = field(default_factory=dict)
    figures: tuple[EditFigures, ...] = ()
    curves: tuple[Curve, ...] = ()
    examples: Mapping[str, tuple[Example, ...]] = field(default_factory=dict)

    @classmethod
    def measure(
        cls, classes: ClassScores, methods: Sequence[Method], *, sample: int, progress: Progress
    ) -> Robustness:
        """Edit a sample of `sample` pictures in every way, and search with them."""
        task, database = classes.task, classes.task.database
        if sample < 1 or len(database) < 2:
            return cls()
        rows = draw_sample(database, np.arange(len(database)), sample, seed=task.seed)
        editing = Editing(variants_of(EDITS), seed=task.seed)
        edited = embed_edited(database, rows, methods, editing, progress=progress)
        ranks = {}
        with progress.step("find originals", len(methods)) as step:
            for method in methods:
                ranks[method.name] = reciprocal_ranks(database, edited, method, seed=task.seed)
                step.advance()
        curves = _measure_curves(classes, _shown(methods, classes, ranks), sample, progress)
        with progress.step("draw intervals"):
            figures = edit_figures(edited, ranks, seed=task.seed)
        by_name = {method.name: method for method in methods}
        first, mean = chance_of_rank(len(database))
        return cls(
            num_edited=len(rows),
            values={name: self_values(each) for name, each in ranks.items()},
            chance={
                "self_recall_at_1": np.full((len(rows), 1), first),
                "self_mrr": np.full((len(rows), 1), mean),
            },
            figures=figures,
            curves=curves,
            examples={}
            if classes.values
            else edited_examples(database, edited, ranks, by_name, seed=task.seed),
        )


def reciprocal_ranks(database: Dataset, edited: EditedVectors, method: Method, *, seed: int = 0) -> Floats:
    """One divided by the rank at which each edited picture finds its original: (pictures, variants).

    Other pictures that look like the original to every method, such as copies of its file or the same picture
    in another format, do not answer: to find one of them is as good.
    """
    found = self_retrieval(
        edited.flat(method.name),
        database.vectors[method.name],
        targets=edited.repeated_rows,
        metric=method.metric,
        exclude=_equal_ones(database, edited),
        tie_seed=seed,
    )
    return found.reciprocal_ranks().reshape(len(edited.rows), len(edited.variants))


def _equal_ones(database: Dataset, edited: EditedVectors) -> Exclusion:
    # A negative id matches no query: that of the rows that are to be found.
    numbers = content_numbers(database.looks)
    ids = numbers.copy()
    ids[edited.rows] = -1
    return Exclusion(numbers[edited.repeated_rows], ids)


def chance_of_rank(num_rows: int) -> tuple[float, float]:
    """Expected recall at 1 and reciprocal rank of a guess among `num_rows` pictures."""
    return 1.0 / num_rows, float(np.sum(1.0 / np.arange(1, num_rows + 1)) / num_rows)


def self_values(ranks: Floats) -> dict[str, Floats]:
    """The metrics that need no classes, from `reciprocal_ranks`: (pictures, variants) each."""
    return {"self_recall_at_1": (ranks == 1.0).astype(np.float64), "self_mrr": ranks}


def edit_figures(
    edited: EditedVectors, ranks: Mapping[str, Floats], *, seed: int = 0
) -> tuple[EditFigures, ...]:
    """Recall at 1 and mean reciprocal rank of every variant; `ranks`: by method, as `reciprocal_ranks`."""
    found = {name: _intervals(self_values(each)["self_recall_at_1"], seed) for name, each in ranks.items()}
    means = {name: _intervals(each, seed) for name, each in ranks.items()}
    return tuple(
        EditFigures(
            edit.name,
            strength,
            edit.label(strength),
            {name: found[name][place] for name in ranks},
            {name: means[name][place] for name in ranks},
        )
        for place, (edit, strength) in enumerate(edited.variants)
    )


def _intervals(values: Floats, seed: int) -> tuple[Interval, ...]:
    return bootstrap_each(list(values.T), seed=seed)


def _shown(methods: Sequence[Method], classes: ClassScores, ranks: Mapping[str, Floats]) -> list[Method]:
    """The methods whose curves are worth their time: of the pixel methods L2 and the best."""
    qualities = {name: values.micro("map").value for name, values in classes.values.items()}
    best = best_pixel_method(qualities or {name: float(values.mean()) for name, values in ranks.items()})
    return [
        method for method in methods if method.name not in PIXEL_METHODS or method.name in {"pixel", best}
    ]


def _measure_curves(
    classes: ClassScores, methods: Sequence[Method], sample: int, progress: Progress
) -> tuple[Curve, ...]:
    """Quality against strength: precision at 1 where there are classes, else finding the original first."""
    task = classes.task
    pictures, rows = task.database, np.arange(len(task.database))
    if classes.values:
        pictures, rows = task.queries, classes.answerable
    drawn = draw_sample(pictures, rows, sample, seed=task.seed)
    editing = Editing(variants_of(CURVES), square=methods[0].encoder.size, seed=task.seed)
    edited = embed_edited(pictures, drawn, methods, editing, progress=progress, step_name="noise, occlusion")
    values = {}
    with progress.step("search by strength", len(methods)) as step:
        for method in methods:
            if classes.values:
                values[method.name] = first_answers_right(task, edited, method)
            else:
                ranks = reciprocal_ranks(pictures, edited, method, seed=task.seed)
                values[method.name] = self_values(ranks)["self_recall_at_1"]
            step.advance()
    quality = "precision_at_1" if classes.values else "self_recall_at_1"
    return curves_of(edited, values, quality=quality, seed=task.seed)


def curves_of(
    edited: EditedVectors, values: Mapping[str, Floats], *, quality: str, seed: int = 0
) -> tuple[Curve, ...]:
    """The mean of `values`, by method (pictures, variants), at each strength of each edit."""
    points = {name: _intervals(each, seed) for name, each in values.items()}
    places: dict[str, list[int]] = {}
    for place, (edit, _) in enumerate(edited.variants):
        places.setdefault(edit.name, []).append(place)
    return tuple(
        Curve(
            edit,
            quality,
            tuple(edited.variants[place][1] for place in chosen),
            {name: tuple(each[place] for place in chosen) for name, each in points.items()},
        )
        for edit, chosen in places.items()
    )


def first_answers_right(task: RetrievalTask, edited: EditedVectors, method: Method) -> Floats:
    """Whether the first answer to each edited query is of its class: (pictures, variants).

    The original is left out as it is for the unedited query.
    """
    repeated, exclusion = edited.repeated_rows, task.exclusion
    nearest = nearest_rows(
        edited.flat(method.name),
        task.database.vectors[method.name],
        metric=method.metric,
        exclude=Exclusion(exclusion.query_ids[repeated], exclusion.database_ids),
        tie_seed=task.seed,
    )
    found = np.append(task.labels(task.database), -1)[nearest]
    right: Floats = (found == task.labels(task.queries)[repeated]).astype(np.float64)
    return right.reshape(len(edited.rows), len(edited.variants))


def edited_examples(
    database: Dataset,
    edited: EditedVectors,
    ranks: Mapping[str, Floats],
    methods: Mapping[str, Method],
    *,
    seed: int = 0,
) -> dict[str, tuple[Example, ...]]:
    """Examples by kind, "wins", "losses" and "random"; a picture comes once in a kind, an edit twice.

    `ranks` by method, as `reciprocal_ranks`; `methods` are those named "latent" and "pixel".
    """
    gains = ranks["latent"] - ranks["pixel"]
    kinds = {
        "wins": _varied(np.where(gains > 0, gains, -np.inf)),
        "losses": _varied(np.where(gains < 0, -gains, -np.inf)),
        "random": _varied(np.random.default_rng(seed).random(gains.shape)),
    }
    cells = sorted({cell for chosen in kinds.values() for cell in chosen})
    latent, pixel = (_answers(database, edited, cells, methods[name]) for name in ("latent", "pixel"))

    def example(cell: tuple[int, int]) -> Example:
        row, (edit, strength) = int(edited.rows[cell[0]]), edited.variants[cell[1]]
        shown = (database.paths[row], database.labels[row], float(gains[cell]), latent[cell], pixel[cell])
        return Example(*shown, edit.name, strength, edit.label(strength))

    return {kind: tuple(map(example, chosen)) for kind, chosen in kinds.items()}


def _varied(scores: Floats) -> list[tuple[int, int]]:
    """The cells (picture, variant) with the highest scores, for each picture its best, without -inf."""
    best = scores.argmax(axis=1)
    top = scores[np.arange(len(scores)), best]
    cells: list[tuple[int, int]] = []
    for picture in np.argsort(-top, kind="stable").tolist():
        variant = int(best[picture])
        enough = sum(chosen == variant for _, chosen in cells) == MOST_OF_AN_EDIT
        if np.isfinite(top[picture]) and not enough and len(cells) < EXAMPLES:
            cells.append((picture, variant))
    return cells


def _answers(
    database: Dataset, edited: EditedVectors, cells: Sequence[tuple[int, int]], method: Method
) -> dict[tuple[int, int], tuple[Answer, ...]]:
    """The nearest pictures of each cell (picture, variant)."""
    places = [picture * len(edited.variants) + variant for picture, variant in cells]
    blocks = rank_blocks(
        edited.flat(method.name)[places], database.vectors[method.name], metric=method.metric, tie_seed=0
    )
    nearest = np.concatenate([ranked.order[:, :ANSWERS] for ranked in blocks])
    return {
        cell: tuple(
            Answer(database.paths[row], database.labels[row], row == int(edited.rows[cell[0]]))
            for row in rows.tolist()
        )
        for cell, rows in zip(cells, nearest, strict=True)
    }
