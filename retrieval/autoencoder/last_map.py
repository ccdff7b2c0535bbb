"""Where a network from elsewhere turns its last map into a vector by averaging, if it does."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import layers


class Split(NamedTuple):
    """A network in two: pictures to its last map (h, w, c), and the map's mean (c,) to the vector."""

    to_map: keras.Model
    to_vector: keras.Model


class _Call(NamedTuple):
    layer: Any
    entry: Any
    result: Any


def split_at_last_map(network: keras.Model) -> Split | None:
    """`network` in two where it averages a map over all places for the last time, also in a model inside it.

    None if there is none on the only way to the vector: then it cannot be said what the network would make of
    a part of a picture without running it again.
    """
    try:
        pictures, calls, vector = _calls(network)
    # It is a class of somebody's, of whose inside Keras knows nothing.
    except (ValueError, TypeError, NotImplementedError, AttributeError):
        return None
    for call in reversed(calls):
        found = _split_call(call)
        if found is None:
            continue
        to_map, mean = found
        rest = _model_between(call.result, vector)
        if rest is not None:
            return Split(keras.Model(pictures, to_map), keras.Model(mean.input, rest(mean.output)))
    return None


def _split_call(call: _Call) -> tuple[Any, keras.Model] | None:
    """The map that the call of a layer averages, and what makes the layer's result of the mean."""
    if _averages_all(call):
        return call.entry, _identity(call.result.shape[1:])
    if isinstance(call.layer, keras.Model):
        inner = split_at_last_map(call.layer)
        return None if inner is None else (inner.to_map(call.entry), inner.to_vector)
    return None


def _averages_all(call: _Call) -> bool:
    if isinstance(call.layer, layers.AveragePooling2D):
        return bool(call.result.shape[1:3] == (1, 1) and call.layer.pool_size == call.entry.shape[1:3])
    return isinstance(call.layer, layers.GlobalAveragePooling2D)


def _calls(network: keras.Model) -> tuple[Any, list[_Call], Any]:
    """The layers of `network`, called anew one after another on pictures; and the vector."""
    calls: list[_Call] = []

    def call(layer: Any, *entries: Any, **options: Any) -> Any:
        result = layer(*entries, **options)
        calls.append(_Call(layer, entries[0] if entries else None, result))
        return result

    if isinstance(network, keras.Sequential):
        pictures = value = keras.Input(network.input_shape[1:])
        for layer in network.layers:
            value = call(layer, value)
        return pictures, calls, value
    same = keras.models.clone_model(network, clone_function=lambda layer: layer, call_function=call)
    return same.inputs[0], calls, same.outputs[0]


def _model_between(entry: Any, result: Any) -> keras.Model | None:
    if entry is result:
        return _identity(entry.shape[1:])
    try:
        return keras.Model(entry, result)
    except ValueError:  # something goes round `entry`
        return None


def _identity(shape: tuple[int, ...]) -> keras.Model:
    entry = keras.Input(shape)
    return keras.Model(entry, layers.Identity()(entry))
