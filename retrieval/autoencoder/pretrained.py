"""Encoders from elsewhere: a .keras file, a Keras application by its name, a model of ours to go on with."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras

from ..encoder import Encoder, EncoderDescription, Model
from ..encoder.model import DESCRIPTION, KERAS
from ..errors import EncoderInvalid
from ..images import DECODING
from .export import to_litert

_APPLICATION_SIZE = 224
_EXAMPLE = '{"name": "mine", "size": 224, "dim": 512, "mean": 127.5, "scale": 127.5}'


@dataclass(frozen=True, slots=True, eq=False)
class PretrainedEncoder:
    """A Keras `network` that takes pictures as `description` says and gives vectors."""

    network: keras.Model
    description: EncoderDescription

    @classmethod
    def open(cls, source: str | Path) -> PretrainedEncoder:
        """The .keras file at the path `source`, described by the .json of the same name beside it, or the
        Keras application called `source`.

        Raises:
            EncoderInvalid: there is no such file or application, the network is not one from pictures to
                vectors, or the weights of the application cannot be had.
        """
        if Path(source).suffix == ".keras":
            return cls._open_file(Path(source))
        return cls._application(str(source))

    @classmethod
    def of(cls, model: Model, *, name: str = "the model") -> PretrainedEncoder:
        """The encoder of a `model` that came with its Keras file; `name` stands for it in messages.

        Raises:
            EncoderInvalid: it came without, as from a .tflite file, to which nothing can be joined.
        """
        if model.keras is None:
            raise EncoderInvalid(
                name,
                "nothing can be joined to a .tflite file: give the .keras file that it was made from, or the "
                "folder of a training run",
            )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, KERAS)
            path.write_bytes(model.keras)
            network = keras.models.load_model(path, compile=False)
        return cls(_encoder_of(network), _of_latents(model.encoder.description))

    def model(self) -> Model:
        """The encoder, ready to run.

        Raises:
            EncoderInvalid: LiteRT has no equivalent for a part of the network.
        """
        network = converted(self.network, self.description.name)
        return Model(Encoder(network, self.description, name=self.description.name))

    @classmethod
    def _open_file(cls, path: Path) -> PretrainedEncoder:
        described = path.with_name(DESCRIPTION) if path.name == KERAS else path.with_suffix(".json")
        if not path.is_file():
            raise EncoderInvalid(str(path), "there is no such file")
        if not described.is_file():
            raise EncoderInvalid(
                str(path), f"{described} is missing, which says how to prepare a picture, as in {_EXAMPLE}"
            )
        text = described.read_text(encoding="utf-8", errors="replace")
        description = _of_latents(EncoderDescription.parse(text, path=described))
        try:
            network = keras.models.load_model(path, compile=False)
        # Whatever is wrong with a file comes out of zipfile, json, h5py or Keras in a type of its own.
        except Exception as error:
            raise EncoderInvalid(str(path), f"Keras cannot load it: {error}") from error
        if path.name == KERAS:
            network = _encoder_of(network)
        _refuse_shapes(network, description, str(path))
        return cls(network, description)

    @classmethod
    def _application(cls, name: str, *, weights: str | None = "imagenet") -> PretrainedEncoder:
        make = getattr(keras.applications, name, None)
        if not callable(make):
            known = sorted(entry for entry in dir(keras.applications) if entry[0].isupper())
            raise EncoderInvalid(
                name,
                "it is neither a file nor the folder of a model nor a Keras application; those are "
                + ", ".join(known),
            )
        size = _APPLICATION_SIZE
        try:
            # It tells of the download on stdout, where only results belong.
            with contextlib.redirect_stdout(io.StringIO()):
                body = make(include_top=False, pooling="avg", weights=weights, input_shape=(size, size, 3))
        # Without a network this is an OSError, a URLError or whatever a proxy makes of it.
        except Exception as error:
            raise EncoderInvalid(
                name,
                f"its weights cannot be had, {str(error).rpartition(' -- ')[2]}: Keras downloads them from "
                "the internet once and keeps them in ~/.keras/models; without internet, copy that folder",
            ) from error
        pictures = keras.Input((size, size, 3))
        # Each application has its own way with pixel values; some swap red and blue. So it is made a part of
        # the network, and the description needs to say nothing.
        prepare: Any = sys.modules[make.__module__].preprocess_input
        network = keras.Model(pictures, body(prepare(pictures)), name="encoder")
        return cls(network, EncoderDescription(name, size, network.output_shape[-1], decoding=DECODING))


def converted(network: keras.Model, name: str) -> bytes:
    """`network` in LiteRT's format; `name` stands for it in messages.

    Raises:
        EncoderInvalid: LiteRT has no equivalent for a part of the network.
    """
    try:
        return to_litert(network)
    # The converter's own error type is private, and it lets out others as well.
    except Exception as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise EncoderInvalid(name, f"it cannot be converted to LiteRT: {first}") from error


def sized(network: keras.Model, size: int, name: str) -> keras.Model:
    """`network` for pictures (size, size, 3) alone, under another name."""
    pictures = keras.Input((size, size, 3))
    return keras.Model(pictures, network(pictures), name=name)


def _of_latents(description: EncoderDescription) -> EncoderDescription:
    """A Keras file gives latent vectors alone; what finds copies is in the .tflite file."""
    return replace(description, copy_dim=0)


def _encoder_of(network: keras.Model) -> keras.Model:
    """The encoder of an autoencoder; a model without a decoder is its encoder itself."""
    return network if network.name == "encoder" else network.get_layer("encoder")


def _refuse_shapes(network: Any, description: EncoderDescription, name: str) -> None:
    expected = ((None, description.size, description.size, 3), (None, description.dim))
    got = (network.input_shape, network.output_shape)
    fits = got[1] == expected[1] and got[0] in {expected[0], (None, None, None, 3)}
    if not fits:
        raise EncoderInvalid(
            name,
            f"it takes {got[0]} and gives {got[1]}, its description says {expected[0]} and {expected[1]}",
        )
