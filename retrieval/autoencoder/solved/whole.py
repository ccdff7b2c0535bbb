"""What the solved layers make of whole pictures, before there is a network of them to convert and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...encoder import Network
from .config import BranchConfig, EncoderConfig
from .features import view_features
from .last_layers import LastLayers, Part
from .layout import layout_features
from .lda import AnyFloats, apply, unit
from .pictures import WHOLE, Floats, Pixels


def last_vectors(parts: Sequence[Part], last: LastLayers) -> Floats:
    """The latents (n, dim) of the pictures that `parts` saw the views of, as the network makes them."""
    vectors = [part.views[:, 0] for part in parts]
    joined = np.concatenate(vectors, axis=1)
    known = [each[:, : last.leading_dims] for each in vectors]
    known += [joined @ each.weights + each.bias for each in (last.joint, last.neighbors, last.gathering)]
    together = np.concatenate([unit(each) for each in known], axis=1)
    return unit(together @ last.latent.weights + last.latent.bias)


def layout_and_parts(
    pictures: Pixels,
    maps: Mapping[BranchConfig, Network],
    parts: Sequence[Part],
    config: EncoderConfig,
) -> Floats:
    """The layout of `pictures` (n, S, S, 3) uint8 and their vectors by all `parts`, each half of length 1.

    It is what the vector for copies is solved on, (n, d). `maps`: the `running_map` of each branch.
    """
    layout = layout_features(pictures, [WHOLE])
    features: list[AnyFloats] = []
    for running in maps.values():
        features += view_features(running, [WHOLE], pictures, config)
    # The layout is the last of the parts, if it is one.
    features += [layout][: len(parts) - len(features)]
    vectors = [apply(part.agreement, each)[:, 0] for part, each in zip(parts, features, strict=True)]
    return np.concatenate([layout[:, 0], unit(np.concatenate(vectors, axis=1))], axis=1)
