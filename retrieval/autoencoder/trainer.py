"""Training by gradient descent: Keras' own `fit`, on batches that a seed decides, kept by a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from time import monotonic
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ..errors import RunInvalid, TrainingFailed
from ..progress import Progress, Step
from .corruption import Corruption
from .dataset import Pixels, Rows, Split
from .objectives import Objective
from .options import Precision, TrainingOptions
from .run import LOGS, Arrays, Epoch, Run, State

OnEpoch = Callable[[keras.Model, Epoch], None]

_NOTE_EVERY = 0.5  # seconds
_LAST_RATE = 0.05
# From compute capability 7.0 on, NVIDIA's GPUs have units for float16; on others, and on processors,
# computing with fewer bits is slower than with 32.
_HALF_PRECISION_UNITS = (7, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Batches:
    """Batches of (corrupted, clean) pictures, both (n, size, size, 3) float32 in [0, 1].

    `pixels` (n, size, size, 3) uint8 may be a memory-mapped file: only the pictures of a few batches are in
    memory at a time. Everything random is drawn from `seed` and the number of the epoch, so that an epoch
    repeated after an interruption is the same epoch.
    """

    pixels: Pixels
    corruption: Corruption
    batch_size: int
    seed: int

    def count(self, rows: Rows) -> int:
        """How many batches the pictures in `rows` make."""
        return math.ceil(len(rows) / self.batch_size)

    def training(self, rows: Rows, *, epochs: range) -> tf.data.Dataset:
        """The pictures in `rows`, in an order of its own and corrupted afresh in each of `epochs`, from 1."""
        order = lru_cache(maxsize=2)(
            lambda epoch: np.random.default_rng([self.seed, epoch]).permutation(rows)
        )
        return self._load(order, epochs, self.count(rows))

    def validation(self, rows: Rows) -> tf.data.Dataset:
        """The pictures in `rows`, in this order, corrupted in the same way each time."""
        return self._load(lambda _: rows, range(1), self.count(rows))

    def _load(self, order: Callable[[int], Rows], epochs: range, steps: int) -> tf.data.Dataset:
        def load(number: NDArray[np.int64]) -> tuple[Pixels, Pixels]:
            epoch, batch = divmod(int(number), steps)
            clean = self.pixels[order(epoch)[batch * self.batch_size : (batch + 1) * self.batch_size]]
            return self.corruption.apply(clean, seed=(self.seed, epoch, batch)), clean

        def scaled(number: Any) -> Any:
            pictures = tf.numpy_function(load, [number], (tf.uint8, tf.uint8), stateful=False)
            shape = (None, *self.pixels.shape[1:])
            return tuple(tf.cast(tf.ensure_shape(each, shape), tf.float32) / 255.0 for each in pictures)

        numbers = tf.data.Dataset.range(epochs.start * steps, epochs.stop * steps)
        workers = tf.data.AUTOTUNE
        return numbers.map(scaled, num_parallel_calls=workers, deterministic=True).prefetch(workers)


@dataclass(frozen=True, slots=True, eq=False)
class Trainer:
    """Trains `network` on the pictures of `batches` until `objective` is small; `run` keeps how far it is.

    `on_epoch` is called with the network and how it went after each epoch.
    """

    network: keras.Model
    objective: Objective
    batches: Batches
    split: Split
    options: TrainingOptions
    run: Run
    on_epoch: OnEpoch | None = None

    def fit(self, *, progress: Progress) -> tuple[Epoch, ...]:
        """Train up to the `epochs` of the options, from where the run stands; ends with the best weights.

        Raises:
            TrainingFailed: the loss is no longer a number.
            RunInvalid: what the run kept cannot be read, or is of another network.
        """
        rows, held_back, total = self.split.training, self.split.validation, self.options.epochs or 0
        steps = self.batches.count(rows)
        model = TrainedNetwork(self.network, self.objective)
        rate = keras.optimizers.schedules.CosineDecay(
            self.options.learning_rate, total * steps, alpha=_LAST_RATE
        )
        # Scales the loss itself under mixed precision, where small gradients would vanish in float16.
        model.compile(keras.optimizers.Adam(rate), jit_compile=False)
        model.optimizer.build(self.network.trainable_variables)
        history = list(self._restore(model))
        with progress.step("train", total=total * steps) as step:
            step.advance(len(history) * steps)
            if len(history) < total and not _stalls(history, self.options.early_stopping):
                model.fit(
                    self.batches.training(rows, epochs=range(len(history) + 1, total + 1)),
                    validation_data=self.batches.validation(held_back) if len(held_back) else None,
                    initial_epoch=len(history),
                    epochs=total,
                    steps_per_epoch=steps,
                    shuffle=False,  # the batches are in the order of the epoch already
                    callbacks=[_KeepEpochs(self, history, step)],
                    verbose=0,
                )
        _set(self.network.weights, self.run.best(), self.run)
        return tuple(history)

    def _restore(self, model: keras.Model) -> tuple[Epoch, ...]:
        state = self.run.state()
        if state.history:
            _set(self.network.weights, state.weights, self.run)
            _set(model.optimizer.variables, state.optimizer, self.run)
        return state.history


class TrainedNetwork(keras.Model):  # type: ignore[misc]
    """What Keras trains: `network`, with what `objective` says of a batch as its loss and as its `mse`."""

    def __init__(self, network: keras.Model, objective: Objective) -> None:
        """Train the weights of `network` alone."""
        super().__init__()
        self.network, self.objective = network, objective
        self.mse = keras.metrics.Mean(name="mse")

    def call(self, pictures: Any) -> Any:
        """Nothing yet: the objective itself runs the network, as it needs it."""
        return pictures

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,  # noqa: ARG002
        sample_weight: Any = None,  # noqa: ARG002
        training: bool = True,
    ) -> Any:
        """What Keras descends from: `x` corrupted, `y` clean."""
        loss, mse = self.objective(y, x, training=training, step=self.optimizer.iterations)
        self.mse.update_state(mse, sample_weight=tf.shape(x)[0])
        return loss


class _KeepEpochs(keras.callbacks.Callback):  # type: ignore[misc]
    """After each epoch: keep it in the run, log it, and stop where nothing is gained.

    Keras' own ModelCheckpoint, BackupAndRestore, CSVLogger and EarlyStopping write in place, and forget the
    best loss at an interruption; its TensorBoard needs the package tensorboard.
    """

    def __init__(self, trainer: Trainer, history: list[Epoch], step: Step) -> None:
        super().__init__()
        self._trainer, self._history, self._step = trainer, history, step
        self._logs = tf.summary.create_file_writer(str(trainer.run.folder / LOGS))
        self._begun = self._trained = self._noted = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self._begun = self._noted = monotonic()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._step.advance()
        self._trained = monotonic()
        if logs and self._trained - self._noted > _NOTE_EVERY:
            self._noted = self._trained
            seen = (batch + 1) * self._trainer.batches.batch_size
            self._note(len(self._history) + 1, logs["loss"], seen / (self._trained - self._begun))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        loss, mse, trainer = logs["loss"], logs["mse"], self._trainer
        if not math.isfinite(loss):
            raise TrainingFailed(
                f"the loss is {loss} in epoch {epoch + 1}: train again with a smaller --learning-rate than "
                f"{trainer.options.learning_rate:g}"
            )
        seconds = self._trained - self._begun
        validation = logs.get("val_loss", loss), logs.get("val_mse", mse)
        rate = len(trainer.split.training) / seconds
        done = Epoch(epoch + 1, loss, mse, *validation, seconds, rate)
        self._history.append(done)
        self._note(done.epoch, loss, rate)
        self._keep(done)
        if trainer.on_epoch is not None:
            trainer.on_epoch(trainer.network, done)
        self.model.stop_training = _stalls(self._history, trainer.options.early_stopping)

    def _keep(self, epoch: Epoch) -> None:
        run, weights = self._trainer.run, _values(self._trainer.network.weights)
        # The best comes first: after a crash between the two, the epoch is trained and found best again.
        if best_of(self._history) == epoch:
            run.save_best(weights)
        run.save_state(State(tuple(self._history), weights, _values(self.model.optimizer.variables)))
        plugin = tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
        metadata = tf.compat.v1.SummaryMetadata(plugin_data=plugin, data_class=1)
        with self._logs.as_default():
            for name, value in asdict(epoch).items():
                if name != "epoch":
                    tf.summary.write(name, tf.constant(value, tf.float32), epoch.epoch, metadata)
        self._logs.flush()

    def _note(self, number: int, loss: float, rate: float) -> None:
        validation = f"  validation {self._history[-1].validation_loss:.4f}" if self._history else ""
        epoch = f"epoch {number}/{self._trainer.options.epochs}"
        self._step.note(f"{epoch}  loss {loss:.4f}{validation}  {rate:,.0f} images/s")


@contextmanager
def computing_with(precision: Precision) -> Iterator[None]:
    """Build Keras layers in this block for `precision`."""
    before = keras.config.dtype_policy()
    mixed = precision == "mixed" or (precision == "auto" and _halves_are_faster())
    keras.config.set_dtype_policy("mixed_float16" if mixed else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _halves_are_faster() -> bool:
    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return bool(details) and all(
        tuple(detail.get("compute_capability", (0, 0))) >= _HALF_PRECISION_UNITS for detail in details
    )


def best_of(history: list[Epoch] | tuple[Epoch, ...]) -> Epoch:
    """The epoch with the smallest validation loss: its weights become the model's."""
    return min(history, key=lambda epoch: epoch.validation_loss)


def _stalls(history: list[Epoch], patience: int) -> bool:
    return bool(patience and history) and history[-1].epoch - best_of(history).epoch >= patience


def _values(variables: list[Any]) -> Arrays:
    return [variable.value.numpy() for variable in variables]


def _set(variables: list[Any], values: Arrays, run: Run) -> None:
    expected, kept = [tuple(v.shape) for v in variables], [value.shape for value in values]
    if expected != kept:
        raise RunInvalid(
            str(run.folder),
            f"it keeps {len(kept)} arrays that are not those of this network, which has {len(expected)}",
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
