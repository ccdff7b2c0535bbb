"""What a network from elsewhere makes of views of pictures, run once a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from ..encoder import EncoderDescription, Network
from ..errors import ImageUnreadable, NoPictures
from ..images import DECODING, load
from ..index_paths import Folders
from ..parallel import in_order
from ..progress import Progress
from .last_map import split_at_last_map
from .pretrained import PretrainedEncoder, converted, sized
from .solved.lda import unit
from .solved.pictures import Floats, View
from .solved.pooling import pooling

_BATCH = 1_024


class SeenPictures(NamedTuple):
    """`vectors` (n, v, d) of length 1, of the views of each picture; `rows` (n,) are the pictures that could
    be read."""

    vectors: Floats
    rows: NDArray[np.intp]


def see(
    pretrained: PretrainedEncoder,
    folder: Path | Folders,
    paths: Sequence[str],
    *,
    views: Sequence[View],
    progress: Progress,
) -> SeenPictures:
    """What `pretrained` makes of `views` of the pictures at `paths` in `folder`, the first view the whole.

    A view is a rectangle of the network's last map, so that nothing is run twice. Where it has no such map,
    the whole picture is the only view.

    Raises:
        EncoderInvalid: LiteRT has no equivalent for a part of the network.
        NoPictures: fewer than two can be read.
    """
    description = pretrained.description
    network = sized(pretrained.network, description.size, "network")
    split = split_at_last_map(network)
    if split is None:
        weights = np.ones((1, 1), dtype=np.float32)
    else:
        side = split.to_map.output_shape[1]
        weights = np.stack([pooling(view, side=side, grid=1)[:, 0] for view in views])
        network = split.to_map
    means, rows = _run(network, description, [folder / path for path in paths], weights, progress)
    if len(rows) < 2:
        reason = f"{len(rows)} of {len(paths)} looked at can be read, expected 2 or more to adapt to"
        raise NoPictures(str(folder), reason)
    if split is None:
        return SeenPictures(unit(means), rows)
    flat = means.reshape(-1, *split.to_vector.input_shape[1:])
    vectors = split.to_vector.predict(flat, batch_size=_BATCH, verbose=0)
    return SeenPictures(unit(np.asarray(vectors, dtype=np.float32).reshape(*means.shape[:2], -1)), rows)


def _run(
    network: keras.Model,
    description: EncoderDescription,
    paths: Sequence[Path],
    weights: Floats,
    progress: Progress,
) -> SeenPictures:
    """The means (n, v, c) of what `network` gives for each picture, by `weights` (v, places)."""
    running = Network(converted(network, description.name))
    mean, scale = (np.array(each, dtype=np.float32) for each in (description.mean, description.scale))

    def one(path: Path) -> Floats | None:
        try:
            picture = load(path, description.size, decoding=DECODING)
        except ImageUnreadable:  # it could be read a minute ago: somebody works in the folder
            return None
        found = running.run_one((picture.astype(np.float32) - mean) / scale)
        return np.asarray(weights @ found.reshape(weights.shape[1], -1), dtype=np.float32)

    means, rows = [], []
    with progress.step("run the network", total=len(paths)) as step:
        for row, each in enumerate(in_order(one, paths)):
            step.advance()
            if each is not None:
                means.append(each)
                rows.append(row)
    return SeenPictures(np.array(means, dtype=np.float32), np.array(rows, dtype=np.intp))
