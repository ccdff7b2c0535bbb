"""The default encoder, solved layer by layer without a label, and its decoder."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import DTypeLike

from ...encoder import EncoderDescription, Model, Network
from ...progress import Progress
from ...threads import single_threaded_products
from ..export import export, to_litert
from .branch import Branch, solve_branch
from .config import EncoderConfig, choose_config
from .decoder import STEPS, train_decoder
from .lda import LastLayers, Linear, apply, solve_agreement, solve_last_layers
from .network import encoder_network, views_network
from .pictures import ALIGNED, Floats, Pixels, View, alignment, draw_views

DIM = 64
SIZES = (32, 64)
_BLOCK = 64


def solve(
    pictures: Pixels,
    *,
    dim: int = DIM,
    seed: int = 0,
    decoder: bool = True,
    progress: Progress | None = None,
) -> Model:
    """Fit the default encoder and its decoder to `pictures` (n, S, S, 3) uint8, S 32 or 64, n at least 2.

    The layers are solved one after another, see `docs/design.md`; only the decoder is trained by gradients.
    The same pictures and seed give the same encoder, whatever the number of threads. File names do not
    affect the result. The latent vectors have `dim` numbers, or fewer where so few pictures cannot differ in
    as many ways. Without `decoder` the model has none, and its Keras file is that of the encoder alone.

    Raises:
        ValueError: pictures of another shape, size or number.
    """
    _refuse(pictures)
    progress = progress or Progress()
    share, size = alignment(pictures), pictures.shape[1]
    config = choose_config(size, aligned=share >= ALIGNED)
    with single_threaded_products():
        branches, last = _solve_encoder(pictures, config, dim=dim, seed=seed, progress=progress)
    encoder = encoder_network(branches, last, size=size, grid=config.grid)
    details = {"aligned": bool(share >= ALIGNED), "alignment": round(share, 4)}
    details |= {"fitted_on": len(pictures), "seed": seed}
    description = EncoderDescription(
        "solved", size=size, dim=encoder.output_shape[-1], scale=(255.0,), details=details
    )
    if not decoder:
        with progress.step("export"):
            return export(encoder, description)
    with progress.step("train the decoder", total=STEPS) as step:
        trained = train_decoder(_run(encoder, pictures), pictures, seed=seed, step=step)
    with progress.step("export"):
        inputs = keras.Input(pictures.shape[1:], name="pictures")
        return export(keras.Model(inputs, trained(encoder(inputs)), name="autoencoder"), description)


def _solve_encoder(
    pictures: Pixels, config: EncoderConfig, *, dim: int, seed: int, progress: Progress
) -> tuple[list[Branch], LastLayers]:
    rng = np.random.default_rng([seed, 1])
    views = draw_views(config.num_views, least_side=config.least_side, mirror=config.mirror, rng=rng)
    branches: list[Branch] = []
    agreements: list[tuple[Linear, Floats]] = []
    with progress.step("solve the layers", total=2 * len(config.branches)) as step:
        for branch in config.branches:
            branches.append(solve_branch(pictures, branch, config, seed=seed))
            step.advance()
            features = _features(branches[-1], views, pictures, config.grid)
            ridge = config.ridge_pictures / len(pictures)
            agreement = solve_agreement(features, ridge=ridge, num=config.content_dims)
            agreements.append((agreement, apply(agreement, features)))
            step.advance()
        last = solve_last_layers(
            agreements, branch_dims=config.branch_dims, ridge=config.joint_ridge, dim=dim
        )
    return branches, last


def _features(branch: Branch, views: list[View], pictures: Pixels, grid: int) -> Floats:
    """The pooled features (n, views, d) of each view; in half precision, for they are many."""
    return _run(views_network(branch, views, size=pictures.shape[1], grid=grid), pictures, np.float16)


def _run(network: keras.Model, pictures: Pixels, dtype: DTypeLike = np.float32) -> Floats:
    """What `network` makes of each picture scaled to [0, 1]; by LiteRT, which is faster here than Keras."""
    running = Network(to_litert(network))
    results: Floats = np.empty((len(pictures), *running.output_shape), dtype=dtype)
    for begin in range(0, len(pictures), _BLOCK):
        block = pictures[begin : begin + _BLOCK].astype(np.float32) / np.float32(255)
        results[begin : begin + _BLOCK] = running.run(block)
    return results


def _refuse(pictures: Pixels) -> None:
    shape, side = pictures.shape, pictures.shape[1] if pictures.ndim == 4 else 0
    if pictures.dtype != np.uint8 or side not in SIZES or shape[1:] != (side, side, 3):
        raise ValueError(f"pictures are {shape} {pictures.dtype}, expected (n, S, S, 3) uint8, S 32 or 64")
    if len(pictures) < 2:
        raise ValueError("one picture says nothing about what tells pictures apart: fit on 2 or more")
