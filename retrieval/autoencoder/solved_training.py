"""The solved encoder as a training run, and its fine-tuning, end to end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ..encoder import EncoderDescription, Model
from ..encoder.model import KERAS
from ..progress import Progress
from .agreement import Agreement
from .descent import Descent
from .export import export
from .gather import channels_of
from .options import TrainingOptions
from .pipeline import Pipeline
from .run import Run
from .solved import DIM, solve
from .solved.config import choose_config
from .split import split
from .training import OnEpoch, follow, refuse_shape

Pixels = NDArray[np.uint8]

_MOST = 3_000
# Of the two parts of the loss: squared errors are hundredths, the agreement's cross-entropy is about 1.
_WEIGHT = 0.02


def train_solved(
    pixels: Pixels,
    options: TrainingOptions,
    run: Run,
    *,
    channels: int | None = None,
    progress: Progress | None = None,
    on_epoch: OnEpoch | None = None,
) -> Model:
    """Solve the default encoder for `pixels`, fine-tune it if the options say so, and put it into `run`.

    As `training.train`; it is solved from up to 3,000 of the pictures, spread evenly, and tuned on all. The
    folder holds the solved model while it is being tuned. Interrupted, only the tuning goes on.
    """
    refuse_shape(pixels, options)
    progress = progress or Progress()
    model = Model.open(run.folder) if (run.folder / KERAS).exists() else _solved(pixels, options, progress)
    model.save(run.folder)
    if not options.fine_tune:
        return model
    keras.utils.set_random_seed(options.seed)
    network = keras.models.load_model(run.folder / KERAS, compile=False)
    corruption = options.corruption(channels=channels or channels_of(pixels))
    pipeline = Pipeline(pixels, corruption, options.batch_size, options.seed)
    parts = split(len(pixels), options.validation, seed=options.seed)
    tell = follow(network, run, on_epoch)
    objective = _objective(network, model.encoder.description, options)
    Descent(network, objective, pipeline, parts, options, run, tell).go(progress=progress)
    tuned = export(network, _described(model.encoder.description, options))
    tuned.save(run.folder)
    return tuned


def _solved(pixels: Pixels, options: TrainingOptions, progress: Progress) -> Model:
    rows = np.unique(np.linspace(0, len(pixels) - 1, min(len(pixels), _MOST)).astype(np.int64))
    model = solve(pixels[rows], dim=options.latent_dim or DIM, seed=options.seed, progress=progress)
    return replace(
        model,
        encoder=type(model.encoder)(model.encoder.model, _described(model.encoder.description, options)),
    )


def _objective(network: Any, description: EncoderDescription, options: TrainingOptions) -> Agreement:
    config = choose_config(options.size, aligned=bool(description.details["aligned"]))
    return Agreement(
        network, least_side=config.least_side, mirror=config.mirror, weight=_WEIGHT, seed=options.seed
    )


def _described(description: EncoderDescription, options: TrainingOptions) -> EncoderDescription:
    details = {**description.details, "code_shape": [description.dim], "options": options.to_dict()}
    return replace(description, details=details)
