"""The default encoder, solved layer by layer without a label, and its decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from ...encoder import EncoderDescription, Model
from ...progress import Progress
from ...threads import single_threaded_products
from ..export import export, to_litert
from .branch import Branch, solve_branch
from .config import EncoderConfig, choose_config
from .copies import with_copies
from .decoder import solve_decoder
from .features import run, view_features
from .last_layers import LastLayers, Part, solve_last_layers, solve_part
from .layout import layout_features
from .network import encoder_network
from .pictures import ALIGNED, Floats, Pixels, View, alignment, draw_views
from .trust import MOST as MOST_COMPARED
from .trust import weigh

DIM = 64
SIZES = (32, 64)
# The layout is judged as a branch, whose two parts have this weight together.
_WEIGHT_OF_BRANCH = np.float32(np.sqrt(2.0))


def solve(
    pictures: Pixels,
    *,
    dim: int = DIM,
    seed: int = 0,
    decoder: bool = True,
    aligned: bool | None = None,
    progress: Progress | None = None,
) -> Model:
    """Fit the default encoder and its decoder to `pictures` (n, S, S, 3) uint8, S 32 or 64, n at least 2.

    The layers are solved one after another, see `docs/design.md`; nothing is trained by gradients.
    The same pictures and seed give the same encoder, whatever the number of threads. File names do not
    affect the result. The latent vectors have `dim` numbers, or fewer where so few pictures cannot differ in
    as many ways. Without `decoder` the model has none, and its Keras file is that of the encoder alone.
    `aligned` says that the same place means the same thing in all pictures, or that it does not; None leaves
    it to the pictures.

    Raises:
        ValueError: pictures of another shape, size or number.
    """
    _refuse(pictures)
    progress = progress or Progress()
    share, size = alignment(pictures), pictures.shape[1]
    aligned = bool(share >= ALIGNED) if aligned is None else aligned
    config = choose_config(size, aligned=aligned)
    with single_threaded_products():
        branches, last, found = _solve_encoder(pictures, config, dim=dim, seed=seed, progress=progress)
        encoder = encoder_network(branches, last, config, size=size)
        with progress.step("solve for copies"):
            both = with_copies(encoder, pictures, seed=seed)
    dim = encoder.output_shape[-1]
    details = {"aligned": aligned, "alignment": round(share, 4), **found}
    details |= {"fitted_on": len(pictures), "seed": seed}
    description = EncoderDescription(
        "solved",
        size=size,
        dim=dim,
        scale=(255.0,),
        details=details,
        copy_dim=both.output_shape[-1] - dim,
    )
    with progress.step("export"):
        running = to_litert(both, quantized=True)
        if not decoder:
            return export(encoder, description, running=running)
    with progress.step("solve the decoder"), single_threaded_products():
        solved = solve_decoder(run(running, pictures)[:, :dim], pictures, seed=seed)
    with progress.step("export"):
        inputs = keras.Input(pictures.shape[1:], name="pictures")
        autoencoder = keras.Model(inputs, solved(encoder(inputs)), name="autoencoder")
        return export(autoencoder, description, running=running)


def _solve_encoder(
    pictures: Pixels, config: EncoderConfig, *, dim: int, seed: int, progress: Progress
) -> tuple[list[Branch], LastLayers, dict[str, Any]]:
    """The solved weights, and what was found out about the branches on the way."""
    rng = np.random.default_rng([seed, 1])
    views = draw_views(config.num_views, least_side=config.least_side, mirror=config.mirror, rng=rng)
    branches: list[Branch] = []
    parts: list[Part] = []
    with progress.step("solve the layers", total=2 * len(config.branches) + 1) as step:
        for branch_config in config.branches:
            branches.append(solve_branch(pictures, branch_config, config, seed=seed))
            step.advance()
            features = view_features(branches[-1], views, pictures, config)
            parts += [solve_part(branch_config, each, config) for each in features]
            step.advance()
        rows = np.random.default_rng([seed, 3]).permutation(len(pictures))[:MOST_COMPARED]
        chosen, weights, found = weigh(parts, config, rows)
        last = solve_last_layers(chosen, weights, config, dim=dim)
        if config.layout:
            last = _with_layout_if_useful(last, chosen, weights, (pictures, views), config, dim=dim)
        found["layout"] = len(last.parts) > len(chosen)
        found["gathering_foretold"] = round(last.gathering_foretold, 3)
        step.advance()
    kept = {part.branch for part in chosen}
    return [branch for branch in branches if branch.config in kept], last, found


def _with_layout_if_useful(
    without: LastLayers,
    parts: Sequence[Part],
    weights: Floats,
    seen: tuple[Pixels, Sequence[View]],
    config: EncoderConfig,
    *,
    dim: int,
) -> LastLayers:
    """The last layers with the layout of the pictures as one more part, or those `without`.

    With it where more can then be foretold of where pictures gather: it bears out what the other parts say.
    Where less than half can be foretold, that says nothing. Where it stays, place tells everything, and the
    layout counts as much as all of the others together.
    """
    layout = solve_part(None, layout_features(*seen), config)

    def with_it(weight: np.float32) -> LastLayers:
        return solve_last_layers([*parts, layout], np.append(weights, weight), config, dim=dim)

    foretold = with_it(_WEIGHT_OF_BRANCH).gathering_foretold
    if foretold <= max(0.5, without.gathering_foretold):
        return without
    return with_it(np.sqrt(np.square(weights).sum(dtype=np.float32)))


def _refuse(pictures: Pixels) -> None:
    shape, side = pictures.shape, pictures.shape[1] if pictures.ndim == 4 else 0
    if pictures.dtype != np.uint8 or side not in SIZES or shape[1:] != (side, side, 3):
        raise ValueError(f"pictures are {shape} {pictures.dtype}, expected (n, S, S, 3) uint8, S 32 or 64")
    if len(pictures) < 2:
        raise ValueError("one picture says nothing about what tells pictures apart: fit on 2 or more")
