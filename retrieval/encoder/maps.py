"""What an encoder sees at each place of a picture: its feature maps, before they are pooled to one vector."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import EncoderInvalid
from .encoder import Encoder
from .network import Floats

Pixels = NDArray[np.uint8]

GRID = 16
"""Places along a side of a map."""
# The last layer before pooling, in the branches of the default encoder: unit length at each place.
_DIRECTION = "_direction"
_LEAST_SIDE = 4


class FeatureMaps:
    """The feature maps of an encoder, for one picture at a time; may be used from several threads.

    Of the default encoder these are the shared contents of all its branches, of any other network the last
    map that it has. They come from the intermediate values that LiteRT keeps when it is asked to.
    """

    def __init__(self, encoder: Encoder) -> None:
        """Open the network of `encoder` so that it keeps its intermediate values.

        Raises:
            EncoderInvalid: it has no map, as of a dense network.
        """
        self._encoder = encoder
        self._lock = threading.Lock()
        self._interpreter = _open(encoder.model)
        self._maps = _map_tensors(self._interpreter)
        if not self._maps:
            raise EncoderInvalid(encoder.description.name, "it has no feature map: every layer sees it whole")

    def of(self, pixels: Pixels) -> Floats:
        """The map (16, 16, c) float32 of a picture (size, size, 3) uint8: each branch of unit length."""
        value = self._encoder.scaled(pixels[None])
        with self._lock:
            entry = self._interpreter.get_input_details()[0]["index"]
            self._interpreter.set_tensor(entry, value)
            self._interpreter.invoke()
            maps = [np.array(self._interpreter.get_tensor(index)[0]) for index in self._maps]
        joined = np.concatenate([_unit(_resized(each)) for each in maps], axis=2)
        scaled: Floats = joined / np.float32(len(maps) ** 0.5)
        return scaled


def _open(model: bytes) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    with warnings.catch_warnings():
        # It warns of the memory that this takes: one picture's, for one interpreter.
        warnings.simplefilter("ignore", UserWarning)
        interpreter = Interpreter(model_content=model, num_threads=1, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    return interpreter


def _map_tensors(interpreter: Any) -> list[int]:
    details = interpreter.get_tensor_details()
    maps = [each for each in details if _is_map(each)]
    found = {each["name"].split(_DIRECTION)[0]: each["index"] for each in maps if _DIRECTION in each["name"]}
    return list(found.values()) or [each["index"] for each in maps[-1:]]


def _is_map(details: Any) -> bool:
    shape = details["shape"]
    return bool(
        len(shape) == 4 and details["dtype"] is np.float32 and min(shape[1:3]) >= _LEAST_SIDE and shape[3] > 1
    )


def _resized(values: Floats) -> Floats:
    """A map (h, w, c) at 16 × 16 places, the nearest of its own for each."""
    rows, columns = (
        np.minimum((np.arange(GRID) + 0.5) * side / GRID, side - 1).astype(int) for side in values.shape[:2]
    )
    return values[np.ix_(rows, columns)]


def _unit(values: Floats) -> Floats:
    lengths = np.linalg.norm(values, axis=2, keepdims=True)
    result: Floats = values / np.maximum(lengths, np.float32(1e-6))
    return result
