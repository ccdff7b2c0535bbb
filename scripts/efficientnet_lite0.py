"""EfficientNet-Lite0, a network trained on ImageNet, as a .keras file to index with.

    python scripts/efficientnet_lite0.py WEIGHTS.npz OUT.keras

WEIGHTS.npz holds the arrays of a PyTorch port by their names there (_conv_stem.weight, _blocks.0._bn1.bias),
convolution kernels as (out, in, height, width), depthwise ones as (channels, 1, height, width). OUT.json is
written beside OUT.keras: pictures of 224 × 224, pixel v enters as (v - 127) / 128, 1,280 numbers come out.

    retrieve index photos/ --encoder OUT.keras --adapt

Source: Tan and Le, *EfficientNet* (2019), arXiv 1905.11946; Lite0 is its B0 with ReLU6 and without
squeeze-and-excitation: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from retrieval.encoder import EncoderDescription

DESCRIPTION = EncoderDescription("EfficientNet-Lite0", size=224, dim=1280, mean=(127.0,), scale=(128.0,))
EPSILON = 1e-3

Arrays = Mapping[str, NDArray[Any]]


class Stage(NamedTuple):
    """`repeats` blocks of inverted bottlenecks to `channels`, the first of them with `stride`."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


class Builder:
    """Adds layers to a network, with their weights."""

    def __init__(self, weights: Arrays) -> None:
        self.weights = weights

    def convolution(self, x: Any, name: str, norm: str, *, stride: int = 1, activate: bool = True) -> Any:
        """The convolution `name`, the batch normalisation `norm`, and ReLU6."""
        kernel = self.weights[f"{name}.weight"].astype(np.float32).transpose(2, 3, 1, 0)
        layer = layers.Conv2D(kernel.shape[3], kernel.shape[0], stride, padding="same", use_bias=False)
        return self._finished(layer(x), layer, kernel, norm, activate=activate)

    def depthwise(self, x: Any, name: str, norm: str, *, stride: int) -> Any:
        kernel = self.weights[f"{name}.weight"].astype(np.float32).transpose(2, 3, 0, 1)
        layer = layers.DepthwiseConv2D(kernel.shape[0], stride, padding="same", use_bias=False)
        return self._finished(layer(x), layer, kernel, norm, activate=True)

    def _finished(
        self, x: Any, layer: keras.Layer, kernel: NDArray[Any], norm: str, *, activate: bool
    ) -> Any:
        layer.set_weights([kernel])
        normalise = layers.BatchNormalization(epsilon=EPSILON)
        x = normalise(x)
        parts = ("weight", "bias", "running_mean", "running_var")
        normalise.set_weights([self.weights[f"{norm}.{part}"] for part in parts])
        return layers.ReLU(6.0)(x) if activate else x

    def block(self, x: Any, name: str, stage: Stage, stride: int) -> Any:
        """Widened, convolved channel by channel, narrowed; added to what came in where it has its shape."""
        inner = x
        if stage.expansion > 1:
            inner = self.convolution(inner, f"{name}._expand_conv", f"{name}._bn0")
        inner = self.depthwise(inner, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride)
        inner = self.convolution(inner, f"{name}._project_conv", f"{name}._bn2", activate=False)
        return layers.Add()([x, inner]) if inner.shape == x.shape else inner


def build(weights: Arrays) -> keras.Model:
    """Pictures (224, 224, 3) to vectors (1280,)."""
    builder, number = Builder(weights), 0
    pictures = keras.Input((DESCRIPTION.size, DESCRIPTION.size, 3))
    x = builder.convolution(pictures, "_conv_stem", "_bn0", stride=2)
    for stage in STAGES:
        for row in range(stage.repeats):
            x = builder.block(x, f"_blocks.{number}", stage, 1 if row else stage.stride)
            number += 1
    x = builder.convolution(x, "_conv_head", "_bn1")
    return keras.Model(pictures, layers.GlobalAveragePooling2D()(x), name="efficientnet_lite0")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    with np.load(arguments.weights) as weights:
        build(weights).save(arguments.out)
    arguments.out.with_suffix(".json").write_text(DESCRIPTION.to_json(), encoding="utf-8")
    print(f"wrote {arguments.out} and {arguments.out.with_suffix('.json')}")


if __name__ == "__main__":
    main()
