"""The architectures as data: what each network is made of. `networks.build` makes Keras models of them.

No TensorFlow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Halving = Literal["pooling", "stride"]
Enlarging = Literal["up-sampling", "transposed"]
Loss = Literal["mse", "bce"]


@dataclass(frozen=True, slots=True)
class Architecture:
    """An encoder, stage by stage; the decoder is its mirror image.

    Each of the `filters` is a stage: a convolution of `kernel` × `kernel` that halves the sides of the
    map, by max pooling after it or by its own stride. A stage is left out, with those after it, where it
    would leave less than `smallest_map` pixels a side or half a pixel: 28 pixels allow two stages down to
    7, 64 pixels four down to 4. Then come dense layers of `hidden` units, and the code of `latent_dim`
    numbers; where that is None, the code is the last map.

    `enlarging` says how the decoder undoes a stage. With `closing`, a last convolution of stride 1 makes
    the picture; without, the last stage does it at once. `normalized` puts batch normalization behind each
    convolution.
    """

    name: str
    purpose: str
    loss: Loss
    filters: tuple[int, ...] = ()
    kernel: int = 3
    halving: Halving = "stride"
    enlarging: Enlarging = "transposed"
    closing: bool = False
    normalized: bool = False
    hidden: tuple[int, ...] = ()
    latent_dim: int | None = None
    smallest_map: int = 7

    def stages(self, size: int) -> tuple[int, ...]:
        """The filters of the stages that pictures of `size` pixels a side allow.

        Example:
            >>> ARCHITECTURES["conv-pool"].stages(28), ARCHITECTURES["conv-pool"].stages(64)
            ((32, 32), (32, 32, 16))
        """
        count = 0
        while count < len(self.filters) and size % 2 == 0 and size // 2 >= self.smallest_map:
            size, count = size // 2, count + 1
        return self.filters[:count]

    def code_shape(self, size: int, latent_dim: int | None = None) -> tuple[int, ...]:
        """The shape of the code: (dim,) where it is flat, (side, side, filters) where it is a map.

        Example:
            >>> ARCHITECTURES["conv-pool"].code_shape(28)
            (7, 7, 32)
        """
        flat = latent_dim or self.latent_dim
        if flat is not None:
            return (flat,)
        stages = self.stages(size)
        return size // 2 ** len(stages), size // 2 ** len(stages), stages[-1]


ARCHITECTURES = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            name="dense",
            purpose="dense layers of 256 and 128 units around a code of 20 numbers",
            loss="bce",
            hidden=(256, 128),
            latent_dim=20,
        ),
        Architecture(
            name="conv-pool",
            purpose="3×3 convolutions with 2×2 max pooling; the code is a map",
            loss="bce",
            filters=(32, 32, 16),
            halving="pooling",
            enlarging="up-sampling",
            closing=True,
        ),
        Architecture(
            name="conv-strided",
            purpose="5×5 convolutions of stride 2 and transposed ones back; the code is a map",
            loss="mse",
            filters=(16, 32),
            kernel=5,
        ),
        # A kernel of 4 at stride 2 covers every pixel equally often in both directions, where 3 and 5 leave
        # a chequered pattern; batch normalization lets the same rate of learning do for any folder.
        Architecture(
            name="conv",
            purpose="4×4 convolutions of stride 2 with batch normalization around a flat code",
            loss="mse",
            filters=(32, 64, 128, 128),
            kernel=4,
            normalized=True,
            latent_dim=64,
            smallest_map=4,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """`architecture` for pictures of `size` × `size` pixels and 1 (grey) or 3 (RGB) `channels`.

    `latent_dim`, `upscaling` and `chosen_loss` replace what the architecture says where they are given.

    Example:
        >>> NetworkConfig(ARCHITECTURES["conv-pool"], size=28, channels=1).dim
        1568
    """

    architecture: Architecture
    size: int
    channels: int
    latent_dim: int | None = None
    upscaling: Enlarging | None = None
    chosen_loss: Loss | None = None

    @property
    def code_shape(self) -> tuple[int, ...]:
        """The code as the network makes it: (dim,), or (side, side, filters) where it is a map."""
        return self.architecture.code_shape(self.size, self.latent_dim)

    @property
    def dim(self) -> int:
        """Numbers of the code."""
        return math.prod(self.code_shape)

    @property
    def enlarging(self) -> Enlarging:
        """How the decoder undoes a stage."""
        return self.upscaling or self.architecture.enlarging

    @property
    def loss(self) -> Loss:
        """What it is trained on, which decides how the decoder keeps its values between 0 and 1."""
        return self.chosen_loss or self.architecture.loss
