"""The ways in which a picture can be given, and reading each of them up to where decoding starts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

import numpy as np
from PIL import Image

from ..errors import ImageUnreadable
from .facts import read_contents
from .pixels import AnyArray
from .reasons import EMPTY, printable

Source: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | AnyArray


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A source, read: what to call it in an error, and the file's bytes, the image or the array."""

    name: str
    material: bytes | Image.Image | AnyArray


def read_source(source: Source) -> Given:
    """Read files and streams whole, leave images and arrays as they are, and name each for errors.

    Raises:
        ImageUnreadable: the file or stream cannot be read or is empty, or `source` is of another kind.
    """
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        return Given(printable(path), read_contents(path)[0])
    if isinstance(source, Image.Image):
        return Given(printable(str(getattr(source, "filename", ""))) or "the given PIL image", source)
    if isinstance(source, np.ndarray):
        return Given("the given array", source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _in_memory("the given bytes", bytes(source))
    if hasattr(source, "read"):
        return _in_memory("the given stream", _read_stream(source))
    raise ImageUnreadable(
        f"the given {type(source).__name__}", "expected a path, bytes, a binary file, a PIL image or an array"
    )


def _read_stream(stream: BinaryIO) -> object:
    try:
        return stream.read()
    except (OSError, ValueError) as error:
        raise ImageUnreadable("the given stream", "it is closed or cannot be read from") from error


def _in_memory(name: str, data: object) -> Given:
    if not isinstance(data, bytes):
        raise ImageUnreadable(name, f"it gives {type(data).__name__}, expected bytes: open it in binary mode")
    if not data:
        raise ImageUnreadable(name, EMPTY)
    return Given(name, data)
