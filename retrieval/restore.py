"""A picture through an autoencoder and back at its own size: whole, or tile by tile. No TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .encoder import Model
from .images import Source, load_picture, open_picture

Pixels = NDArray[np.uint8]
Tiling = Literal["auto", "whole", "tiles"]

_BATCH = 256


def reconstruct(model: Model, source: Source) -> Pixels:
    """What the autoencoder keeps of `source`: squashed, encoded, decoded, (height, width, 3) at its own size.

    Raises:
        ImageUnreadable: `source` cannot be read. DecoderMissing: the model has no decoder.
    """
    picture = load_picture(source, model.encoder.size, decoding=model.encoder.decoding)
    decoded = _through(model, picture.pixels[None])[0]
    return _resized(decoded, picture.width, picture.height)


def denoise(model: Model, source: Source, *, tiling: Tiling = "auto") -> Pixels:
    """`source` as the autoencoder would have it, (height, width, 3) uint8 at its own size.

    "tiles" cuts the picture into overlapping squares of the size that the network takes, so that no detail is
    lost by shrinking; it suits networks whose code is a map. "whole" shrinks the picture, as `reconstruct`
    does. "auto" takes tiles where the code is a map and the picture is larger than the network's.

    Raises:
        ImageUnreadable: `source` cannot be read. DecoderMissing: the model has no decoder.
    """
    pixels = np.asarray(open_picture(source))
    side = model.encoder.size
    fits = min(pixels.shape[:2]) >= side
    is_map = len(model.encoder.description.details.get("code_shape", ())) == 3
    if fits and (tiling == "tiles" or (tiling == "auto" and is_map)):
        return _tiled(model, pixels)
    return reconstruct(model, source)


def _through(model: Model, pictures: Pixels) -> Pixels:
    return model.require_decoder().decode(model.encoder.encode(pictures))


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))


def _tiled(model: Model, pixels: Pixels) -> Pixels:
    side = model.encoder.size
    corners = [(y, x) for y in _starts(pixels.shape[0], side) for x in _starts(pixels.shape[1], side)]
    ramp = np.minimum(np.arange(1, side + 1), np.arange(side, 0, -1)).astype(np.float32)
    weight = (ramp[:, None] * ramp)[..., None]
    total = np.zeros(pixels.shape, dtype=np.float32)
    weights = np.zeros((*pixels.shape[:2], 1), dtype=np.float32)
    for start in range(0, len(corners), _BATCH):
        chosen = corners[start : start + _BATCH]
        tiles = np.stack([pixels[y : y + side, x : x + side] for y, x in chosen])
        for (y, x), tile in zip(chosen, _through(model, tiles), strict=True):
            total[y : y + side, x : x + side] += tile * weight
            weights[y : y + side, x : x + side] += weight
    blended: Pixels = np.rint(total / weights).astype(np.uint8)
    return blended


def _starts(length: int, side: int) -> Sequence[int]:
    """Where tiles of `side` start that overlap by half and cover `length`; the last ends where it ends."""
    starts = list(range(0, length - side, max(1, side // 2)))
    return [*starts, length - side]
