"""`retrieve train`: an autoencoder of your choice, trained on a folder of pictures."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from .options import JsonOption, ThreadsOption
from .printing import counted, echo, echo_json, note, printable

if TYPE_CHECKING:
    from ..autoencoder.folder_training import Trained
    from ..autoencoder.options import TrainingOptions
    from ..progress import Progress

Architectures = Literal[
    "solved",
    "solved-photos",
    "solved-aligned",
    "solved-grey",
    "solved-colors",
    "dense",
    "conv-pool",
    "conv-strided",
    "conv",
]

_DEFAULT: Architectures = "solved"
_NAMED = 3
_CHANNELS = {1: "grey", 3: "colour"}


def train(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Pictures, also in folders below it.")],
    *,
    architecture: Annotated[
        Architectures | None, typer.Option("--architecture", "-a", help="Default: solved.")
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run", metavar="DIR", help="Where the run goes. Default: FOLDER/.retrieve-runs/ARCHITECTURE."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run after an interruption, or to more --epochs.")
    ] = False,
    fine_tune: Annotated[
        bool, typer.Option("--fine-tune", help="Train the solved encoder on, end to end.")
    ] = False,
    size: Annotated[
        int | None, typer.Option(help="Pixels of a side, a multiple of 4. Default: 28, 32 or 64, as suits.")
    ] = None,
    latent_dim: Annotated[int | None, typer.Option(help="Numbers of the code, which is then flat.")] = None,
    upscaling: Annotated[
        Literal["up-sampling", "transposed"] | None, typer.Option(help="How the decoder enlarges.")
    ] = None,
    noise: Annotated[
        float | None, typer.Option(help="Denoise: deviation of the noise, on values of 0 to 1.")
    ] = None,
    occlude: Annotated[float | None, typer.Option(help="Denoise: share that a rectangle covers.")] = None,
    loss: Annotated[
        Literal["mse", "bce"] | None, typer.Option(help="Squared error or cross-entropy.")
    ] = None,
    sparsity: Annotated[
        float | None, typer.Option(help="Weight of the code's mean absolute value in the loss.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Default: 30, more for fewer than 1,600 pictures; to fine-tune 3.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Default: 64, below 1,000 pictures 16; to fine-tune 32.")
    ] = None,
    validation: Annotated[float | None, typer.Option(help="Share held back to measure on [0.1].")] = None,
    early_stopping: Annotated[
        int | None,
        typer.Option(metavar="EPOCHS", help="Stop after so many without a better validation loss."),
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Default: 0.001, to fine-tune 0.0001.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The same seed draws the same numbers [0].")] = None,
    precision: Annotated[
        Literal["auto", "float32", "mixed"] | None,
        typer.Option(help="float16 where it is faster (auto), never, or always."),
    ] = None,
    snapshots: Annotated[
        bool | None, typer.Option("--snapshots", help="Draw the reconstructions after each epoch.")
    ] = None,
    html: Annotated[
        bool, typer.Option("--html", help="Also write look/look.html, with all pictures.")
    ] = False,
    _threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train an autoencoder on the pictures in FOLDER.

    \b
    retrieve train photos/ --architecture conv
    retrieve train scans/ --architecture conv-pool --noise 0.3 --run runs/denoiser
    """
    from ..memory import keep_freed_memory

    keep_freed_memory()  # before the imports below begin threads
    from ..autoencoder.run import HIDDEN_RUNS
    from .progress import progress_on_stderr

    given = {
        "size": size,
        "latent_dim": latent_dim,
        "upscaling": upscaling,
        "noise": noise,
        "occlude": occlude,
        "loss": loss,
        "sparsity": sparsity,
        "epochs": epochs,
        "batch_size": batch_size,
        "validation": validation,
        "early_stopping": early_stopping,
        "learning_rate": learning_rate,
        "seed": seed,
        "precision": precision,
        "snapshots": snapshots,
    }
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if fine_tune:
        chosen["fine_tune"] = True
    if architecture is not None or not resume:
        chosen["architecture"] = architecture or _DEFAULT
    run_folder = run or folder / HIDDEN_RUNS / (architecture or _DEFAULT)
    progress = progress_on_stderr(quiet=as_json)
    trained = _train(folder, run_folder, chosen, progress, resume=resume, html=html)
    if as_json:
        echo_json(_as_object(trained))
    else:
        _report(folder, trained)


def _train(
    folder: Path, run_folder: Path, chosen: dict[str, Any], progress: Progress, *, resume: bool, html: bool
) -> Trained:
    _refuse_early(folder, run_folder, resume=resume)
    options = None if resume else _options_for(folder, chosen)
    epochs = _epochs_alone(run_folder, chosen) if resume else None
    with progress.step("load TensorFlow"):
        from ..autoencoder import folder_training
    try:
        if options is None:
            return folder_training.resume(folder, run_folder, epochs=epochs, page=html, progress=progress)
        return folder_training.start(folder, run_folder, options, page=html, progress=progress)
    except KeyboardInterrupt:
        if (run_folder / "last.npz").exists():
            note(f"\nto go on after the last whole epoch: {_command(folder, run_folder)} --resume")
        raise


def _refuse_early(folder: Path, run_folder: Path, *, resume: bool) -> None:
    """What training itself refuses too, but only when TensorFlow is loaded."""
    from ..autoencoder.run import Run, refuse_inside

    refuse_inside(folder, run_folder)
    if not resume:
        Run.refuse_taken(run_folder)


