"""`retrieve train`: an autoencoder of your choice, trained on a folder of pictures."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from .options import JsonOption
from .printing import echo, echo_json, note, printable

if TYPE_CHECKING:
    from ..autoencoder.folder_training import Trained
    from ..autoencoder.options import TrainingOptions

Architectures = Literal["solved", "dense", "conv-pool", "conv-strided", "conv"]

_DEFAULT: Architectures = "solved"
_TUNING = {"epochs": 3, "learning_rate": 1e-4, "batch_size": 32}
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
        typer.Option("--run", metavar="DIR", help="Where the run goes. Default: runs/FOLDER-ARCHITECTURE."),
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
    epochs: Annotated[int | None, typer.Option(help="Default: 30, to fine-tune 3.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Default: 64, to fine-tune 32.")] = None,
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
    as_json: JsonOption = False,
) -> None:
    """Train an autoencoder on the pictures in FOLDER.

    \b
    retrieve train photos/ --architecture conv
    retrieve train scans/ --architecture conv-pool --noise 0.3 --run runs/denoiser
    """
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
        chosen = chosen if resume else _TUNING | chosen
    if architecture is not None or not resume:
        chosen["architecture"] = architecture or _DEFAULT
    run_folder = run or Path("runs", f"{folder.resolve().name}-{architecture or _DEFAULT}")
    trained = _train(folder, run_folder, chosen, resume=resume, html=html)
    if as_json:
        echo_json(_as_object(trained))
    else:
        _report(folder, trained)


def _train(folder: Path, run_folder: Path, chosen: dict[str, Any], *, resume: bool, html: bool) -> Trained:
    from ..autoencoder.gather import fitting_size
    from ..progress import Progress
    from .progress import progress_on_stderr

    progress: Progress = progress_on_stderr()
    if resume:
        options = None
        epochs = _epochs_alone(run_folder, chosen)
    else:
        options = _options({"size": 64, **chosen})
        if "size" not in chosen:
            least = 32 if options.architecture == _DEFAULT else 0
            options = _options({"size": max(least, fitting_size(folder)), **chosen})
    with progress.step("load TensorFlow"):
        from ..autoencoder import folder_training
    try:
        if options is None:
            return folder_training.resume(folder, run_folder, epochs=epochs, page=html, progress=progress)
        return folder_training.start(folder, run_folder, options, page=html, progress=progress)
    except KeyboardInterrupt:
        if (run_folder / "last.npz").exists():
            again = f"retrieve train {printable(folder)} --run {printable(run_folder)} --resume"
            note(f"\nto go on after the last whole epoch: {again}")
        raise


def _options(chosen: dict[str, Any]) -> TrainingOptions:
    from ..autoencoder.options import TrainingOptions

    try:
        return TrainingOptions(**chosen)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _epochs_alone(run_folder: Path, chosen: dict[str, Any]) -> int | None:
    """The number of epochs asked for; everything else must be as the run was started."""
    from ..autoencoder.options import options_of
    from ..autoencoder.run import Run

    before = options_of(Run.open(run_folder)).to_dict()
    for name, value in chosen.items():
        if name != "epochs" and before[name] != value:
            raise typer.BadParameter(
                f"{name} is {value}, but the run in {printable(run_folder)} was started with {before[name]}: "
                "only the epochs of a run can be changed"
            )
    return _options(before | chosen).epochs if "epochs" in chosen else None


def _report(folder: Path, trained: Trained) -> None:
    description, run = trained.model.encoder.description, trained.run.folder
    gathered = trained.gathered
    echo(f"trained {description.name} on {len(gathered.paths):,} pictures of {printable(folder)}")
    echo(f"  pictures  {description.size} × {description.size}, {_CHANNELS[gathered.channels]}")
    shape = " × ".join(str(length) for length in description.details["code_shape"])
    echo(f"  code      {shape} = {description.dim:,} numbers a picture")
    if trained.history:
        best = trained.best
        echo(
            f"  epoch     {best.epoch} of {len(trained.history)} was best: validation loss "
            f"{best.validation_loss:.5f}, mean squared error {best.validation_mse:.5f}"
        )
    echo(f"  run       {printable(run)}")
    echo(f"  look      {printable(run / 'look')}")
    for rejection in gathered.rejections[:_NAMED]:
        note(f"left out {printable(rejection.path)}: {printable(rejection.reason)}")
    if len(gathered.rejections) > _NAMED:
        note(f"left out {len(gathered.rejections) - _NAMED:,} more, see {printable(run / 'config.json')}")
    note(f"\nnext: retrieve index {printable(folder)} --encoder {printable(run)}")


def _as_object(trained: Trained) -> dict[str, Any]:
    description = trained.model.encoder.description
    return {
        "run": str(trained.run.folder),
        "architecture": description.name,
        "size": description.size,
        "dim": description.dim,
        "code_shape": description.details["code_shape"],
        "channels": trained.gathered.channels,
        "pictures": len(trained.gathered.paths),
        "rejections": [{"path": one.path, "reason": one.reason} for one in trained.gathered.rejections],
        "history": [asdict(epoch) for epoch in trained.history],
    }
