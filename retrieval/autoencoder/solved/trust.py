"""How far each part of the encoder is to be trusted, seen from the others: no label is needed.

Parts that see the same folder in different ways, and find the same pictures near each other, are right
together; one whose neighbours no other branch confirms is likely to follow chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...parallel import in_order
from .config import EncoderConfig
from .last_layers import Part
from .lda import unit
from .neighbors import Rows, nearest
from .pictures import Doubles, Floats

MOST = 2_000
"""Pictures that are compared, each with each."""
_NEIGHBORS = 5
_ROUNDS = 2
_LEAST_DEVIATION = 1e-6


def weigh(
    parts: Sequence[Part], config: EncoderConfig, rows: Rows
) -> tuple[list[Part], Floats, dict[str, Any]]:
    """The parts to keep, their weights, and what was found out, by comparing the pictures `rows` of `parts`.

    All stay, unless the config makes the branch of colours prove itself and it does not.
    """
    similarities = list(in_order(lambda part: standard_similarities(part.views[rows, 0]), parts))
    agreement = color_agreement(similarities, [part.is_of_colors for part in parts])
    wanted = config.least_color_agreement
    kept = [wanted is None or agreement >= wanted or not part.is_of_colors for part in parts]
    chosen = [part for part, keep in zip(parts, kept, strict=True) if keep]
    similarities = [each for each, keep in zip(similarities, kept, strict=True) if keep]
    weights = part_weights(similarities, [part.name for part in chosen])
    found = {
        "colors": any(part.is_of_colors for part in chosen),
        "color_agreement": round(agreement, 3),
        "part_weights": [round(float(weight), 3) for weight in weights],
    }
    return chosen, weights, found


def standard_similarities(vectors: Floats) -> Floats:
    """The cosines (n, n) of all pairs of `vectors` (n, d), in standard deviations from their mean.

    Of two different ones: what is on the diagonal stands for nothing, and is 0.
    """
    vectors = unit(vectors)
    cosines: Floats = vectors @ vectors.T
    np.fill_diagonal(cosines, 0.0)
    count = len(cosines) * (len(cosines) - 1)
    cosines -= np.float32(cosines.sum(dtype=np.float64) / count)
    np.fill_diagonal(cosines, 0.0)
    deviation = np.sqrt(np.square(cosines, dtype=np.float64).sum() / count)
    cosines /= np.float32(max(deviation, _LEAST_DEVIATION))
    return cosines


def part_weights(similarities: Sequence[Floats], branches: Sequence[str]) -> Floats:
    """A weight of at most 1 for each part, from its `standard_similarities` (n, n) and its branch.

    A part's trust is the share of each picture's five nearest that are so by the sum of the parts of the
    other branches too, in relation to the most trusted part; the sum is taken twice, the second time with the
    trust found first. From half of the largest trust on a part counts in full, and below by its square.
    """
    trust = np.ones(len(similarities))
    near = list(in_order(nearest_of, similarities))
    for _ in range(_ROUNDS):

        def overlap(part: int, trust: Doubles = trust) -> float:
            others = trust * [each != branches[part] for each in branches]
            return _overlap(near[part], nearest_of(summed(similarities, others)))

        overlaps = np.array(list(in_order(overlap, range(len(near)))))
        if not overlaps.any():
            return np.ones(len(similarities), dtype=np.float32)
        trust = overlaps / overlaps.max()
    return np.asarray(np.minimum(1.0, 2.0 * trust) ** 2, dtype=np.float32)


def color_agreement(similarities: Sequence[Floats], of_colors: Sequence[bool]) -> float:
    """How alike in colour the five nearest by form are, in standard deviations.

    Where colours tell things apart that differ in form as well, what is near by form is alike in colour; and
    where they tell more about the light than about the things, it is not. 0 where no part is of colours.
    """
    forms = [each for each, color in zip(similarities, of_colors, strict=True) if not color]
    colors = [each for each, color in zip(similarities, of_colors, strict=True) if color]
    if not colors:
        return 0.0
    near = nearest_of(summed(forms))
    return float(np.mean([np.take_along_axis(each, near, axis=1).mean(dtype=np.float64) for each in colors]))


def summed(similarities: Sequence[Floats], weights: Doubles | None = None) -> Floats:
    """The sum of `similarities`, each (n, n), by their `weights`, or of all alike."""
    weights = np.ones(len(similarities)) if weights is None else weights
    total = np.zeros_like(similarities[0])
    for each, weight in zip(similarities, weights, strict=True):
        if weight:
            total += np.float32(weight) * each
    return total


def nearest_of(similarities: Floats) -> Rows:
    """The columns (n, 5) of the largest `similarities` (n, n) of each row beside its own."""
    others = similarities.copy()
    np.fill_diagonal(others, -np.inf)
    return nearest(others, min(_NEIGHBORS, len(others) - 1))


def _overlap(first: Rows, second: Rows) -> float:
    """The mean share of the columns (n, k) of `first` that are among those of `second`."""
    return float((first[:, :, None] == second[:, None, :]).any(axis=2).mean())
