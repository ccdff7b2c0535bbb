"""A last layer for any encoder, solved from the pictures: in its directions views of one picture agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from PIL import Image

from ..encoder import Encoder, EncoderDescription
from ..progress import Progress
from ..threads import single_threaded_products
from .export import to_litert
from .solved.config import EncoderConfig, choose_config
from .solved.lda import Scatter, directions, unit
from .solved.pictures import ALIGNED, View, alignment, draw_views

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

_BLOCK = 32
_ALIGNMENT_SIDE = 32


@dataclass(frozen=True, slots=True)
class HeadOptions:
    """`dim` numbers come out, as many as the encoder gives at most; each picture is seen in `views`."""

    dim: int = 64
    views: int = 10
    seed: int = 0


def fit_head(
    network: keras.Model,
    description: EncoderDescription,
    pictures: Pixels,
    *,
    options: HeadOptions | None = None,
    progress: Progress | None = None,
) -> tuple[keras.Model, EncoderDescription]:
    """`network`, which `description` describes, with a solved layer behind it; and its description.

    `pictures` (n, side, side, 3) uint8, n >= 2, are what it is solved from, no labels; they may be larger
    than what the network takes, so that their views are sharp. A view is a random rectangle of a picture,
    maybe mirrored, encoded by the network itself. The layer takes the vectors of length 1 to the leading
    directions of (covariance between pictures, covariance within pictures + ridge): linear discriminant
    analysis with every picture its own class. Vectors come out with length 1.

    Raises:
        ValueError: fewer than two pictures, or pictures of another shape.
    """
    if pictures.ndim != 4 or pictures.shape[1] != pictures.shape[2] or len(pictures) < 2:
        raise ValueError(f"pictures are {pictures.shape}, expected (n, side, side, 3) and 2 or more")
    options = options or HeadOptions()
    encoder = Encoder(to_litert(network), description)
    # As for the solved encoder: where a place means the same thing in all pictures, a view must not move it.
    config = choose_config(_ALIGNMENT_SIDE, aligned=_is_aligned(pictures))
    num, ridge = min(options.dim, len(pictures) - 1), config.ridge_pictures / len(pictures)
    with single_threaded_products():
        scatter = _gathered(encoder, pictures, config, options, progress or Progress())
        chosen = directions(scatter.between, scatter.within, ridge=ridge, num=num)
    extended = _extended(network, chosen, -scatter.mean.astype(np.float32) @ chosen)
    details = {
        **description.details,
        "code_shape": [chosen.shape[1]],
        "head": {"fitted_on": len(pictures), "dims_before": description.dim, "seed": options.seed},
    }
    return extended, EncoderDescription(
        f"{description.name}+head",
        description.size,
        chosen.shape[1],
        description.mean,
        description.scale,
        details,
    )


def _gathered(
    encoder: Encoder, pictures: Pixels, config: EncoderConfig, options: HeadOptions, progress: Progress
) -> Scatter:
    rng = np.random.default_rng(options.seed)
    scatter = Scatter(encoder.dim, options.views)
    with progress.step("views", total=len(pictures)) as step:
        for start in range(0, len(pictures), _BLOCK):
            block = pictures[start : start + _BLOCK]
            # Other views for every picture: they cost the same, and tell more.
            seen = [
                _cut(picture, view, encoder.size)
                for picture in block
                for view in draw_views(
                    options.views, least_side=config.least_side, mirror=config.mirror, rng=rng
                )
            ]
            scatter.add(unit(encoder.encode(np.stack(seen))))
            step.advance(len(block))
    return scatter


def _cut(picture: Pixels, view: View, size: int) -> Pixels:
    """What `view` shows of `picture`, squashed to `size` × `size`."""
    side = picture.shape[0]
    box = (view.left * side, view.top * side, view.right * side, view.bottom * side)
    cut = np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BICUBIC, box=box))
    return cut[:, ::-1] if view.mirrored else cut


def _extended(network: keras.Model, kernel: Floats, bias: Floats) -> keras.Model:
    dense = layers.Dense(kernel.shape[1], name="head", dtype="float32")
    pictures = keras.Input(network.input_shape[1:])
    value: Any = layers.UnitNormalization(dtype="float32")(network(pictures))
    value = layers.UnitNormalization(dtype="float32")(dense(value))
    dense.set_weights([kernel, bias])
    return keras.Model(pictures, value, name="encoder")


def _is_aligned(pictures: Pixels) -> bool:
    side = _ALIGNMENT_SIDE * max(1, pictures.shape[1] // _ALIGNMENT_SIDE)
    if pictures.shape[1] != side:
        pictures = np.stack(
            [np.asarray(Image.fromarray(picture).resize((side, side))) for picture in pictures]
        )
    return alignment(pictures) >= ALIGNED
