"""What the solved layers make of whole pictures, before there is a network of them to convert and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TypeAlias

import numpy as np

from ...encoder import Network
from .config import BranchConfig, EncoderConfig
from .features import view_features
from .last_layers import LastLayers, Part, leading_vectors
from .layout import layout_features
from .lda import AnyFloats, apply, unit
from .pictures import WHOLE, Floats, Pixels

WholeFeatures: TypeAlias = dict[BranchConfig | None, tuple[AnyFloats, ...]]


def last_vectors(parts: Sequence[Part], last: LastLayers) -> Floats:
    """The latents (n, dim) of the pictures that `parts` saw the views of, as the network makes them."""
    vectors = [part.views[:, 0] for part in parts]
    joined = np.concatenate(vectors, axis=1)
    known = leading_vectors(vectors, last.leading, last.leading_dims)
    known += [joined @ each.weights + each.bias for each in (last.joint, last.neighbors, last.gathering)]
    together = np.concatenate([unit(each) for each in known], axis=1)
    return unit(together @ last.latent.weights + last.latent.bias)


def whole_features(
    pictures: Pixels, maps: Mapping[BranchConfig, Network], config: EncoderConfig
) -> WholeFeatures:
    """What `layout_and_parts` is made of, for `pictures` (n, S, S, 3) uint8: features of whole pictures.

    `maps`: the `running_map` of each branch. The layout's are under None.
    """
    features: WholeFeatures = {None: (layout_features(pictures, [WHOLE]),)}
    for branch, running in maps.items():
        features[branch] = view_features(running, [WHOLE], pictures, config)
    return features


def layout_and_parts(features: WholeFeatures, parts: Sequence[Part]) -> Floats:
    """The layout of pictures and their vectors by all `parts`, each half of length 1: (n, d).

    It is what the vector for copies is solved on. `features`: the `whole_features` of the pictures.
    """
    branches = dict.fromkeys(part.branch for part in parts)
    of_parts = chain.from_iterable(features[branch] for branch in branches)
    vectors = [apply(part.agreement, each)[:, 0] for part, each in zip(parts, of_parts, strict=True)]
    return np.concatenate([features[None][0][:, 0], unit(np.concatenate(vectors, axis=1))], axis=1)
