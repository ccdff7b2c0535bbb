"""An architecture at a size: everything that decides the shape of a network."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .architectures import Architecture, Enlarging, Loss


@dataclass(frozen=True, slots=True)
class Design:
    """`architecture` for pictures of `size` × `size` pixels and 1 (grey) or 3 (RGB) `channels`.

    `latent_dim`, `upscaling` and `chosen_loss` replace what the architecture says where they are given.

    Example:
        >>> Design(ARCHITECTURES["conv-pool"], size=28, channels=1).dim
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
