"""Everything that can be chosen about training, checked before TensorFlow is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from ..errors import RunInvalid
from .architectures import ARCHITECTURES, Enlarging, Loss
from .corruption import Corruption
from .design import Design
from .run import Run

Precision = Literal["auto", "float32", "mixed"]

SOLVED = "solved"
_SOLVED_SIZES = (32, 64)
_NEVER_FOR_SOLVED = ("upscaling", "loss", "sparsity", "precision")
_ONLY_TUNED = ("noise", "occlude", "epochs", "batch_size", "early_stopping", "learning_rate", "snapshots")

_CHOICES = {
    "architecture": (SOLVED, *ARCHITECTURES),
    "upscaling": (None, "up-sampling", "transposed"),
    "loss": (None, "mse", "bce"),
    "precision": ("auto", "float32", "mixed"),
}


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How to train. `size` is the side in pixels; None for `latent_dim`, `upscaling`, `loss`: as the
    architecture says.

    `noise` and `occlude` make it a denoising autoencoder: what goes in is corrupted, freshly in every epoch,
    the target is clean. `sparsity` weighs the mean absolute value of the code, added to the loss.
    `validation` is the share of the pictures that is held back to measure on; after `early_stopping` epochs
    without a better loss there, training ends (0: never). The rate of learning falls from `learning_rate` to
    a twentieth of it along a cosine. `precision` "auto" computes in float16 on GPUs made for it. With
    `fine_tune` the solved encoder is trained on, end to end; without, it has nothing to be trained.

    Example:
        >>> TrainingOptions("conv-pool", size=28, noise=0.5).design(channels=1).code_shape
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
    epochs: int = 30
    batch_size: int = 64
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

    def to_dict(self) -> dict[str, Any]:
        """Every option by its name, for JSON."""
        return asdict(self)

    def design(self, *, channels: int) -> Design:
        """The network these options ask for, for pictures of 1 or 3 channels."""
        architecture = ARCHITECTURES[self.architecture]
        return Design(architecture, self.size, channels, self.latent_dim, self.upscaling, self.loss)

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
    elif options.architecture == SOLVED:
        yield from _faults_of_solved(options)
    elif options.fine_tune:
        yield f"fine_tune is for the solved encoder, {options.architecture} is trained from the start"
    elif _is_too_small(options):
        smallest = -(-2 * ARCHITECTURES[options.architecture].smallest_map // 4) * 4
        yield f"size is {options.size}, expected {smallest} or more for {options.architecture}"
    for name in ("epochs", "batch_size"):
        if getattr(options, name) < 1:
            yield f"{name} is {getattr(options, name)}, expected 1 or more"
    if options.latent_dim is not None and options.latent_dim < 1:
        yield f"latent_dim is {options.latent_dim}, expected 1 or more"
    for name in ("noise", "sparsity", "early_stopping", "seed"):
        if not getattr(options, name) >= 0:
            yield f"{name} is {getattr(options, name)}, expected 0 or more"
    for name in ("occlude", "validation"):
        if not 0 <= getattr(options, name) < 1:
            yield f"{name} is {getattr(options, name)}, expected a share of 0 or more, below 1"
    if not options.learning_rate > 0:
        yield f"learning_rate is {options.learning_rate}, expected more than 0"


def _faults_of_solved(options: TrainingOptions) -> Iterator[str]:
    if options.size not in _SOLVED_SIZES:
        yield f"size is {options.size}, expected 32 or 64 for the solved encoder"
    defaults = {field.name: field.default for field in fields(options)}
    for name in _NEVER_FOR_SOLVED:
        if getattr(options, name) != defaults[name]:
            yield f"{name} is {getattr(options, name)!r}, which the solved encoder leaves no choice of"
    for name in _ONLY_TUNED:
        if not options.fine_tune and getattr(options, name) != defaults[name]:
            yield (
                f"{name} is {getattr(options, name)!r}, which is for training: the solved encoder is not "
                "trained, unless you fine-tune it; or choose another architecture"
            )


def _is_too_small(options: TrainingOptions) -> bool:
    architecture = ARCHITECTURES.get(options.architecture)
    return architecture is not None and bool(architecture.filters) and not architecture.stages(options.size)


def options_of(run: Run) -> TrainingOptions:
    """What `run` was started with.

    Raises:
        RunInvalid: its configuration is not one of this version.
    """
    try:
        return TrainingOptions.parse(run.config().get("options", {}))
    except (TypeError, ValueError) as error:
        raise RunInvalid(str(run.folder), f"its options cannot be used: {error}") from error
