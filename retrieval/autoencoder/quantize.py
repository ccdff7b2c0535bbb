"""Weights of one byte each: half of the encoder's time, and a quarter of its file."""

from __future__ import annotations

import math
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

_LEAST_WEIGHTS = 15_000
_LARGEST = 127


def in_bytes(model: bytes) -> bytes:
    """The LiteRT network `model` with its large matrices rounded to whole numbers of -127 to 127.

    Those are the dense layers and 1×1 convolutions of 15,000 weights and more. Each output of a layer has a
    scale of its own. LiteRT then rounds the layer's inputs to bytes as well, by their range in each picture,
    and multiplies whole numbers. Convolutions of whole patches stay as they are: they take away a patch's
    brightness, and would no longer do so exactly.
    """
    network = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    (graph,) = network.subgraphs
    for place in _places_of_weights(network, graph):
        if _is_large_matrix(graph.tensors[place], network.buffers):
            _round(graph.tensors[place], network.buffers)
    used = {tensor.buffer for tensor in graph.tensors} | {entry.buffer for entry in network.metadata or ()}
    for number, buffer in enumerate(network.buffers):
        if number not in used:
            buffer.data = None
    builder = flatbuffers.Builder(len(model))
    builder.Finish(network.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _places_of_weights(network: Any, graph: Any) -> list[int]:
    """Where the weights of convolutions and dense layers are among the tensors of `graph`, each once."""
    kinds = (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.FULLY_CONNECTED)
    kind_of = [code.builtinCode for code in network.operatorCodes]
    return sorted({int(each.inputs[1]) for each in graph.operators if kind_of[each.opcodeIndex] in kinds})


def _is_large_matrix(tensor: Any, buffers: list[Any]) -> bool:
    """Whether it is constant, of single precision, (out, in) or (out, 1, 1, in), and large."""
    shape = [int(side) for side in tensor.shape]
    is_matrix = len(shape) == 2 or shape[1:-1] == [1, 1]
    is_float = tensor.type == schema.TensorType.FLOAT32 and buffers[tensor.buffer].data is not None
    return is_float and is_matrix and math.prod(shape) >= _LEAST_WEIGHTS


def _round(tensor: Any, buffers: list[Any]) -> None:
    """Give `tensor` a buffer of its own: equal ones share theirs."""
    weights = np.frombuffer(bytes(buffers[tensor.buffer].data), dtype=np.float32).reshape(tensor.shape[0], -1)
    scales = np.abs(weights).max(axis=1) / _LARGEST
    scales[scales == 0] = 1.0
    rounded: NDArray[np.int8] = np.rint(weights / scales[:, None]).astype(np.int8)
    buffers.append(schema.BufferT())
    buffers[-1].data = rounded.reshape(-1).view(np.uint8)
    tensor.buffer = len(buffers) - 1
    tensor.type = schema.TensorType.INT8
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale = scales
    tensor.quantization.zeroPoint = np.zeros(len(scales), dtype=np.int64)
    tensor.quantization.quantizedDimension = 0
