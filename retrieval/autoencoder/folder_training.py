"""From a folder of pictures to a training run: decode, train, draw what came of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ..encoder import Model
from ..errors import RunInvalid
from ..progress import Progress
from .gather import Gathered, gather
from .look import Material, hang
from .options import SOLVED, TrainingOptions, options_of
from .run import LOOK, OVERFLOW, Epoch, Run
from .solved_training import train_solved
from .split import split
from .training import OnEpoch, train

_SHOWN = 100
_PRINCIPAL = 2_000
_VERSIONS = ("tensorflow", "keras", "numpy")


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What came of it: the `model`, the `run` it lies in, how it went, and the pictures it was made of.

    `history` is empty where nothing was trained.
    """

    model: Model
    run: Run
    history: tuple[Epoch, ...]
    gathered: Gathered

    @property
    def best(self) -> Epoch:
        """The epoch whose weights the model has."""
        return min(self.history, key=lambda epoch: epoch.validation_loss)


def start(
    folder: Path, run_folder: Path, options: TrainingOptions, *, page: bool = False, progress: Progress
) -> Trained:
    """Train on the pictures in `folder`, into a new run.

    Raises:
        NoPictures: fewer than two can be read. RunInvalid: there is a run already. TrainingFailed: see there.
    """
    Run.refuse_taken(run_folder)
    gathered = gather(folder, options.size, overflow=run_folder / OVERFLOW, progress=progress)
    config = {
        "folder": str(folder),
        "options": options.to_dict(),
        "pictures": len(gathered.paths),
        "pictures_sha256": _digest(gathered),
        "channels": gathered.channels,
        "rejected": {rejection.path: rejection.reason for rejection in gathered.rejections},
        "versions": {name: version(name) for name in _VERSIONS},
    }
    return _trained(gathered, Run.create(run_folder, config), options, page, progress)


def resume(
    folder: Path, run_folder: Path, *, epochs: int | None = None, page: bool = False, progress: Progress
) -> Trained:
    """Go on with the run in `run_folder` after its last whole epoch, to `epochs` in all if these are given.

    Raises:
        RunInvalid: there is no run, or the pictures in `folder` are not those it was started on.
        NoPictures, TrainingFailed: as `start`.
    """
    run = Run.open(run_folder)
    options = options_of(run)
    if epochs is not None:
        options = replace(options, epochs=epochs)
        run.change("options", options.to_dict())
    gathered = gather(folder, options.size, overflow=run_folder / OVERFLOW, progress=progress)
    config = run.config()
    if _digest(gathered) != config.get("pictures_sha256"):
        raise RunInvalid(
            str(run_folder),
            f"it was started on {config.get('pictures')} pictures of {config.get('folder')}, and the "
            f"{len(gathered.paths)} in {folder} are not the same: name that folder, or start another run",
        )
    return _trained(gathered, run, options, page, progress)


def _trained(
    gathered: Gathered, run: Run, options: TrainingOptions, page: bool, progress: Progress
) -> Trained:
    parts = split(len(gathered.pixels), options.validation, seed=options.seed)
    shown = gathered.pixels[(parts.validation if len(parts.validation) else parts.training)[:_SHOWN]]
    corruption = options.corruption(channels=gathered.channels)
    on_epoch: OnEpoch | None = None
    if options.snapshots:
        from .snapshots import Snapshots

        corrupted = corruption.apply(shown) if corruption else shown
        on_epoch = Snapshots(corrupted, run.folder / LOOK / "snapshots")
    fit = train if options.architecture != SOLVED else train_solved
    model = fit(
        gathered.pixels, options, run, channels=gathered.channels, progress=progress, on_epoch=on_epoch
    )
    history = run.state().history
    fitted = gathered.pixels[_spread(parts.training)]
    hang(Material(model, shown, fitted, corruption, history), run.folder / LOOK, page=page, progress=progress)
    (run.folder / OVERFLOW).unlink(missing_ok=True)
    return Trained(model, run, history, gathered)


def _spread(rows: Any) -> Any:
    """At most `_PRINCIPAL` of `rows`, evenly spread."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _PRINCIPAL)).astype(np.int64))]


def _digest(gathered: Gathered) -> str:
    return hashlib.sha256("\n".join(gathered.paths).encode()).hexdigest()
