"""Edited pictures to look at: where latent search finds the original and pixel search does not, and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .arrays import Floats, Integers
from .collection import Collection
from .edited import EditedVectors
from .exact_search import rank_blocks
from .method import Method
from .report import Answer, Example

EXAMPLES = 6
ANSWERS = 7
MOST_OF_AN_EDIT = 2


def edited_examples(
    database: Collection,
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
    random = np.random.default_rng(seed)
    kinds = {
        "wins": _varied(np.where(gains > 0, gains, -np.inf)),
        "losses": _varied(np.where(gains < 0, -gains, -np.inf)),
        "random": _varied(random.random(gains.shape)),
    }
    return {
        kind: tuple(_example(database, edited, gains, cell, methods) for cell in cells)
        for kind, cells in kinds.items()
    }


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


def _example(
    database: Collection,
    edited: EditedVectors,
    gains: Floats,
    cell: tuple[int, int],
    methods: Mapping[str, Method],
) -> Example:
    row, (edit, strength) = int(edited.rows[cell[0]]), edited.variants[cell[1]]
    latent, pixel = (_answers(database, edited, row, cell, methods[name]) for name in ("latent", "pixel"))
    gain = float(gains[cell])
    return Example(
        database.paths[row],
        database.labels[row],
        gain,
        latent,
        pixel,
        edit.name,
        strength,
        edit.label(strength),
    )


def _answers(
    database: Collection, edited: EditedVectors, original: int, cell: tuple[int, int], method: Method
) -> tuple[Answer, ...]:
    place = cell[0] * len(edited.variants) + cell[1]
    query = edited.floats(method.name)[place : place + 1]
    [ranked] = rank_blocks(query, database.floats(method.name), metric=method.metric, tie_seed=0)
    nearest: Integers = ranked.order[0, :ANSWERS]
    return tuple(
        Answer(database.paths[row], database.labels[row], row == original) for row in nearest.tolist()
    )
