"""What a file holds, by its first bytes: to find pictures with odd names, and to say what is no picture."""

from __future__ import annotations

import struct

HEAD_BYTES = 1024

_BMP_HEADER_SIZES = frozenset({12, 40, 52, 56, 64, 108, 124})

_OTHER_CONTENTS = (
    (0, b"%PDF", "a PDF document: export its pages as PNG"),
    (0, b"\x1f\x8b", "gzip-compressed data: unpack it first"),
    (0, b"PK\x03\x04", "a zip archive: unpack it first"),
    (0, b"\xff\x0a", "a JPEG XL picture, which cannot be read here: convert it to PNG or JPEG"),
    (4, b"JXL ", "a JPEG XL picture, which cannot be read here: convert it to PNG or JPEG"),
    (4, b"ftypavi", "an AVIF picture, which cannot be read here: convert it to PNG or JPEG"),
    (4, b"ftyphei", "a HEIC picture, which cannot be read here: convert it to JPEG"),
    (4, b"ftyphev", "a HEIC picture, which cannot be read here: convert it to JPEG"),
    (4, b"ftypmif1", "a HEIF picture, which cannot be read here: convert it to JPEG"),
    (4, b"ftyp", "a video"),
)


def picture_format(head: bytes) -> str | None:
    """The picture format whose signature `head` begins with, under Pillow's name for it, or None.

    Knows the formats in which nearly all pictures are kept: JPEG, PNG, GIF, WEBP, TIFF, BMP.

    Example:
        >>> picture_format(b"GIF89a..."), picture_format(b"Dear Sir,")
        ('GIF', None)
    """
    if head[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if head[:6] in {b"GIF87a", b"GIF89a"}:
        return "GIF"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}:
        return "TIFF"
    return "BMP" if _is_bmp(head) else None


def _is_bmp(head: bytes) -> bool:
    # "BM" alone begins many a text, so the two sizes that follow have to make sense.
    if head[:2] != b"BM" or len(head) < 18:
        return False
    pixels_at, header_size = struct.unpack("<II", head[10:18])
    return header_size in _BMP_HEADER_SIZES and pixels_at >= 14 + header_size


def contents_in_words(head: bytes) -> str | None:
    """What `head` begins instead of a picture, in words that say what to do; None if it is not known.

    Example:
        >>> contents_in_words(b"<!DOCTYPE html><html>")
        'a web page'
    """
    for offset, signature, words in _OTHER_CONTENTS:
        if head[offset:].startswith(signature):
            return words
    return _text_in_words(head)


def _text_in_words(head: bytes) -> str | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in text:
        return "an SVG drawing, not pixels: export it as PNG"
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    printable = bytes(range(0x20, 0x7F)) + b"\t\r\n\f"
    return "text" if head and not head.translate(None, printable) else None
