"""What is too large to be decoded, told from its head alone."""

from __future__ import annotations

import io

from fastapi import HTTPException, UploadFile
from PIL import Image

from .settings import ServiceSettings


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
