"""The beginning of solving, which needs no TensorFlow: what kind of pictures they are, and the branches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from ...parallel import in_order
from ...progress import Progress
from ...threads import single_threaded_products
from .branch import Branch, solve_branch
from .colors import LEAST_PICTURES, Colors, look_at_colors
from .config import EncoderConfig, choose_config
from .lookalikes import Lookalikes, find_lookalikes
from .pictures import Pixels, alignment, are_aligned
from .turning import TURNED, turning

SIZES = (32, 64)


@dataclass(frozen=True, slots=True)
class Begun:
    """What is solved first: how far pictures are aligned, and near ones turned; which are look-alikes, or
    None where few are; what colours are to them, or None where that was not looked at; whether they count as
    aligned, and the branches. asked: so many of the pictures, the first, say how far parts are to be trusted.
    """

    alignment: float
    turning: float
    lookalikes: Lookalikes | None
    colors: Colors | None
    aligned: bool
    config: EncoderConfig
    branches: tuple[Branch, ...]
    asked: int


def begin(
    pictures: Pixels,
    *,
    seed: int,
    aligned: bool | None,
    progress: Progress,
    grey: bool | None = None,
    own: int | None = None,
) -> Begun:
    """Solve the branches on `pictures`, see `solve`.

    `grey` says that they are to be seen without colours, or with them; None leaves it to the pictures. `own`:
    the first so many are asked what kind of pictures they are, by default all; fewer than 16 cannot tell.

    Raises:
        ValueError: pictures of another shape, size or number.
    """
    _refuse(pictures)
    of_the_kind = pictures[:own]
    asked = of_the_kind if len(of_the_kind) >= LEAST_PICTURES else pictures
    share = alignment(asked)
    with single_threaded_products():
        lookalikes = find_lookalikes(asked)
        aligned = are_aligned(share, lookalikes is not None) if aligned is None else aligned
        turned = turning(asked) if aligned else 0.0
        choose = partial(choose_config, pictures.shape[1], aligned=aligned, turned=turned >= TURNED)
        looked = look_at_colors(of_the_kind, choose(), seed=seed) if grey is None else None
        if looked is not None and not looked.tell and len(asked) < len(pictures):
            # Few are mistaken now and then, and colours left out cost more than those that are seen in vain.
            looked = look_at_colors(pictures, choose(), seed=seed)
    config = choose(grey=bool(grey) if looked is None else not looked.tell)
    solving = partial(solve_branch, pictures, config=config, seed=seed)
    branches = []
    with progress.step("solve the branches", len(config.branches)) as step, single_threaded_products():
        # Several at once: much of it is computed on one thread each.
        for branch in in_order(solving, config.branches):
            branches.append(branch)
            step.advance()
    return Begun(share, turned, lookalikes, looked, aligned, config, tuple(branches), len(asked))


def _refuse(pictures: Pixels) -> None:
    shape, side = pictures.shape, pictures.shape[1] if pictures.ndim == 4 else 0
    if pictures.dtype != np.uint8 or side not in SIZES or shape[1:] != (side, side, 3):
        raise ValueError(f"pictures are {shape} {pictures.dtype}, expected (n, S, S, 3) uint8, S 32 or 64")
    if len(pictures) < 2:
        raise ValueError("one picture says nothing about what tells pictures apart: fit on 2 or more")
