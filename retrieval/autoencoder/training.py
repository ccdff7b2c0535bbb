"""Train an architecture, or fit a recipe and fine-tune it: from pixels and options to a run with a model."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np

from ..encoder import EncoderDescription, Model
from ..encoder.model import KERAS
from ..images import DECODING
from ..progress import Progress
from .architectures import NetworkConfig
from .dataset import Pixels, Rows, Split, channels_of, spread
from .export import export, to_litert
from .networks import build
from .objectives import Contrastive, Objective, Reconstruction
from .options import RecipeRules, TrainingOptions
from .recipes import RECIPES
from .run import Run
from .solved.config import choose_config
from .solved.copies import with_copies
from .trainer import Batches, OnEpoch, Trainer, computing_with

_FULL_SCALE = 255.0
# Of the two parts of the loss: squared errors are hundredths, the contrastive cross-entropy is about 1.
_CONTRASTIVE_WEIGHT = 0.02


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

    An architecture that has a recipe is fitted by it, to a bounded number of the pictures spread evenly, and
    trained on, end to end and on all, only with `fine_tune`.

    Raises:
        ValueError: pictures of another size than the options say, or fewer than two.
        TrainingFailed: the loss is no longer a number.
        RunInvalid: what the run kept of an earlier call cannot be used.
    """
    _refuse_shape(pixels, options)
    split = Split.draw(len(pixels), options.validation, seed=options.seed)
    options, progress = options.resolved(len(split.training)), progress or Progress()
    channels = channels or channels_of(pixels)
    batches = Batches(pixels, options.corruption(channels=channels), options.batch_size or 0, options.seed)

    def descend(network: keras.Model, objective: Objective) -> None:
        Trainer(network, objective, batches, split, options, run, on_epoch).fit(progress=progress)

    if options.rules:
        model = _fitted(pixels, options, options.rules, run, progress)
        if options.fine_tune:
            model.save(run.folder)
            keras.utils.set_random_seed(options.seed)
            network = keras.models.load_model(run.folder / KERAS, compile=False)
            descend(network, _contrastive(network, model.encoder.description, options))
            description = _with_options(model.encoder.description, options)
            model = export(network, description, running=_with_copies(network, description, pixels))
    else:
        config = options.network_config(channels=channels)
        with computing_with(options.precision):
            keras.utils.set_random_seed(options.seed)
            network = build(config)
            descend(network, Reconstruction(network, config.loss, sparsity=options.sparsity))
        model = export(_in_float32(network, config), _description(config, options))
    model.save(run.folder)
    return model


def fitted_rows(count: int, options: TrainingOptions) -> Rows:
    """Which of `count` pictures `train` fits weights to, sorted: not those held back to measure on."""
    trained = Split.draw(count, options.validation, seed=options.seed).training
    if not options.rules:
        return trained
    recipe = spread(np.arange(count), options.rules.max_pictures[options.size])
    return np.union1d(recipe, trained) if options.fine_tune else recipe


def _fitted(
    pixels: Pixels, options: TrainingOptions, rules: RecipeRules, run: Run, progress: Progress
) -> Model:
    """The model as the recipe fits it; that of an earlier call where it was interrupted while tuning."""
    if (run.folder / KERAS).exists():
        return Model.open(run.folder)
    chosen = pixels[spread(np.arange(len(pixels)), rules.max_pictures[options.size])]
    model = RECIPES[options.architecture].fit(
        chosen, dim=options.latent_dim, seed=options.seed, decoder=True, progress=progress
    )
    encoder = model.encoder
    described = type(encoder)(encoder.model, _with_options(encoder.description, options))
    return replace(model, encoder=described)


def _with_copies(network: keras.Model, description: EncoderDescription, pixels: Pixels) -> bytes | None:
    """The running encoder of `network` with the vector for copies solved anew; None where it has none."""
    if not description.copy_dim:
        return None
    both = with_copies(network.get_layer("encoder"), pixels, seed=description.details["seed"])
    return to_litert(both, quantized=True)


def _contrastive(
    network: keras.Model, description: EncoderDescription, options: TrainingOptions
) -> Contrastive:
    views = choose_config(options.size, aligned=bool(description.details.get("aligned")))
    return Contrastive(
        network,
        least_side=views.least_side,
        mirror=views.mirror,
        weight=_CONTRASTIVE_WEIGHT,
        seed=options.seed,
    )


def _in_float32(network: keras.Model, config: NetworkConfig) -> keras.Model:
    """The same network for running: what is trained in fewer bits is kept in 32."""
    with computing_with("float32"):
        copy = build(config)
    copy.set_weights([weight.value.numpy() for weight in network.weights])
    return copy


def _description(config: NetworkConfig, options: TrainingOptions) -> EncoderDescription:
    name, details = config.architecture.name, {"channels": config.channels}
    description = EncoderDescription(name, config.size, config.dim, scale=(_FULL_SCALE,), details=details)
    return _with_options(description, options, code_shape=config.code_shape)


def _with_options(
    description: EncoderDescription, options: TrainingOptions, code_shape: tuple[int, ...] = ()
) -> EncoderDescription:
    shape = list(code_shape or [description.dim])
    details = {**description.details, "code_shape": shape, "options": options.to_dict()}
    return replace(description, details=details, decoding=DECODING)


def _refuse_shape(pixels: Pixels, options: TrainingOptions) -> None:
    side = options.size
    if pixels.ndim != 4 or pixels.shape[1:] != (side, side, 3) or pixels.dtype != np.uint8:
        raise ValueError(f"pictures are {pixels.shape} {pixels.dtype}, expected (n, {side}, {side}, 3) uint8")
    if len(pixels) < 2:
        raise ValueError(f"{len(pixels)} pictures, expected 2 or more to train on")
