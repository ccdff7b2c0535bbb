"""A LiteRT network that several threads can run at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..threads import num_threads

Floats = NDArray[np.float32]


class Network:
    """A network of one input and one output, in LiteRT's format.

    Every picture is run by an interpreter of one thread: pictures are independent, so running several beside
    each other is as fast as splitting each of them. Interpreters and threads are opened when they are first
    needed and live as long as the network, or until `close`.
    """

    def __init__(self, model: bytes) -> None:
        """Check the network and prepare it.

        Raises:
            ValueError: `model` is no LiteRT network, or not of one input and one output.
        """
        self.model = model
        self._idle: list[Any] = []
        self._pool: tuple[int, ThreadPoolExecutor] | None = None
        with self._interpreter() as interpreter:
            entries, exits = interpreter.get_input_details(), interpreter.get_output_details()
        if len(entries) != 1 or len(exits) != 1:
            raise ValueError(f"it has {len(entries)} inputs and {len(exits)} outputs, expected one of each")
        if entries[0]["dtype"] is not np.float32 or exits[0]["dtype"] is not np.float32:
            raise ValueError(
                "its input and output are not float32, expected a network with float32 at its ends"
            )
        self.input_shape: tuple[int, ...] = tuple(int(side) for side in entries[0]["shape"][1:])
        self.output_shape: tuple[int, ...] = tuple(int(side) for side in exits[0]["shape"][1:])
        self._ends: tuple[int, int] = (entries[0]["index"], exits[0]["index"])

    def run_one(self, value: Floats) -> Floats:
        """The output for one input, `input_shape` in, `output_shape` out, in the calling thread."""
        entry, exit_ = self._ends
        with self._interpreter() as interpreter:
            interpreter.set_tensor(entry, value[None])
            interpreter.invoke()
            result: Floats = interpreter.get_tensor(exit_)[0]
        return result

    def run(self, values: Floats) -> Floats:
        """The outputs (n, *output_shape) float32 of `values` (n, *input_shape), on several threads."""
        results = np.empty((len(values), *self.output_shape), dtype=np.float32)
        rows = iter(range(len(values)))

        def run_those_left() -> None:
            # Each row goes to the thread that asks first: the interpreter's lock hands it out once.
            for row in rows:
                results[row] = self.run_one(values[row])

        count = min(num_threads(), len(values))
        if count < 2:
            run_those_left()
        else:
            for done in [self._threads().submit(run_those_left) for _ in range(count)]:
                done.result()
        return results

    def close(self) -> None:
        """Let go of threads and interpreters; running the network again opens new ones."""
        if self._pool is not None:
            self._pool[1].shutdown()
            self._pool = None
        self._idle.clear()

    def _threads(self) -> ThreadPoolExecutor:
        count = num_threads()
        if self._pool is None or self._pool[0] != count:
            self._pool = (count, ThreadPoolExecutor(count))
        return self._pool[1]

    @contextmanager
    def _interpreter(self) -> Iterator[Any]:
        """An interpreter that nobody else uses meanwhile."""
        try:
            interpreter = self._idle.pop()
        except IndexError:
            interpreter = _open(self.model)
        yield interpreter
        self._idle.append(interpreter)


def _open(model: bytes) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(model_content=model, num_threads=1)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"LiteRT cannot run it: {error}") from error
    return interpreter
