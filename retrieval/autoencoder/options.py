"""Everything that can be chosen about training, checked before TensorFlow is loaded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from ..errors import RunInvalid
from ..sample import MOST, MOST_SMALL
from .architectures import ARCHITECTURES, Enlarging, Loss, NetworkConfig
from .corruption import Corruption
from .run import Run

Precision = Literal["auto", "float32", "mixed"]

DEFAULT_SIZES = (28, 32, 64)
"""Sides in pixels to choose from where none is asked for."""

_MIN_EPOCHS = 30
_MIN_SHOWN = 48_000
_FEW, _SMALL_BATCH, _BATCH = 1_000, 16, 64


@dataclass(frozen=True, slots=True)
class RecipeRules:
    """What can be chosen for an encoder that is fitted by a recipe of `recipes.RECIPES`, not by gradients.

    sizes: sides in pixels that it takes. max_pictures: how many of each size it is fitted to. fixed: options
    that it leaves no choice of. tuning: its defaults with `fine_tune`; tuning_only: what needs `fine_tune`.
    """

    sizes: tuple[int, ...]
    max_pictures: Mapping[int, int] = field(default_factory=lambda: {32: MOST_SMALL, 64: MOST})
    fixed: tuple[str, ...] = ("upscaling", "loss", "sparsity", "precision")
    tuning: Mapping[str, Any] = field(
        default_factory=lambda: {"epochs": 3, "learning_rate": 1e-4, "batch_size": 32}
    )
    tuning_only: tuple[str, ...] = (
        "noise", "occlude", "epochs", "batch_size", "early_stopping", "learning_rate", "snapshots",
    )  # fmt: skip


_SOLVED = RecipeRules(sizes=(32, 64))
RECIPE_RULES = dict.fromkeys(
    ("solved", "solved-photos", "solved-aligned", "solved-grey", "solved-colors"), _SOLVED
)
"""One entry for each of `recipes.RECIPES`. All other architectures are trained by gradient descent."""

_CHOICES = {
    "architecture": (*RECIPE_RULES, *ARCHITECTURES),
    "upscaling": (None, "up-sampling", "transposed"),
    "loss": (None, "mse", "bce"),
    "precision": ("auto", "float32", "mixed"),
}


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How to train. `size` is the side in pixels; None for `latent_dim`, `upscaling`, `loss`: as the
    architecture says; None for `epochs`, `batch_size`: as suits the number of pictures, see `resolved`.

    `noise` and `occlude` make it a denoising autoencoder: what goes in is corrupted, freshly in every epoch,
    the target is clean. `sparsity` weighs the mean absolute value of the code, added to the loss.
    `validation` is the share of the pictures that is held back to measure on; after `early_stopping` epochs
    without a better loss there, training ends (0: never). The learning rate falls from `learning_rate` to
    a twentieth of it along a cosine. `precision` "auto" computes in float16 on GPUs made for it. With
    `fine_tune` an encoder that a recipe fitted is trained on, end to end; without, it is not trained.

    Example:
        >>> TrainingOptions("conv-pool", size=28, noise=0.5).network_config(channels=1).code_shape
        (7, 7, 32)
    """

    architecture: str
    size: int = 64
    latent_dim: int | None = None
    upscaling: Enlarging | None = None
    noise: float = 0.0
    occlude: float = 0.0
    loss: Loss | None = None
    sparsity: float = 0.0
    epochs: int | None = None
    batch_size: int | None = None
    validation: float = 0.1
    early_stopping: int = 0
    learning_rate: float = 1e-3
    seed: int = 0
    precision: Precision = "auto"
    snapshots: bool = False
    fine_tune: bool = False

    def __post_init__(self) -> None:
        """Check all of it.

        Raises:
            ValueError: names every option that cannot be, what it is and what was expected.
        """
        faults = list(_faults(self))
        if faults:
            raise ValueError("; ".join(faults))

    @classmethod
    def parse(cls, values: dict[str, Any]) -> TrainingOptions:
        """The options that `to_dict` gave.

        Raises:
            ValueError: an option that is unknown here, or cannot be.
        """
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown or "architecture" not in values:
            raise ValueError(f"unknown options {', '.join(unknown)}" if unknown else "no architecture")
        return cls(**values)

    @classmethod
    def of_run(cls, run: Run) -> TrainingOptions:
        """What `run` was started with.

        Raises:
            RunInvalid: its configuration is not one of this version.
        """
        try:
            return cls.parse(run.config().get("options", {}))
        except (TypeError, ValueError) as error:
            raise RunInvalid(str(run.folder), f"its options cannot be used: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """Every option by its name, for JSON."""
        return asdict(self)

    def resolved(self, num_pictures: int) -> TrainingOptions:
        """With `epochs` and `batch_size` as suits `num_pictures` to train on, where they were left open.

        Few pictures need many epochs: the network sees 48,000 pictures in all, in 30 epochs at least. Below
        1,000 pictures batches are of 16, otherwise of 64, so that this makes 750 to 3,000 steps or more.

        Example:
            >>> options = TrainingOptions("conv").resolved(200)
            >>> options.epochs, options.batch_size
            (240, 16)
        """
        if self.rules and not self.fine_tune:
            return self
        epochs = max(_MIN_EPOCHS, math.ceil(_MIN_SHOWN / num_pictures))
        batch_size = _SMALL_BATCH if num_pictures < _FEW else _BATCH
        return replace(self, epochs=self.epochs or epochs, batch_size=self.batch_size or batch_size)

    @property
    def rules(self) -> RecipeRules | None:
        """The rules of the recipe that fits this encoder; None where it is trained by gradient descent."""
        return RECIPE_RULES.get(self.architecture)

    def network_config(self, *, channels: int) -> NetworkConfig:
        """The network that these options ask for, for pictures of 1 or 3 channels."""
        architecture = ARCHITECTURES[self.architecture]
        return NetworkConfig(architecture, self.size, channels, self.latent_dim, self.upscaling, self.loss)

    def corruption(self, *, channels: int) -> Corruption:
        """What the network has to undo."""
        return Corruption(self.noise, self.occlude, grey=channels == 1)


def _faults(options: TrainingOptions) -> Iterator[str]:
    for name, choices in _CHOICES.items():
        if getattr(options, name) not in choices:
            listed = ", ".join(str(choice) for choice in choices if choice is not None)
            yield f"{name} is {getattr(options, name)!r}, expected one of {listed}"
    if options.size < 8 or options.size % 4:
        yield f"size is {options.size}, expected a multiple of 4 from 8 up: every stage halves the sides"
    elif options.rules:
        yield from _faults_by_rules(options, options.rules)
    elif options.fine_tune:
        yield (
            f"fine_tune is for the {' or '.join(RECIPE_RULES)} encoder, "
            f"{options.architecture} is trained from the start"
        )
    elif _is_too_small(options):
        smallest = -(-2 * ARCHITECTURES[options.architecture].smallest_map // 4) * 4
        yield f"size is {options.size}, expected {smallest} or more for {options.architecture}"
    for name in ("epochs", "batch_size", "latent_dim"):
        value = getattr(options, name)
        if value is not None and value < 1:
            yield f"{name} is {value}, expected 1 or more"
    for name in ("noise", "sparsity", "early_stopping", "seed"):
        if not getattr(options, name) >= 0:
            yield f"{name} is {getattr(options, name)}, expected 0 or more"
    for name in ("occlude", "validation"):
        if not 0 <= getattr(options, name) < 1:
            yield f"{name} is {getattr(options, name)}, expected a share of 0 or more, below 1"
    if not options.learning_rate > 0:
        yield f"learning_rate is {options.learning_rate}, expected more than 0"


def _faults_by_rules(options: TrainingOptions, rules: RecipeRules) -> Iterator[str]:
    encoder = f"the {options.architecture} encoder"
    if options.size not in rules.sizes:
        yield f"size is {options.size}, expected {' or '.join(map(str, rules.sizes))} for {encoder}"
    changed = {each.name for each in fields(options) if getattr(options, each.name) != each.default}
    for name in rules.fixed:
        if name in changed:
            yield f"{name} is {getattr(options, name)!r}, which {encoder} leaves no choice of"
    for name in rules.tuning_only:
        if name in changed and not options.fine_tune:
            yield (
                f"{name} is {getattr(options, name)!r}, which is for training: {encoder} is not "
                "trained, unless you fine-tune it; or choose another architecture"
            )


def _is_too_small(options: TrainingOptions) -> bool:
    architecture = ARCHITECTURES.get(options.architecture)
    return architecture is not None and bool(architecture.filters) and not architecture.stages(options.size)