def _options_for(folder: Path, chosen: dict[str, Any]) -> TrainingOptions:
    """The options `chosen`, with the size that suits the pictures and the defaults of the architecture."""
    from ..autoencoder.dataset import fitting_size
    from ..autoencoder.options import DEFAULT_SIZES, RECIPE_RULES

    rules = RECIPE_RULES.get(chosen["architecture"])
    if rules and chosen.get("fine_tune"):
        chosen = {**rules.tuning, **chosen}
    options = _options({"size": max(DEFAULT_SIZES), **chosen})
    if "size" in chosen:
        return options
    return _options({**chosen, "size": fitting_size(folder, rules.sizes if rules else DEFAULT_SIZES)})


def _options(chosen: dict[str, Any]) -> TrainingOptions:
    from ..autoencoder.options import TrainingOptions

    try:
        return TrainingOptions(**chosen)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _epochs_alone(run_folder: Path, chosen: dict[str, Any]) -> int | None:
    """The number of epochs asked for; everything else must be as the run was started."""
    from ..autoencoder.options import TrainingOptions
    from ..autoencoder.run import Run

    before = TrainingOptions.of_run(Run.open(run_folder)).to_dict()
    for name, value in chosen.items():
        if name != "epochs" and before[name] != value:
            raise typer.BadParameter(
                f"{name} is {value}, but the run in {printable(run_folder)} was started with {before[name]}: "
                "only the epochs of a run can be changed"
            )
    return _options(before | chosen).epochs if "epochs" in chosen else None


def _quoted(path: Path) -> str:
    return printable(shlex.quote(str(path)))


def _command(folder: Path, run: Path) -> str:
    return f"retrieve train {_quoted(folder)} --run {_quoted(run)}"


def _report(folder: Path, trained: Trained) -> None:
    description, run = trained.model.encoder.description, trained.run.folder
    dataset = trained.dataset
    echo(f"trained {description.name} on {counted(len(dataset.paths), 'picture')} of {printable(folder)}")
    echo(f"  pictures  {description.size} × {description.size}, {_CHANNELS[dataset.channels]}")
    shape = " × ".join(str(length) for length in description.details["code_shape"])
    echo(f"  code      {shape} = {description.dim:,} numbers a picture")
    if trained.history:
        best = trained.best
        echo(
            f"  epoch     {best.epoch} of {len(trained.history)} was best: validation loss "
            f"{best.validation_loss:.5f}, mean squared error {best.validation_mse:.5f}"
        )
    # Of pictures no more than dims, PCA gives back those that it was fitted to.
    pca = f"{trained.pca_psnr:.1f} dB" if math.isfinite(trained.pca_psnr) else "exact"
    echo(f"  PSNR      {trained.psnr:.1f} dB; PCA of as many dims {pca}")
    echo(f"  run       {printable(run)}")
    echo(f"  look      {printable(run / 'look')}")
    for rejection in dataset.rejections[:_NAMED]:
        note(f"left out {printable(rejection.path)}: {printable(rejection.reason)}")
    if len(dataset.rejections) > _NAMED:
        note(f"left out {len(dataset.rejections) - _NAMED:,} more, see {printable(run / 'config.json')}")
    for hint in _hints(folder, trained):
        note(hint)
    options = description.details["options"]
    if options["noise"] or options["occlude"]:
        note(f"\nnext: retrieve denoise IMG --run {_quoted(run)} --out DIR")
    else:
        note(f"\nnext: retrieve index {_quoted(folder)} --encoder {_quoted(run)}")


def _hints(folder: Path, trained: Trained) -> Iterator[str]:
    """What to try where longer training, or another architecture, is likely to give a better model."""
    epochs, is_map = len(trained.history), len(trained.model.encoder.description.details["code_shape"]) == 3
    longer = f"{_command(folder, trained.run.folder)} --resume --epochs {2 * epochs}"
    improving = epochs > 0 and trained.best.epoch == epochs
    if improving:
        yield f"it was still improving in the last epoch: {longer}"
    if trained.psnr < trained.pca_psnr < math.inf:
        maps = f"an encoder whose code is a map: retrieve train {_quoted(folder)} --architecture conv-strided"
        way_out = "more epochs" if improving else "more pictures" if is_map else maps
        yield (
            f"reconstructions are worse than those of PCA with as many dims ({trained.psnr:.1f} against "
            f"{trained.pca_psnr:.1f} dB): try {way_out}"
        )


def _as_object(trained: Trained) -> dict[str, Any]:
    description = trained.model.encoder.description
    return {
        "run": str(trained.run.folder),
        "architecture": description.name,
        "size": description.size,
        "dim": description.dim,
        "code_shape": description.details["code_shape"],
        "channels": trained.dataset.channels,
        "pictures": len(trained.dataset.paths),
        "rejections": [{"path": one.path, "reason": one.reason} for one in trained.dataset.rejections],
        "psnr": _finite(trained.psnr),
        "pca_psnr": _finite(trained.pca_psnr),
        "history": [asdict(epoch) for epoch in trained.history],
    }


def _finite(decibels: float) -> float | None:
    """The PSNR of equal pictures is infinite, which JSON cannot say."""
    return decibels if math.isfinite(decibels) else None
