"""The default encoder, solved layer by layer without a label, and its decoder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np

from ...encoder import EncoderDescription, Model, Network
from ...images import DECODING
from ...parallel import beside, in_order, one_ahead
from ...progress import Progress
from ...threads import single_threaded_products
from ..export import export, to_litert
from .begin import Begun, begin
from .branch import Branch
from .config import COLOR_AGREEMENT, MILD_SIDE, BranchConfig, EncoderConfig
from .copies import draw_edits, with_copies, with_details
from .decoder import solve_decoder
from .features import Halves, running_map, view_features
from .last_layers import LastLayers, Part, solve_last_layers, solve_part
from .layout import layout_features
from .lda import AnyFloats
from .lookalikes import find_latent_lookalikes
from .neighbors import mutual_links, nearness_of_links
from .network import encoder_network
from .pictures import WHOLE, Floats, Pixels, View, choose_views, draw_views
from .trust import MOST as MOST_COMPARED
from .trust import weigh
from .whole import WholeFeatures, last_vectors, layout_and_parts, whole_features

DIM = 64
# Of layouts. Letters, digits and Fashion-MNIST have .67 to .83, to which the layout brings .02 to .13 of mAP;
# hand signs and drawn objects told apart by form have .41 and .56, and it costs up to .11. Those told apart
# by colour have .67, and it costs .03 all the same. Photographs have .1 to .3, spots that their place tells
# apart .77.
_LEAST_NEARNESS = 0.6


class _Layers(NamedTuple):
    """All solved layers: the branches, the parts, what comes after; and what `with_copies` has to know."""

    branches: list[Branch]
    parts: list[Part]
    last: LastLayers
    known: list[Floats]


def solve(
    pictures: Pixels,
    *,
    dim: int = DIM,
    seed: int = 0,
    decoder: bool = True,
    aligned: bool | None = None,
    begun: Begun | None = None,
    progress: Progress | None = None,
) -> Model:
    """Fit the default encoder and its decoder to `pictures` (n, S, S, 3) uint8, S 32 or 64, n at least 2.

    The layers are solved one after another, see `docs/design.md`; only the compression descends.
    The same pictures and seed give the same encoder, whatever the number of threads. File names do not
    affect the result. The latent vectors have `dim` numbers, or fewer where so few pictures cannot differ in
    as many ways. Without `decoder` the model has none, and its Keras file is that of the encoder alone.
    `aligned` says that the same place means the same thing in all pictures, or that it does not; None leaves
    it to the pictures. `begun` is what `begin` has given for all these.

    Raises:
        ValueError: pictures of another shape, size or number.
    """
    progress = progress or Progress()
    begun = begun or begin(pictures, seed=seed, aligned=aligned, progress=progress)
    config, size = begun.config, pictures.shape[1]
    with single_threaded_products():
        layers, found = _solve_encoder(pictures, begun, dim=dim, seed=seed, progress=progress)
        latents = last_vectors(layers.parts, layers.last)
        network = partial(encoder_network, layers.branches, layers.last, config, size=size)
        copying = partial(with_copies, pictures=pictures, seed=seed, known=layers.known)
        detailed = None
        if found["layout"]:
            with progress.step("solve for copies"):
                detailed, latents = with_details(copying(network()), pictures, dim=latents.shape[1])
        decode = partial(solve_decoder, latents, pictures, seed=seed) if decoder else _nothing
        with beside(decode) as decoded:
            encoder = detailed or network()
            with progress.step("solve for copies"):
                both = copying(encoder)
            with progress.step("export"):
                running = to_litert(both, quantized=True)
            with progress.step("solve the decoder"):
                back = decoded()
    dim = encoder.output_shape[-1]
    details = {"aligned": begun.aligned, "alignment": round(begun.alignment, 4)}
    details |= {"turning": round(begun.turning, 4), **found}
    if begun.lookalikes is not None:
        details["lookalikes"] = round(begun.lookalikes.share, 3)
    if begun.colors is not None:
        details["color_kinship"] = round(begun.colors.kinship, 3)
    details |= {"fitted_on": len(pictures), "seed": seed}
    description = EncoderDescription(
        "solved",
        size=size,
        dim=dim,
        scale=(255.0,),
        details=details,
        copy_dim=both.output_shape[-1] - dim,
        decoding=DECODING,
    )
    with progress.step("export"):
        if back is None:
            return export(encoder, description, running=running)
        inputs = keras.Input(pictures.shape[1:], name="pictures")
        autoencoder = keras.Model(inputs, back(encoder(inputs)), name="autoencoder")
        return export(autoencoder, description, running=running)


def _nothing() -> None:
    """In place of a decoder."""


def _solve_encoder(
    pictures: Pixels, begun: Begun, *, dim: int, seed: int, progress: Progress
) -> tuple[_Layers, dict[str, Any]]:
    """The solved layers, and what was found out about the branches on the way."""
    config = begun.config
    views = choose_views(config, np.random.default_rng([seed, 1]))
    parts: list[Part] = []
    with progress.step("solve the layers", total=len(config.branches) + 1) as step:
        # Converted on a thread of its own, ahead of their use.
        converted = in_order(partial(running_map, size=pictures.shape[1]), begun.branches, threads=1)
        maps = {}

        def seen_by_branches() -> Iterator[tuple[BranchConfig, tuple[Halves, Halves]]]:
            for branch, running in zip(begun.branches, converted, strict=True):
                maps[branch.config] = running
                yield branch.config, view_features(running, views, pictures, config)

        # Both parts at once, and the features of the next branch beside them: each is solved on one thread.
        for branch, features in one_ahead(seen_by_branches()):
            parts += in_order(partial(_part, branch, config), features)
            del features  # they are large, and the next ones may be on their way
            step.advance()
        rows = np.random.default_rng([seed, 3]).permutation(begun.asked)[:MOST_COMPARED]
        # The last layers are solved on one thread.
        with beside(partial(_seen_of_edits, pictures, maps, config, seed)) as seen_of_edits:
            chosen, weights, found = weigh(parts, config, rows)
            last = solve_last_layers(chosen, weights, config, dim=dim)
            # Where colours tell pictures apart, place does not tell everything.
            if found["color_agreement"] < COLOR_AGREEMENT:
                mild = views if config.is_aligned else _mild_views(len(views), seed)
                chosen, weights = _with_layout_if_useful(last, chosen, weights, pictures, mild, config)
            found["layout"] = None in {part.branch for part in chosen}
            lookalikes = begun.lookalikes
            if lookalikes is None and not found["layout"]:
                lookalikes = find_latent_lookalikes(last_vectors(chosen, last)[: begun.asked])
                found["latent_lookalikes"] = 0.0 if lookalikes is None else round(lookalikes.share, 3)
            if lookalikes is not None or found["layout"]:
                last = solve_last_layers(chosen, weights, config, dim=dim, lookalikes=lookalikes)
            known = [layout_and_parts(features, chosen) for features in seen_of_edits()]
        found["gathering_foretold"] = round(last.gathering_foretold, 3)
        step.advance()
    kept = {part.branch for part in chosen}
    branches = [branch for branch in begun.branches if branch.config in kept]
    return _Layers(branches, chosen, last, known), found


def _seen_of_edits(
    pictures: Pixels, maps: Mapping[BranchConfig, Network], config: EncoderConfig, seed: int
) -> list[WholeFeatures]:
    """What all branches see of the edits of `pictures`, of both kinds."""
    return [whole_features(each, maps, config) for each in draw_edits(pictures, seed=seed)]


def _part(branch: BranchConfig, config: EncoderConfig, features: AnyFloats) -> Part:
    return solve_part(branch, features, config)


def _mild_views(num: int, seed: int) -> list[View]:
    """`num` views that keep things in their places, unlike those of photographs."""
    rng = np.random.default_rng([seed, 4])
    return draw_views(num, least_side=MILD_SIDE, mirror=False, rng=rng)


def _with_layout_if_useful(
    without: LastLayers,
    parts: list[Part],
    weights: Floats,
    pictures: Pixels,
    views: list[View],
    config: EncoderConfig,
) -> tuple[list[Part], Floats]:
    """The `parts` and their weights, with the layout of `pictures` as one more where it is useful.

    It is where pictures that the other parts find near each other by the last layers `without` it have near
    layouts too. There place tells everything, and the layout counts as much as all of the others together.
    `views`: of the layout, as many as there are of the other parts.
    """
    links = mutual_links(last_vectors(parts, without), config.layout_neighbors)
    if nearness_of_links(layout_features(pictures, [WHOLE])[:, 0], links) < _LEAST_NEARNESS:
        return parts, weights
    weight = np.sqrt(np.square(weights).sum(dtype=np.float32))
    layout = solve_part(None, layout_features(pictures, views), config)
    return [*parts, layout], np.append(weights, weight)
