"""The running decoder: latent vectors in, square pictures out. LiteRT, no TensorFlow."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import EncoderInvalid
from .encoder import Pixels
from .network import Network


class Decoder:
    """The other half of an autoencoder: the picture that a latent vector stands for, as far as it knows."""

    def __init__(self, model: bytes, *, name: str = "in memory") -> None:
        """Prepare the network `model`, in LiteRT's format; `name` stands for it in messages.

        Raises:
            EncoderInvalid: the network cannot be run, or does not turn vectors into RGB pictures.
        """
        try:
            self._network = Network(model)
        except ValueError as error:
            raise EncoderInvalid(name, str(error)) from error
        entry, result = self._network.input_shape, self._network.output_shape
        if len(entry) != 1 or len(result) != 3 or result[0] != result[1] or result[2] != 3:
            raise EncoderInvalid(
                name,
                f"it takes {entry} and gives {result}, expected (dim,) and (size, size, 3): not a decoder",
            )
        self.dim, self.size = entry[0], result[0]

    @property
    def model(self) -> bytes:
        """The network in LiteRT's format."""
        return self._network.model

    def decode(self, vectors: ArrayLike) -> Pixels:
        """The pictures (n, size, size, 3) uint8 of latent `vectors` (n, dim).

        Raises:
            ValueError: vectors of another shape.
        """
        latents = np.asarray(vectors, dtype=np.float32)
        if latents.ndim != 2 or latents.shape[1] != self.dim:
            raise ValueError(f"vectors are {latents.shape}, expected (n, {self.dim})")
        values = self._network.run(latents)
        pictures: Pixels = np.rint(np.clip(values, 0.0, 1.0) * 255.0).astype(np.uint8)
        return pictures
