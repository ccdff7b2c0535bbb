"""From a folder of pictures to a training run: decode, train, say what it was trained on, draw figures."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from ..encoder import Model
from ..errors import RunInvalid
from ..progress import Progress
from .dataset import Dataset, Split, load_dataset, spread
from .figures import FigureData, Snapshots, draw_figures
from .options import TrainingOptions
from .quality import psnr
from .run import FITTED, LOOK, OVERFLOW, Epoch, Run, refuse_inside
from .trainer import best_of
from .training import fitted_rows, train

_SHOWN = 100
_FOR_PCA = 2_000
_VERSIONS = ("tensorflow", "keras", "numpy")


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What came of it: the `model`, the `run` it lies in, how it went, and the pictures it was made of.

    `history` is empty where no gradients were used. `psnr` in dB is that of reconstructions of up to
    100 pictures held back (trained on where none were), `pca_psnr` that of PCA of the same dims.
    """

    model: Model
    run: Run
    history: tuple[Epoch, ...]
    dataset: Dataset
    psnr: float
    pca_psnr: float

    @property
    def best(self) -> Epoch:
        """The epoch whose weights the model has."""
        return best_of(self.history)


def start(
    folder: Path, run_folder: Path, options: TrainingOptions, *, page: bool = False, progress: Progress
) -> Trained:
    """Train on the pictures in `folder`, into a new run.

    Raises:
        NoPictures: fewer than two can be read. RunInvalid: there is a run already, or the run would lie among
        the pictures. TrainingFailed: see there.
    """
    Run.refuse_taken(run_folder)
    refuse_inside(folder, run_folder)
    dataset = load_dataset(folder, options.size, overflow=run_folder / OVERFLOW, progress=progress)
    split = Split.draw(len(dataset.paths), options.validation, seed=options.seed)
    options = options.resolved(len(split.training))
    config = {
        "folder": str(folder),
        "options": options.to_dict(),
        "pictures": len(dataset.paths),
        "contents_sha256": dataset.contents_sha256,
        "channels": dataset.channels,
        "rejected": {rejection.path: rejection.reason for rejection in dataset.rejections},
        "versions": {name: version(name) for name in _VERSIONS},
    }
    return _train(folder, dataset, Run.create(run_folder, config), options, page, progress)


def resume(
    folder: Path, run_folder: Path, *, epochs: int | None = None, page: bool = False, progress: Progress
) -> Trained:
    """Go on with the run in `run_folder` after its last whole epoch, to `epochs` in all if these are given.

    `folder` may be called and lie elsewhere than before: what is compared is the contents of its pictures.

    Raises:
        RunInvalid: there is no run, or the pictures in `folder` are not those it was started on.
        NoPictures, TrainingFailed: as `start`.
    """
    run = Run.open(run_folder)
    options = TrainingOptions.of_run(run)
    refuse_inside(folder, run_folder)
    config = run.config()
    if "contents_sha256" not in config:
        reason = (
            "an earlier version started it, and kept no hash of the pictures' contents: start another run"
        )
        raise RunInvalid(str(run_folder), reason)
    dataset = load_dataset(folder, options.size, overflow=run_folder / OVERFLOW, progress=progress)
    if dataset.contents_sha256 != config["contents_sha256"]:
        raise RunInvalid(
            str(run_folder),
            f"it was started on {config.get('pictures')} pictures of {config.get('folder')}, and the "
            f"{len(dataset.paths)} in {folder} are not the same in the same order: name that folder, or "
            "start another run",
        )
    if epochs is not None:
        options = replace(options, epochs=epochs)
        run.change("options", options.to_dict())
    return _train(folder, dataset, run, options, page, progress)


def _train(
    folder: Path, dataset: Dataset, run: Run, options: TrainingOptions, page: bool, progress: Progress
) -> Trained:
    split = Split.draw(len(dataset.pixels), options.validation, seed=options.seed)
    shown = dataset.pixels[(split.validation if len(split.validation) else split.training)[:_SHOWN]]
    corruption, look = options.corruption(channels=dataset.channels), run.folder / LOOK
    snapshots = Snapshots(corruption.apply(shown), look / "snapshots") if options.snapshots else None
    model = train(
        dataset.pixels, options, run, channels=dataset.channels, progress=progress, on_epoch=snapshots
    )
    run.write(FITTED, _fitted_json(folder, dataset, options))
    history = run.state().history
    data = FigureData(model, shown, dataset.pixels[spread(split.training, _FOR_PCA)], corruption, history)
    draw_figures(data, look, page=page, progress=progress)
    (run.folder / OVERFLOW).unlink(missing_ok=True)
    return Trained(
        model, run, history, dataset, psnr(data.reconstructions, shown), psnr(data.pca_reconstructions, shown)
    )


def _fitted_json(folder: Path, dataset: Dataset, options: TrainingOptions) -> str:
    """Which pictures weights were fitted to, as an index keeps it; `sha256` has the files' contents."""
    fitted = sorted(
        (dataset.paths[row], dataset.sha256[row]) for row in fitted_rows(len(dataset.paths), options)
    )
    values = {
        "folder": str(folder.resolve()),
        "found": len(dataset.paths),
        "size": options.size,
        "drawn": 0,
        "pictures": [path for path, _ in fitted],
        "sha256": [sha256 for _, sha256 in fitted],
    }
    return json.dumps(values, indent=1) + "\n"
