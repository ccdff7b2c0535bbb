"""Which model is it? The one that an encoder argument means, and the one that an index holds."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from index_store import Index

from .encoder import Decoder, Encoder, EncoderDescription, Model
from .encoder.model import DECODER, DESCRIPTION, ENCODER, KERAS
from .errors import DecoderMissing, EncoderInvalid
from .index_paths import existing_index, is_indexed

AnyEncoder: TypeAlias = Model | Encoder | str | Path

_NETWORK = ".tflite"
_KERAS = ".keras"


def open_model(encoder: AnyEncoder) -> Model:
    """`encoder` itself, or what is at this path.

    That may be a model's folder, an encoder's .tflite or .keras file with its .json beside it, the name of a
    Keras application, or an indexed folder, whose encoder is then used again.

    Raises:
        EncoderInvalid: nothing of the kind is there.
    """
    if isinstance(encoder, Model):
        return encoder
    if isinstance(encoder, Encoder):
        return Model(encoder)
    if is_of_keras(encoder):
        # Here and not above: TensorFlow takes ten seconds to load.
        from .autoencoder.pretrained import PretrainedEncoder

        return PretrainedEncoder.open(encoder).model()
    if not isinstance(encoder, (str, Path)):
        raise EncoderInvalid(
            f"of type {type(encoder).__name__}",
            "expected a Model, an Encoder or a path: save a Keras model as a .keras file, and name that",
        )
    path = Path(encoder)
    if path.suffix == _NETWORK:
        return Model(Encoder.open(path))
    if (path / ENCODER).is_file():
        return Model.open(path)
    if is_indexed(path):
        return model_of(Index.open(existing_index(path)))
    raise EncoderInvalid(
        str(path),
        f"it is not there or holds no {ENCODER}: name the folder of a training run, a {_NETWORK} or {_KERAS} "
        "file, an indexed folder, or a Keras application such as MobileNetV2",
    )


def is_of_keras(encoder: object) -> bool:
    """Whether `encoder` is the path of a .keras file or the name of a Keras application: one word, capital
    first, and no file or folder of this name.

    Example:
        >>> is_of_keras("mine.keras"), is_of_keras("MobileNetV2"), is_of_keras("runs/conv")
        (True, True, False)
    """
    if not isinstance(encoder, (str, Path)):
        return False
    path, name = Path(encoder), str(encoder)
    return path.suffix == _KERAS or (name.isidentifier() and name[0].isupper() and not path.exists())


def encoder_of(index: Index) -> Encoder:
    """The encoder that made the vectors of `index`.

    Raises:
        EncoderInvalid, IndexStoreError: it is not there, damaged, or another one.
    """
    files = {name: _read(index, name) for name in (ENCODER, DESCRIPTION)}
    where = index.attachment(DESCRIPTION)
    description = EncoderDescription.parse(files[DESCRIPTION].decode("utf-8", errors="replace"), path=where)
    encoder = Encoder(files[ENCODER], description, name=str(index.attachment(ENCODER)))
    index.require_encoder(encoder.fingerprint, dim=encoder.dim)
    return encoder


def decoder_of(index: Index) -> Decoder:
    """The decoder that turns vectors of `index` into pictures.

    Raises:
        DecoderMissing: its encoder came without one.
    """
    if DECODER not in index.attachments:
        raise DecoderMissing(f"index {index.directory}")
    return Decoder(_read(index, DECODER), name=str(index.attachment(DECODER)))


def model_of(index: Index) -> Model:
    """Everything that `index` keeps of its model."""
    return Model(
        encoder=encoder_of(index),
        decoder=decoder_of(index) if DECODER in index.attachments else None,
        keras=_read(index, KERAS) if KERAS in index.attachments else None,
    )


def _read(index: Index, name: str) -> bytes:
    return index.attachment(name).read_bytes()
