"""Train an architecture on pictures: from options to a run with a model in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ..encoder import EncoderDescription, Model
from ..progress import Progress
from .descent import Descent
from .design import Design
from .device import computing_with
from .export import export
from .gather import channels_of
from .logs import Logs
from .networks import build
from .objective import Reconstruction
from .options import TrainingOptions
from .pipeline import Pipeline
from .run import LOGS, Epoch, Run
from .split import split

Pixels = NDArray[np.uint8]
OnEpoch = Callable[[keras.Model, Epoch], None]

_FULL_SCALE = 255.0


def train(
    pixels: Pixels,
    options: TrainingOptions,
    run: Run,
    *,
    channels: int | None = None,
    progress: Progress | None = None,
    on_epoch: OnEpoch | None = None,
) -> Model:
    """Train on `pixels` (n, size, size, 3) uint8, n >= 2, from where `run` stands, and put the model into it.

    `channels` is 1 for grey pictures, None to look at all of them. `on_epoch` is called with the network as
    it is after each epoch. Interrupted at any time, the same call goes on after the last whole epoch. The
    seed decides all that is random; results are equal where TensorFlow's own computations are.

    Raises:
        ValueError: pictures of another size than the options say, or fewer than two.
        TrainingFailed: the loss is no longer a number.
        RunInvalid: what the run kept of an earlier call cannot be used.
    """
    refuse_shape(pixels, options)
    channels = channels or channels_of(pixels)
    design = options.design(channels=channels)
    pipeline = Pipeline(pixels, options.corruption(channels=channels), options.batch_size, options.seed)
    parts = split(len(pixels), options.validation, seed=options.seed)
    with computing_with(options.precision):
        keras.utils.set_random_seed(options.seed)
        network = build(design)
        objective = Reconstruction(network, design.loss, sparsity=options.sparsity)
        tell = follow(network, run, on_epoch)
        Descent(network, objective, pipeline, parts, options, run, tell).go(progress=progress or Progress())
    model = export(_in_float32(network, design), _description(design, options))
    model.save(run.folder)
    return model


def follow(network: keras.Model, run: Run, on_epoch: OnEpoch | None) -> Callable[[Epoch], None]:
    """What to call after each epoch: it writes the logs of `run` and calls `on_epoch` with the `network`."""
    logs = Logs(run.folder / LOGS)

    def tell(epoch: Epoch) -> None:
        logs.write(epoch)
        if on_epoch is not None:
            on_epoch(network, epoch)

    return tell


def _in_float32(network: keras.Model, design: Design) -> keras.Model:
    """The same network for running: what is trained in fewer bits is kept in 32."""
    with computing_with("float32"):
        copy = build(design)
    copy.set_weights([weight.value.numpy() for weight in network.weights])
    return copy


def _description(design: Design, options: TrainingOptions) -> EncoderDescription:
    details: dict[str, Any] = {
        "channels": design.channels,
        "code_shape": list(design.code_shape),
        "options": options.to_dict(),
    }
    name = design.architecture.name
    return EncoderDescription(name, design.size, design.dim, scale=(_FULL_SCALE,), details=details)


def refuse_shape(pixels: Pixels, options: TrainingOptions) -> None:
    """See that `pixels` are (n, size, size, 3) uint8 of the size of `options`, n >= 2.

    Raises:
        ValueError: they are not.
    """
    side = options.size
    if pixels.ndim != 4 or pixels.shape[1:] != (side, side, 3) or pixels.dtype != np.uint8:
        raise ValueError(f"pictures are {pixels.shape} {pixels.dtype}, expected (n, {side}, {side}, 3) uint8")
    if len(pixels) < 2:
        raise ValueError(f"{len(pixels)} pictures, expected 2 or more to train on")
