"""The default encoder, solved layer by layer without a label, and its decoder."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import DTypeLike

from ...encoder import Encoder, EncoderDescription, Model, Network
from ...progress import Progress
from ..export import export, to_litert
from .alignment import ALIGNED, alignment
from .branch import Branch, solve_branch
from .decoder import STEPS, train_decoder
from .head import Head, Linear, apply, solve_agreement, solve_head
from .network import encoder_network, views_network
from .patches import Floats, Pixels
from .recipe import Recipe, choose_recipe
from .views import View, draw_views

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

    The layers are solved one after another instead of descended to (`docs/design.md` says how and why); only
    the decoder is trained by gradients. The same pictures and seed give the same model, whatever their order
    on disk was called. The latent vectors have `dim` numbers, or fewer where so few pictures cannot differ
    in as many ways.

    Raises:
        ValueError: pictures of another shape, size or number.
    """
    _refuse(pictures)
    progress = progress or Progress()
    share = alignment(pictures)
    recipe = choose_recipe(pictures.shape[1], aligned=share >= ALIGNED)
    branches, head = _solve_encoder(pictures, recipe, (dim, seed), progress)
    encoder = encoder_network(branches, head, size=pictures.shape[1], grid=recipe.grid)
    dims = encoder.output_shape[-1]
    details = {"aligned": bool(share >= ALIGNED), "alignment": round(share, 4)}
    details |= {"fitted_on": len(pictures), "seed": seed}
    description = EncoderDescription(
        "solved", size=pictures.shape[1], dim=dims, scale=(255.0,), details=details
    )
    if not decoder:
        with progress.step("export"):
            return Model(Encoder(to_litert(encoder), description))
    with progress.step("train the decoder", total=STEPS) as step:
        trained = train_decoder(_run(encoder, pictures), pictures, seed=seed, step=step)
    with progress.step("export"):
        inputs = keras.Input(pictures.shape[1:], name="pictures")
        return export(keras.Model(inputs, trained(encoder(inputs)), name="autoencoder"), description)


def _solve_encoder(
    pictures: Pixels, recipe: Recipe, dim_and_seed: tuple[int, int], progress: Progress
) -> tuple[list[Branch], Head]:
    dim, seed = dim_and_seed
    rng = np.random.default_rng([seed, 1])
    views = draw_views(recipe.num_views, least_side=recipe.least_side, mirror=recipe.mirror, rng=rng)
    branches: list[Branch] = []
    scales: list[tuple[Linear, Floats]] = []
    with progress.step("solve the layers", total=2 * len(recipe.scales)) as step:
        for scale in recipe.scales:
            branches.append(solve_branch(pictures, scale, recipe, seed=seed))
            step.advance()
            features = _features(branches[-1], views, pictures, recipe.grid)
            ridge = recipe.ridge_pictures / len(pictures)
            agreement = solve_agreement(features, ridge=ridge, num=recipe.content_dims)
            scales.append((agreement, apply(agreement, features)))
            step.advance()
        return branches, solve_head(scales, recipe, dim=dim)


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
