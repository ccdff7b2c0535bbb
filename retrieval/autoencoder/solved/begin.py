"""The beginning of solving, which needs no TensorFlow: what kind of pictures they are, and the branches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from ...parallel import in_order
from ...progress import Progress
from ...threads import single_threaded_products
from .branch import Branch, solve_branch
from .colors import Colors, look_at_colors
from .config import EncoderConfig, choose_config
from .pictures import ALIGNED, Pixels, alignment
from .turning import TURNED, turning

SIZES = (32, 64)


@dataclass(frozen=True, slots=True)
class Begun:
    """What is solved first: how far pictures are aligned, and near ones turned; what colours are to them,
    or None where that was not looked at; whether they count as aligned, and the branches.
    """

    alignment: float
    turning: float
    colors: Colors | None
    aligned: bool
    config: EncoderConfig
    branches: tuple[Branch, ...]


def begin(
    pictures: Pixels, *, seed: int, aligned: bool | None, progress: Progress, grey: bool | None = None
) -> Begun:
    """Solve the branches on `pictures`, see `solve`.

    `grey` says that they are to be seen without colours, or with them; None leaves it to the pictures.

    Raises:
        ValueError: pictures of another shape, size or number.
    """
    _refuse(pictures)
    share = alignment(pictures)
    aligned = bool(share >= ALIGNED) if aligned is None else aligned
    with single_threaded_products():
        turned = turning(pictures) if aligned else 0.0
        choose = partial(choose_config, pictures.shape[1], aligned=aligned, turned=turned >= TURNED)
        looked = look_at_colors(pictures, choose(), seed=seed) if grey is None else None
    config = choose(grey=bool(grey) if looked is None else not looked.tell)
    solving = partial(solve_branch, pictures, config=config, seed=seed)
    branches = []
    with progress.step("solve the branches", len(config.branches)) as step, single_threaded_products():
        # Several at once: much of it is computed on one thread each.
        for branch in in_order(solving, config.branches):
            branches.append(branch)
            step.advance()
    return Begun(share, turned, looked, aligned, config, tuple(branches))


def _refuse(pictures: Pixels) -> None:
    shape, side = pictures.shape, pictures.shape[1] if pictures.ndim == 4 else 0
    if pictures.dtype != np.uint8 or side not in SIZES or shape[1:] != (side, side, 3):
        raise ValueError(f"pictures are {shape} {pictures.dtype}, expected (n, S, S, 3) uint8, S 32 or 64")
    if len(pictures) < 2:
        raise ValueError("one picture says nothing about what tells pictures apart: fit on 2 or more")
