"""A fitted model as files: the encoder, the decoder if it has one, and the Keras model it came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import DecoderMissing
from .encoder import Decoder, Encoder

ENCODER = "encoder.tflite"
DESCRIPTION = "encoder.json"
DECODER = "decoder.tflite"
KERAS = "autoencoder.keras"


@dataclass(frozen=True)
class Model:
    """What fitting gives and an index keeps: all that is needed to encode, to reconstruct, to train on.

    `keras` is the content of `autoencoder.keras`, a model that takes pictures (n, size, size, 3) float32,
    scaled as the encoder's description says, and gives pictures of the same shape in [0, 1]; its layers
    "encoder" and "decoder" are the two halves. Fitted without a decoder, it is the encoder alone and called
    "encoder". It gives latent vectors alone: what finds copies is in the running encoder. A model from
    elsewhere may come without it and without a decoder.
    """

    encoder: Encoder
    decoder: Decoder | None = None
    keras: bytes | None = None

    @classmethod
    def open(cls, folder: Path | str) -> Model:
        """Read the model that `save` wrote into `folder`.

        Raises:
            EncoderInvalid: names the file that is missing or not what it should be.
        """
        folder = Path(folder)
        decoder, keras = folder / DECODER, folder / KERAS
        return cls(
            encoder=Encoder.open(folder / ENCODER),
            decoder=Decoder(decoder.read_bytes(), name=str(decoder)) if decoder.is_file() else None,
            keras=keras.read_bytes() if keras.is_file() else None,
        )

    def require_decoder(self) -> Decoder:
        """The decoder. Raises DecoderMissing if there is none."""
        if self.decoder is None:
            raise DecoderMissing(f"encoder {self.encoder.description.name}")
        return self.decoder

    def files(self) -> dict[str, bytes]:
        """The content of each file by its name."""
        files = {ENCODER: self.encoder.model, DESCRIPTION: self.encoder.description.to_json().encode()}
        if self.decoder is not None:
            files[DECODER] = self.decoder.model
        if self.keras is not None:
            files[KERAS] = self.keras
        return files

    def save(self, folder: Path | str) -> None:
        """Write the files into `folder`, which is made if it is missing.

        Raises:
            OSError: the disk refused.
        """
        Path(folder).mkdir(parents=True, exist_ok=True)
        for name, content in self.files().items():
            Path(folder, name).write_bytes(content)
