"""A training run as a folder: what was asked for, how it went, and what came out. No TensorFlow.

config.json       options, pictures, versions          history.csv     a row an epoch
best.npz          weights of the best epoch             last.npz        all that going on needs
logs/             for TensorBoard                       look/           pictures to look at
fitted.json       which pictures it was trained on
encoder.tflite, encoder.json, decoder.tflite, autoencoder.keras         the model, once it is done
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import RunInvalid
from ..whole_files import is_among_pictures, replaced

Arrays = list[NDArray[Any]]

CONFIG, HISTORY, LAST, BEST = "config.json", "history.csv", "last.npz", "best.npz"
LOGS, LOOK, OVERFLOW, FITTED = "logs", "look", "pictures.u8", "fitted.json"
HIDDEN_RUNS = ".retrieve-runs"
"""Folder for runs among the pictures: hidden, so that the figures of a run are not read as pictures."""

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Epoch:
    """How one epoch went. `mse` is the mean squared error on values of 0 to 1, whatever the loss is.

    Without validation pictures `validation_loss` and `validation_mse` are those of training.
    """

    epoch: int
    loss: float
    mse: float
    validation_loss: float
    validation_mse: float
    seconds: float
    images_per_second: float


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What training goes on from: `history` so far, `weights` and the `optimizer`'s numbers after it."""

    history: tuple[Epoch, ...] = ()
    weights: Arrays = field(default_factory=list)
    optimizer: Arrays = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Run:
    """The folder of one training run."""

    folder: Path

    @classmethod
    def create(cls, folder: Path | str, config: Mapping[str, Any]) -> Run:
        """Start a run in `folder`, which is made; `config` is what it is to be known by.

        Raises:
            RunInvalid: the folder holds a run already, is a file, or cannot be made.
            OSError: the disk refused.
        """
        cls.refuse_taken(folder)
        run = cls(Path(folder))
        try:
            run.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = f"it cannot be made ({error.strerror}): name another folder by --run"
            raise RunInvalid(str(folder), reason) from error
        run._write_config({"format": FORMAT_VERSION, **config})
        return run

    @staticmethod
    def refuse_taken(folder: Path | str) -> None:
        """See that a run can be started in `folder`, before any work is done.

        Raises:
            RunInvalid: the folder holds a run already, or is a file.
        """
        if Path(folder, CONFIG).exists():
            raise RunInvalid(
                str(folder), "it holds a run already: go on with it by --resume, or name another folder"
            )
        if Path(folder).exists() and not Path(folder).is_dir():
            raise RunInvalid(str(folder), "it is a file, expected a folder to put the run into")

    @classmethod
    def open(cls, folder: Path | str) -> Run:
        """The run that was started in `folder`.

        Raises:
            RunInvalid: there is none, or its files are not what they should be.
        """
        run = cls(Path(folder))
        config = run.config()
        if config.get("format") != FORMAT_VERSION:
            raise RunInvalid(
                str(folder),
                f"it is of format {config.get('format')!r}, this version reads format {FORMAT_VERSION}",
            )
        return run

    def config(self) -> dict[str, Any]:
        """What `create` was given.

        Raises:
            RunInvalid: config.json is missing or not an object in JSON.
        """
        path = self.folder / CONFIG
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise RunInvalid(
                str(self.folder), f"there is no {CONFIG} in it: it is not the folder of a training run"
            ) from error
        except ValueError as error:
            raise RunInvalid(str(self.folder), f"{CONFIG} is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise RunInvalid(str(self.folder), f"{CONFIG} holds {type(value).__name__}, expected an object")
        return value

    def change(self, name: str, value: Any) -> None:
        """Put `value` under `name` in the configuration."""
        self._write_config({**self.config(), name: value})

    def _write_config(self, config: Mapping[str, Any]) -> None:
        self.write(CONFIG, json.dumps(config, indent=2, sort_keys=True) + "\n")

    def write(self, name: str, text: str) -> None:
        """Write the file `name`, whole or not at all."""
        _replace(self.folder / name, text.encode())

    def save_state(self, state: State) -> None:
        """Keep `state`, whole or not at all, and its history as CSV."""
        arrays = {f"weights_{number:04d}": array for number, array in enumerate(state.weights)}
        arrays |= {f"optimizer_{number:04d}": array for number, array in enumerate(state.optimizer)}
        history = json.dumps([asdict(epoch) for epoch in state.history])
        _save_arrays(self.folder / LAST, arrays | {"history": np.array(history)})
        self.write(HISTORY, to_csv(state.history))

    def state(self) -> State:
        """What `save_state` kept last; an empty state where no epoch was finished.

        Raises:
            RunInvalid: the file is damaged.
        """
        if not (self.folder / LAST).exists():
            return State()
        arrays = self._arrays(LAST)
        if "history" not in arrays:
            raise RunInvalid(str(self.folder), f"{LAST} holds no history: it is damaged, train again")
        history = tuple(Epoch(**epoch) for epoch in json.loads(str(arrays["history"])))
        return State(history, _numbered(arrays, "weights"), _numbered(arrays, "optimizer"))

    def save_best(self, weights: Arrays) -> None:
        """Keep the `weights` of the best epoch so far."""
        _save_arrays(
            self.folder / BEST, {f"weights_{number:04d}": array for number, array in enumerate(weights)}
        )

    def best(self) -> Arrays:
        """What `save_best` kept last.

        Raises:
            RunInvalid: the file is missing or damaged.
        """
        return _numbered(self._arrays(BEST), "weights")

    def _arrays(self, name: str) -> dict[str, NDArray[Any]]:
        try:
            # Read first: of a damaged archive given by name NumPy leaves the file open.
            content = BytesIO((self.folder / name).read_bytes())
            with np.load(content, allow_pickle=False) as arrays:
                return {key: arrays[key] for key in arrays.files}
        # A damaged archive fails in as many ways as it has parts: zip, header, data.
        except Exception as error:
            raise RunInvalid(str(self.folder), f"{name} is damaged: train again") from error


def to_csv(history: Sequence[Epoch]) -> str:
    """`history` as CSV text: a header, a row an epoch."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, [field.name for field in fields(Epoch)], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _short(value) for name, value in asdict(epoch).items()} for epoch in history)
    return text.getvalue()


def _short(value: float) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _numbered(arrays: Mapping[str, NDArray[Any]], kind: str) -> Arrays:
    return [arrays[key] for key in sorted(arrays) if key.startswith(f"{kind}_")]


def _save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    content = BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    _replace(path, content.getvalue())


def _replace(path: Path, content: bytes) -> None:
    """Write `path` so that a reader, and a crash, finds either the old content or the new."""
    with replaced(path) as part, part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def refuse_inside(folder: Path, run_folder: Path) -> None:
    """Refuse a run among the pictures in `folder`, unless hidden: its figures would be read as pictures.

    Raises:
        RunInvalid: says where it may be.
    """
    if is_among_pictures(run_folder.resolve(), folder.resolve()):
        raise RunInvalid(
            str(run_folder),
            f"it is inside {folder}, where the run's figures would be read as pictures: name a folder "
            f"outside by --run, or leave --run out, for a hidden folder in {folder}",
        )
