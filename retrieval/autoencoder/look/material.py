"""What the exhibits are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...encoder import Decoder, Model
from ..corruption import Corruption
from ..run import Epoch

Pixels = NDArray[np.uint8]
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Material:
    """A model with a decoder, the pictures to `show` it by, others that it was `fitted` to, and how it went.

    Both sets are (n, size, size, 3) uint8; a hundred to show and some thousand fitted are plenty.
    """

    model: Model
    show: Pixels
    fitted: Pixels
    corruption: Corruption = field(default_factory=Corruption)
    history: tuple[Epoch, ...] = ()

    @property
    def decoder(self) -> Decoder:
        """The model's decoder. Raises DecoderMissing if it has none."""
        return self.model.require_decoder()

    @property
    def code_shape(self) -> tuple[int, ...]:
        """(dim,), or (side, side, filters) where the code is a map."""
        shape = self.model.encoder.description.details.get("code_shape", [self.model.encoder.dim])
        return tuple(int(length) for length in shape)

    @cached_property
    def corrupted(self) -> Pixels:
        """The pictures to show, as the network gets them: corrupted where it was trained so."""
        return self.corruption.apply(self.show) if self.corruption else self.show

    @cached_property
    def codes(self) -> Vectors:
        """The codes (n, dim) of the pictures to show, not corrupted."""
        return self.model.encoder.encode(self.show)

    @cached_property
    def reconstructions(self) -> Pixels:
        """What comes back of `corrupted`."""
        codes = self.model.encoder.encode(self.corrupted) if self.corruption else self.codes
        return self.decoder.decode(codes)

    def is_unit_length(self) -> bool:
        """Whether the encoder gives codes of length 1, so that one of another length means nothing."""
        return bool(np.allclose(np.linalg.norm(self.codes, axis=1), 1.0, atol=1e-3))

    def decode(self, codes: Vectors) -> Pixels:
        """Pictures of `codes` (n, dim), brought to length 1 first where the encoder's own have it."""
        if self.is_unit_length():
            codes = codes / np.linalg.norm(codes, axis=1, keepdims=True)
        return self.decoder.decode(codes)
