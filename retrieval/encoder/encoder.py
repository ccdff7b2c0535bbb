"""The running encoder and decoder: from square pictures to latent vectors and back, by LiteRT."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import EncoderInvalid
from .description import Decoding, EncoderDescription
from .network import Floats, Network

Pixels = NDArray[np.uint8]


class Encoder:
    """A network with its description: what it expects of a picture, and how many numbers it gives.

    Example:
        >>> encoder = Encoder.open("runs/photos/encoder.tflite")
        >>> encoder.encode(np.zeros((2, encoder.size, encoder.size, 3), dtype=np.uint8)).shape
        (2, 64)
    """

    def __init__(self, model: bytes, description: EncoderDescription, *, name: str = "in memory") -> None:
        """Prepare the network `model`, in LiteRT's format; `name` stands for it in messages.

        Raises:
            EncoderInvalid: the network cannot be run, or is not the one that `description` describes.
        """
        self.description = description
        try:
            self._network = Network(model)
        except ValueError as error:
            raise EncoderInvalid(name, str(error)) from error
        _refuse_shapes(self._network, description, name)
        self._mean = np.array(description.mean, dtype=np.float32)
        self._scale = np.array(description.scale, dtype=np.float32)

    @classmethod
    def open(cls, path: Path | str) -> Encoder:
        """Open the network at `path`, described by the file of the same name that ends in .json.

        It is for the folder of a training run, or of a saved `Model`. In an index the names of the files
        change with each generation: use `Retriever.open(folder).encoder` there.

        Raises:
            EncoderInvalid: one of the two files is missing or not what it should be.
        """
        model, description = _read(Path(path)), _read(Path(path).with_suffix(".json"))
        where = Path(path).with_suffix(".json")
        text = description.decode("utf-8", errors="replace")
        return cls(model, EncoderDescription.parse(text, path=where), name=str(path))

    def __reduce__(self) -> tuple[type[Encoder], tuple[bytes, EncoderDescription]]:
        """Another process prepares the network for itself."""
        return Encoder, (self.model, self.description)

    @property
    def model(self) -> bytes:
        """The network in LiteRT's format."""
        return self._network.model

    @property
    def size(self) -> int:
        """Pixels of a side of the squares that it takes."""
        return self.description.size

    @property
    def decoding(self) -> Decoding:
        """How a picture becomes such a square: for `retrieval.images.load` and its kin."""
        return self.description.decoding

    @property
    def dim(self) -> int:
        """Numbers a latent vector."""
        return self.description.dim

    @property
    def copy_dim(self) -> int:
        """Numbers of the second vector, to find copies by; 0 if the network gives none."""
        return self.description.copy_dim

    @property
    def fingerprint(self) -> str:
        """SHA-256 of network and description: equal if and only if the vectors mean the same."""
        digest = hashlib.sha256(self.description.to_json().encode())
        digest.update(self.model)
        return digest.hexdigest()

    def encode(self, pictures: Pixels) -> Floats:
        """The latent vectors (n, dim) float32 of `pictures` (n, size, size, 3) uint8.

        One picture is encoded in the calling thread, several on all processors; the vectors are the same.

        Raises:
            ValueError: pictures of another shape or type.
        """
        return self.encode_both(pictures)[0]

    def encode_both(self, pictures: Pixels) -> tuple[Floats, Floats]:
        """The latent vectors (n, dim) as `encode` gives them, and those to find copies by (n, copy_dim).

        Raises:
            ValueError: pictures of another shape or type.

        Example:
            >>> latents, copies = encoder.encode_both(pictures)  # doctest: +SKIP
            >>> latents.shape, copies.shape  # doctest: +SKIP
            ((2, 64), (2, 48))
        """
        pictures, side = np.asarray(pictures), self.size
        if pictures.ndim != 4 or pictures.shape[1:] != (side, side, 3) or pictures.dtype != np.uint8:
            raise ValueError(
                f"pictures are {pictures.shape} {pictures.dtype}, expected (n, {side}, {side}, 3) uint8: "
                "load them with retrieval.images.load(source, encoder.size, decoding=encoder.decoding)"
            )
        vectors = self._network.run(self.scaled(pictures))
        if not self.copy_dim:
            return vectors, np.zeros((len(vectors), 0), dtype=np.float32)
        latents, copies = vectors[:, : self.dim], vectors[:, self.dim :]
        return np.ascontiguousarray(latents), np.ascontiguousarray(copies)

    def scaled(self, pictures: Pixels) -> Floats:
        """`pictures` (n, size, size, 3) as the network takes them, float32."""
        return (pictures.astype(np.float32) - self._mean) / self._scale


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

    def __reduce__(self) -> tuple[type[Decoder], tuple[bytes]]:
        """Another process prepares the network for itself."""
        return Decoder, (self.model,)

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


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise EncoderInvalid(str(path), "there is no such file") from error
    except IsADirectoryError as error:
        raise EncoderInvalid(
            str(path),
            "it is a folder: name its encoder.tflite, or take Retriever.open(folder).encoder if indexed",
        ) from error
    except OSError as error:
        raise EncoderInvalid(str(path), f"it cannot be read: {error.strerror}") from error


def _refuse_shapes(network: Network, description: EncoderDescription, name: str) -> None:
    expected = ((description.size, description.size, 3), (description.dim + description.copy_dim,))
    if (network.input_shape, network.output_shape) != expected:
        raise EncoderInvalid(
            name,
            f"it takes {network.input_shape} and gives {network.output_shape}, "
            f"its description says {expected[0]} and {expected[1]}",
        )
