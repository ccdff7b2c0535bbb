"""A LiteRT network that several threads can run at once."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..threads import num_threads

Floats = NDArray[np.float32]

_CHATTER = b"Created TensorFlow Lite XNNPACK delegate"
_opening = threading.Lock()


class Network:
    """A network of one input and one output, in LiteRT's format.

    Every thread gets an interpreter of its own with one processor: pictures are independent, so running
    several one by one beside each other is as fast as splitting each of them, and leaves decoding free to
    overlap with it.
    """

    def __init__(self, model: bytes) -> None:
        """Check the network and prepare it in this thread.

        Raises:
            ValueError: `model` is no LiteRT network, or not of one input and one output.
        """
        self.model = model
        self._local = threading.local()
        entries, exits = self._interpreter().get_input_details(), self._interpreter().get_output_details()
        if len(entries) != 1 or len(exits) != 1:
            raise ValueError(f"it has {len(entries)} inputs and {len(exits)} outputs, expected one of each")
        if entries[0]["dtype"] is not np.float32 or exits[0]["dtype"] is not np.float32:
            raise ValueError(
                "its input and output are not float32, expected a network with float32 at its ends"
            )
        self.input_shape: tuple[int, ...] = tuple(int(side) for side in entries[0]["shape"][1:])
        self.output_shape: tuple[int, ...] = tuple(int(side) for side in exits[0]["shape"][1:])

    def run_one(self, value: Floats) -> Floats:
        """The output for one input, `input_shape` in, `output_shape` out, in the calling thread."""
        interpreter = self._interpreter()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], value[None])
        interpreter.invoke()
        result: Floats = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
        return result

    def run(self, values: Floats) -> Floats:
        """The outputs (n, *output_shape) float32 of `values` (n, *input_shape), on all processors."""
        results = np.empty((len(values), *self.output_shape), dtype=np.float32)
        if len(values) == 1:
            results[0] = self.run_one(values[0])
        elif len(values):
            with ThreadPoolExecutor(min(num_threads(), len(values))) as threads:
                for row, result in enumerate(threads.map(self.run_one, values)):
                    results[row] = result
        return results

    def _interpreter(self) -> Any:
        if not hasattr(self._local, "interpreter"):
            self._local.interpreter = _open(self.model)
        return self._local.interpreter


def _open(model: bytes) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    with _opening, _without_chatter():
        try:
            interpreter = Interpreter(model_content=model, num_threads=1)
            interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"LiteRT cannot run it: {error}") from error
    return interpreter


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Hold back one line that the C++ library writes to stderr, and which no setting of its own turns off."""
    try:
        stderr = sys.__stderr__.fileno() if sys.__stderr__ else -1
        kept = os.dup(stderr)
    except (OSError, ValueError):
        yield
        return
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), stderr)
        try:
            yield
        finally:
            os.dup2(kept, stderr)
            os.close(kept)
            caught.seek(0)
            for line in caught:
                if _CHATTER not in line:
                    os.write(stderr, line)
