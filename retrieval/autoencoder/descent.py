"""Gradient descent, epoch by epoch: the common loop of everything that is trained here."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ..errors import TrainingFailed
from ..progress import Progress, Step
from .objective import Objective
from .options import TrainingOptions
from .pipeline import Pipeline
from .run import Arrays, Epoch, Run, State
from .split import Split

_NOTE_EVERY = 0.5  # seconds: reading the loss makes a GPU wait
_LAST_RATE = 0.05


@dataclass(slots=True, eq=False)
class Descent:
    """Trains `network` on what `pipeline` brings until `objective` is small; `run` keeps how far it is.

    `on_epoch` is called after each epoch, with how it went.
    """

    network: keras.Model
    objective: Objective
    pipeline: Pipeline
    split: Split
    options: TrainingOptions
    run: Run
    on_epoch: Callable[[Epoch], None] = lambda _: None
    _optimizer: Any = field(init=False)
    _step: Any = field(init=False)
    _measure: Any = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the optimizer and compile the step."""
        self._optimizer = _optimizer(self.options, self._steps_an_epoch)
        self._optimizer.build(self.network.trainable_variables)
        self._step = tf.function(self._train_on, reduce_retracing=True)
        self._measure = tf.function(self._measure_on, reduce_retracing=True)

    def go(self, *, progress: Progress) -> tuple[Epoch, ...]:
        """Train up to the epochs asked for, from where the run stands; it ends with the best weights.

        Raises:
            TrainingFailed: the loss is no longer a number.
            RunInvalid: what the run kept cannot be read, or is of another network.
        """
        history = list(self._restore(self.run.state()))
        total = self.options.epochs * self._steps_an_epoch
        with progress.step("train", total=total) as step:
            step.advance(len(history) * self._steps_an_epoch)
            while len(history) < self.options.epochs and not _stalls(history, self.options.early_stopping):
                epoch = self._epoch(len(history) + 1, step, history)
                history.append(epoch)
                step.note(self._note(epoch.epoch, epoch.loss, epoch.images_per_second, history))
                self._keep(history)
                self.on_epoch(epoch)
        _set(self.network.weights, self.run.best(), self.run)
        return tuple(history)

    @property
    def _steps_an_epoch(self) -> int:
        return math.ceil(len(self.split.training) / self.options.batch_size)

    def _restore(self, state: State) -> tuple[Epoch, ...]:
        if state.history:
            _set(self.network.weights, state.weights, self.run)
            _set(self._optimizer.variables, state.optimizer, self.run)
        return state.history

    def _keep(self, history: list[Epoch]) -> None:
        weights = _values(self.network.weights)
        # The best comes first: after a crash between the two, the epoch is trained and found best again.
        if _best(history) == history[-1]:
            self.run.save_best(weights)
        self.run.save_state(State(tuple(history), weights, _values(self._optimizer.variables)))

    def _epoch(self, number: int, step: Step, history: list[Epoch]) -> Epoch:
        begun = noted = monotonic()
        sums, images = tf.zeros(2), 0
        for clean, corrupted in self.pipeline.epoch(number, self.split.training):
            sums += self._step(clean, corrupted) * float(clean.shape[0])
            images += clean.shape[0]
            step.advance()
            if monotonic() - noted > _NOTE_EVERY:
                noted = monotonic()
                step.note(self._note(number, float(sums[0]) / images, images / (noted - begun), history))
        loss, mse = (float(value) / images for value in sums)
        seconds = monotonic() - begun
        if not math.isfinite(loss):
            raise TrainingFailed(
                f"the loss is {loss} in epoch {number}: train again with a smaller --learning-rate than "
                f"{self.options.learning_rate:g}"
            )
        validation_loss, validation_mse = self._validate() or (loss, mse)
        return Epoch(number, loss, mse, validation_loss, validation_mse, seconds, images / seconds)

    def _note(self, number: int, loss: float, rate: float, history: list[Epoch]) -> str:
        validation = f"  validation {history[-1].validation_loss:.4f}" if history else ""
        return f"epoch {number}/{self.options.epochs}  loss {loss:.4f}{validation}  {rate:,.0f} images/s"

    def _validate(self) -> tuple[float, float] | None:
        """Loss and error on the pictures held back, corrupted in the same way after every epoch."""
        rows = self.split.validation
        if not len(rows):
            return None
        sums: NDArray[np.float64] = np.zeros(2)
        for clean, corrupted in self.pipeline.epoch(0, rows, shuffled=False):
            sums += self._measure(clean, corrupted).numpy() * clean.shape[0]
        return float(sums[0] / len(rows)), float(sums[1] / len(rows))

    def _train_on(self, clean: Any, corrupted: Any) -> Any:
        with tf.GradientTape() as tape:
            loss, mse = self.objective(clean, corrupted, training=True)
            scaled = self._optimizer.scale_loss(loss)
        variables = self.network.trainable_variables
        self._optimizer.apply(tape.gradient(scaled, variables), variables)
        return tf.stack([loss, mse])

    def _measure_on(self, clean: Any, corrupted: Any) -> Any:
        return tf.stack(self.objective(clean, corrupted, training=False))


def _optimizer(options: TrainingOptions, steps_an_epoch: int) -> Any:
    rate = keras.optimizers.schedules.CosineDecay(
        options.learning_rate, options.epochs * steps_an_epoch, alpha=_LAST_RATE
    )
    adam = keras.optimizers.Adam(rate)
    # Small gradients would vanish in float16.
    mixed = keras.config.dtype_policy().name == "mixed_float16"
    return keras.optimizers.LossScaleOptimizer(adam) if mixed else adam


def _best(history: list[Epoch]) -> Epoch:
    return min(history, key=lambda epoch: epoch.validation_loss)


def _stalls(history: list[Epoch], patience: int) -> bool:
    return bool(patience and history) and history[-1].epoch - _best(history).epoch >= patience


def _values(variables: list[Any]) -> Arrays:
    return [variable.value.numpy() for variable in variables]


def _set(variables: list[Any], values: Arrays, run: Run) -> None:
    from ..errors import RunInvalid

    expected, kept = [tuple(v.shape) for v in variables], [value.shape for value in values]
    if expected != kept:
        raise RunInvalid(
            str(run.folder),
            f"it keeps {len(kept)} arrays that are not those of this network, which has {len(expected)}",
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
