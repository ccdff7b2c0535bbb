"""A network from elsewhere, made better by the folder: where its views agree, joined with the solved encoder.

Its own numbers tell the pictures apart that it was trained on. What tells those of this folder apart are the
directions in which the views of a picture agree, and pictures that are near each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from ..encoder import EncoderDescription, Model
from ..images import DECODING
from ..index_paths import Folders
from ..progress import Progress
from ..sample import FitSample
from ..threads import single_threaded_products
from .adapted_network import AdaptedLayers, adapted_network
from .network_views import see
from .pretrained import PretrainedEncoder
from .solved.config import EncoderConfig, choose_config
from .solved.copies import with_copies
from .solved.features import run
from .solved.lda import apply, compress, multiplied, scatter_of_views, solve_agreement, unit
from .solved.neighbors import mutual_links, scatter_of_links
from .solved.pictures import Floats, draw_views

MOST = 3_000
"""Pictures that the network is run on at most."""
WEIGHT = 0.75
"""What the solved encoder counts beside the network, both of length 1."""

_DIRECTIONS = 64


@dataclass(frozen=True, slots=True)
class AdaptOptions:
    """`dim` numbers come out; each picture is seen in `views`."""

    dim: int = 64
    views: int = 10
    seed: int = 0


def adapt(
    pretrained: PretrainedEncoder,
    solved: Model,
    sample: FitSample,
    folder: Path | Folders,
    *,
    options: AdaptOptions | None = None,
    progress: Progress | None = None,
) -> Model:
    """`pretrained` and the encoder that was `solved` on the `sample` of `folder`, as one, without labels.

    The network runs once on each picture of the sample, 3,000 at most and none of those that were drawn;
    views are rectangles of its last map, see `network_views.see`. `dim` numbers of length 1 come out, and the
    vectors to find copies by that `solved` gives.

    Raises:
        EncoderInvalid: LiteRT has no equivalent for a part of the network.
        NoPictures: the sample has fewer than two of the folder's own.
    """
    options, progress = options or AdaptOptions(), progress or Progress()
    half = PretrainedEncoder.of(solved)
    config = choose_config(half.description.size, aligned=bool(half.description.details.get("aligned")))
    rng = np.random.default_rng([options.seed, 1])
    # Averaged over all its places, a mirrored view would be the same once more.
    views = draw_views(options.views, least_side=config.least_side, mirror=False, rng=rng)
    vectors, rows = see(pretrained, folder, sample.paths[:MOST], views=views, progress=progress)
    with progress.step("adapt"), single_threaded_products():
        latents = run(half.network, sample.pictures[rows])
        weights = solve_adapted(vectors, latents, config, dim=options.dim)
        own = _with_copies(half.network, solved, sample)
        network = adapted_network(pretrained.network, pretrained.description, own, weights)
    copy_dim, dim = solved.encoder.copy_dim, len(weights.latent.bias)
    details = {
        **half.description.details,
        "code_shape": [dim],
        "adapted": {
            "fitted_on": len(rows),
            "views": vectors.shape[1],
            "dims_before": pretrained.description.dim,
            "seed": options.seed,
        },
    }
    described = EncoderDescription(
        f"{pretrained.description.name}-adapted",
        size=network.input_shape[1],
        dim=dim,
        scale=(255.0,),
        details=details,
        copy_dim=copy_dim,
        decoding=DECODING,
    )
    return PretrainedEncoder(network, described).model()


def _with_copies(network: keras.Model, solved: Model, sample: FitSample) -> keras.Model:
    """The Keras `network` of `solved`, which gives latent vectors, and with them those to find copies by."""
    if not solved.encoder.copy_dim:
        return network
    both = with_copies(network, sample.pictures, seed=solved.encoder.description.details["seed"])
    return keras.Model(network.input, [network.output, both.get_layer("copies").output])


def solve_adapted(views: Floats, solved: Floats, config: EncoderConfig, *, dim: int) -> AdaptedLayers:
    """The layers behind a network and the solved encoder.

    From a network's vectors of `views` (n, v, d), the first of them the whole picture, and the latents
    `solved` (n, s), all of length 1. Pictures are linked that are near each other for both together.
    """
    ridge, num = config.ridge_pictures / len(views), max(_DIRECTIONS, dim)
    scatter, whole = scatter_of_views(views), views[:, :1]
    agreement = solve_agreement(scatter, ridge=ridge, num=num)
    known = apply(agreement, whole)[:, 0]
    links = mutual_links(np.concatenate([known, WEIGHT * solved], axis=1), config.neighbors)
    apart = scatter_of_links(views.mean(axis=1), links)
    neighbors = solve_agreement(scatter, ridge=ridge, num=num, apart=apart)
    known = np.concatenate([known, apply(neighbors, whole)[:, 0]], axis=1)
    compression = compress(known, num)
    joined = np.concatenate([unit(known @ compression.weights), WEIGHT * solved], axis=1)
    latent = compress(joined, dim)
    # What the solved latents are multiplied by goes into the weights behind them.
    factors = np.ones(joined.shape[1], dtype=np.float32)
    factors[-solved.shape[1] :] = WEIGHT
    return AdaptedLayers(agreement, neighbors, compression, multiplied(latent, factors))
