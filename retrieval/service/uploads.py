"""Uploaded pictures: what is too large is told from the head alone, and messages name them as they came."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import HTTPException, UploadFile
from PIL import Image

from ..errors import ImageUnreadable, printable
from .settings import ServiceSettings


@contextmanager
def named(file: UploadFile) -> Iterator[None]:
    """Inside, a picture that cannot be read is called by the name that it was uploaded with."""
    try:
        yield
    except ImageUnreadable as error:
        raise ImageUnreadable(printable(file.filename or error.path), error.reason) from error


def uploaded(file: UploadFile, settings: ServiceSettings) -> bytes:
    """The contents of an uploaded picture that is not too large.

    Raises:
        HTTPException: 413, it is too large.
    """
    data = file.file.read()
    _refuse_large(data, settings)
    return data


def _refuse_large(data: bytes, settings: ServiceSettings) -> None:
    """Refuse a picture of too many pixels before any of them is decoded.

    What is no picture is left to the decoder, which says why.

    Raises:
        HTTPException: 413, it is too large.
    """
    try:
        with Image.open(io.BytesIO(data)) as picture:
            width, height = picture.size
    except Image.DecompressionBombError as error:
        raise HTTPException(413, f"the picture has too many pixels: {error}") from error
    except Exception:
        return
    if width * height > settings.upload_pixels or max(width, height) > settings.upload_side:
        raise HTTPException(
            413,
            f"the picture is {width:,} x {height:,} pixels, this service takes at most "
            f"{settings.upload_pixels:,} in all and {settings.upload_side:,} along a side: scale it down",
        )
