"""Ways to fit an encoder to pictures without labels. To add one, write its `fit` and name it in `RECIPES`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..encoder import Model
from ..parallel import beside
from ..progress import Progress
from .solved.begin import begin

Pixels = NDArray[np.uint8]


class FitRecipe(Protocol):
    """A way to fit an encoder."""

    def fit(
        self,
        pictures: Pixels,
        *,
        dim: int | None,
        seed: int,
        decoder: bool,
        progress: Progress | None,
        own: int | None = None,
    ) -> Model:
        """An encoder fitted to `pictures` (n, S, S, 3) uint8, n >= 2, and with `decoder` its decoder too.

        dim: numbers a vector; None leaves it to the recipe. The same pictures and seed give the same encoder.
        Without `decoder` the model has none, and its Keras file is that of the encoder alone. own: only the
        first so many, at least one, are of the kind that the encoder is for; all by default.

        Raises:
            ValueError: pictures of another shape, size or number.
        """
        ...


@dataclass(frozen=True, slots=True)
class SolvedRecipe:
    """The default encoder, see `solved.solve.solve`.

    `aligned` says what kind of pictures, and `grey` whether they are seen without colours; None asks them.
    """

    aligned: bool | None = None
    grey: bool | None = None

    def fit(
        self,
        pictures: Pixels,
        *,
        dim: int | None = None,
        seed: int = 0,
        decoder: bool = True,
        progress: Progress | None = None,
        own: int | None = None,
    ) -> Model:
        """See `FitRecipe.fit`."""
        chosen, progress = {} if dim is None else {"dim": dim}, progress or Progress()
        with beside(_solver) as loaded:
            begun = begin(
                pictures, seed=seed, aligned=self.aligned, grey=self.grey, own=own, progress=progress
            )
            with progress.step("load TensorFlow"):
                solve = loaded()
        return solve(pictures, seed=seed, decoder=decoder, begun=begun, progress=progress, **chosen)


def _solver() -> Callable[..., Model]:
    # Here and not above: TensorFlow takes five seconds to load, on one processor.
    from .solved.solve import solve

    return solve


RECIPES: dict[str, FitRecipe] = {
    "solved": SolvedRecipe(),
    "solved-photos": SolvedRecipe(aligned=False),
    "solved-aligned": SolvedRecipe(aligned=True),
    "solved-grey": SolvedRecipe(grey=True),
    "solved-colors": SolvedRecipe(grey=False),
}
