"""The part of an evaluation that needs no classes: edited pictures, and edits that grow stronger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..progress import Progress
from .arrays import Floats
from .edited import EditedVectors, Editing, draw_sample, embed_edited
from .edited_examples import edited_examples
from .edits import EDITS, NOISE, OCCLUSION
from .figures import Measured
from .method import Method
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
        cls, trial: Trial, methods: Sequence[Method], *, sample: int, by_class: bool, progress: Progress
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
        curves = _curves(trial, methods, sample=sample, by_class=by_class, progress=progress)
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


def _curves(
    trial: Trial, methods: Sequence[Method], *, sample: int, by_class: bool, progress: Progress
) -> tuple[Curve, ...]:
    """Quality against strength: precision at 1 where there are classes, else finding the original first."""
    pictures = trial.queries if by_class else trial.database
    rows = draw_sample(pictures, np.arange(len(pictures)), sample, seed=trial.seed)
    square = methods[0].encoder.size
    editing = Editing(variants_of(CURVES), square=square, seed=trial.seed)
    edited = embed_edited(pictures, rows, methods, editing, progress=progress, step_name="noise, occlusion")
    curves, start = [], 0
    with progress.step("search by strength"):
        values = {
            method.name: first_answers_right(trial, edited, method)
            if by_class
            else reciprocal_ranks(pictures, edited, method, seed=trial.seed)
            for method in methods
        }
    for edit in CURVES:
        part = slice(start, start + len(edit.strengths))
        curve = class_curve if by_class else self_curve
        curves.append(curve(edit, values, part, seed=trial.seed))
        start = part.stop
    return tuple(curves)
