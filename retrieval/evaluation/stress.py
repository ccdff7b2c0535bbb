"""The part of an evaluation that needs no classes: edited pictures, and edits that grow stronger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..progress import Progress
from .arrays import Floats
from .class_figures import ClassFigures
from .edited import EditedVectors, Editing, draw_sample, embed_edited
from .edited_examples import edited_examples
from .edits import EDITS, NOISE, OCCLUSION
from .figures import Measured
from .method import PIXEL_METHODS, Method, best_pixel_method
from .report import Example
from .robustness import (
    Curve,
    EditFigures,
    chance_reciprocal_ranks,
    class_curve,
    edit_figures,
    first_answers_right,
    pooled,
    reciprocal_ranks,
    self_curve,
    variants_of,
)
from .trial import Trial

CURVES = (NOISE, OCCLUSION)


@dataclass(frozen=True, slots=True, eq=False)
class Stress:
    """How each method fared with edited pictures; all empty where none were edited.

    `ranks`: by method, one divided by the rank of the original, (pictures, edits).
    """

    trial: Trial
    methods: Mapping[str, Method]
    edited: EditedVectors | None
    ranks: Mapping[str, Floats]
    curves: tuple[Curve, ...]

    @classmethod
    def apply(
        cls,
        trial: Trial,
        methods: Sequence[Method],
        *,
        sample: int,
        classes: ClassFigures,
        progress: Progress,
    ) -> Stress:
        """Edit a sample of the pictures in every way, and see what they find."""
        database = trial.database
        if sample < 1 or len(database) < 2:
            return cls(trial, {}, None, {}, ())
        rows = draw_sample(database, np.arange(len(database)), sample, seed=trial.seed)
        editing = Editing(variants_of(EDITS), seed=trial.seed)
        edited = embed_edited(database, rows, methods, editing, progress=progress)
        with progress.step("find originals", len(methods)) as step:
            ranks = {}
            for method in methods:
                ranks[method.name] = reciprocal_ranks(database, edited, method, seed=trial.seed)
                step.advance()
        curves = _curves(trial, _shown(methods, classes, ranks), sample, classes, progress)
        return cls(trial, {method.name: method for method in methods}, edited, ranks, curves)

    def measured(self, name: str) -> Measured:
        """The values of one method over all edits; without edits, none."""
        return pooled(self.edited, self.ranks[name]) if self.edited is not None else Measured()

    def chance(self) -> Measured:
        """What guessing would give."""
        if self.edited is None:
            return Measured()
        first, mean = chance_reciprocal_ranks(len(self.trial.database))
        groups = np.arange(len(self.edited.rows))
        expected = {"self_recall_at_1": first, "self_mrr": mean}
        return Measured(
            self_values={name: np.full(len(groups), value) for name, value in expected.items()}, groups=groups
        )

    def examples(self) -> dict[str, tuple[Example, ...]]:
        """Edited pictures where latent search wins most over pixel search, loses most, and at random."""
        if self.edited is None:
            return {}
        return edited_examples(
            self.trial.database, self.edited, self.ranks, self.methods, seed=self.trial.seed
        )

    def edits(self) -> tuple[EditFigures, ...]:
        """Recall at 1 and mean reciprocal rank, edit by edit."""
        return edit_figures(self.edited, self.ranks, seed=self.trial.seed) if self.edited is not None else ()


def _shown(methods: Sequence[Method], classes: ClassFigures, ranks: Mapping[str, Floats]) -> list[Method]:
    """The methods whose curves are worth their time: of the pixel methods L2 and the best."""
    qualities = classes.means() or {name: float(values.mean()) for name, values in ranks.items()}
    pixels = {"pixel", best_pixel_method(qualities)}
    return [method for method in methods if method.name not in PIXEL_METHODS or method.name in pixels]


def _curves(
    trial: Trial, methods: Sequence[Method], sample: int, classes: ClassFigures, progress: Progress
) -> tuple[Curve, ...]:
    """Quality against strength: precision at 1 where there are classes, else finding the original first."""
    by_class = len(classes.answerable) > 0
    pictures, rows = trial.database, np.arange(len(trial.database))
    if by_class:
        pictures, rows = trial.queries, classes.answerable
    drawn = draw_sample(pictures, rows, sample, seed=trial.seed)
    editing = Editing(variants_of(CURVES), square=methods[0].encoder.size, seed=trial.seed)
    edited = embed_edited(pictures, drawn, methods, editing, progress=progress, step_name="noise, occlusion")
    values = {}
    with progress.step("search by strength", len(methods)) as step:
        for method in methods:
            if by_class:
                values[method.name] = first_answers_right(trial, edited, method)
            else:
                values[method.name] = reciprocal_ranks(pictures, edited, method, seed=trial.seed)
            step.advance()
    return tuple(_by_edit(values, class_curve if by_class else self_curve, trial.seed))


def _by_edit(values: Mapping[str, Floats], curve: Callable[..., Curve], seed: int) -> Iterator[Curve]:
    start = 0
    for edit in CURVES:
        part = slice(start, start + len(edit.strengths))
        yield curve(edit, values, part, seed=seed)
        start = part.stop
