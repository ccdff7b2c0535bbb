"""Formats of pictures: what a file holds by its first bytes, and what its name promises."""

from __future__ import annotations

import struct
from functools import lru_cache

from PIL import Image

HEAD_BYTES = 1024  # enough for the formats and for words about other contents
SIGNATURE_BYTES = 18  # enough for `picture_format`

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


# Pillow registers these, but they are drawings that need an outside program, scientific containers without
# a decoder, or videos.
NOT_PICTURES = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "IPTC", "MPEG", "PDF", "WMF"})

_RAW = """
    .3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .iiq .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf .raw .rw2
    .rwl .sr2 .srf .srw .x3f
"""
_CONVERT = ".avif .avifs .exr .hdr .heic .heics .heif .heifs .hif .jp2 .j2k .jpf .jpx .jxl .jxr .webp .xcf"

_OTHERS = """
    .7z .aac .ai .avi .bak .bz2 .c .cfg .cpp .css .csv .db .doc .docx .emf .eps .faiss .flac .geojson
    .gz .h .h5 .hdf .htm .html .ini .ipynb .java .js .json .jsonl .keras .lock .log .m4a .m4v .mat .md
    .mkv .mov .mp3 .mp4 .mpeg .mpg .npy .npz .odt .ogg .onnx .parquet .pdf .pickle .pkl .pps .ppt .pptx
    .ps .pt .pth .py .rar .rst .rtf .sh .sqlite .srt .tar .tflite .tgz .toml .tsv .txt .wav .webm .wmf
    .wmv .xls .xlsx .xml .xmp .xz .yaml .yml .zip .zst
"""
_OTHER_SUFFIXES = frozenset(_OTHERS.split())


@lru_cache(maxsize=1)
def readable_formats() -> tuple[str, ...]:
    """Pillow's names of the formats that count as pictures here and that the installed Pillow decodes."""
    Image.init()
    return tuple(name for name in Image.ID if name not in NOT_PICTURES)


@lru_cache(maxsize=1)
def readable_suffixes() -> frozenset[str]:
    """Lower-case suffixes, dot included, of the formats in `readable_formats`."""
    formats = set(readable_formats())
    return frozenset(suffix for suffix, name in Image.EXTENSION.items() if name in formats)


@lru_cache(maxsize=1)
def refused_suffixes() -> dict[str, str]:
    """Suffixes of pictures that the installed Pillow cannot decode, each with the reason to give for it.

    Example:
        >>> refused_suffixes()[".nef"]
        'a camera raw file (.nef): export it as JPEG or PNG'
    """
    reasons = {suffix: f"a camera raw file ({suffix}): export it as JPEG or PNG" for suffix in _RAW.split()}
    for suffix in _CONVERT.split():
        reasons[suffix] = f"{suffix} pictures cannot be read here: convert it to PNG or JPEG"
    for suffix in (".svg", ".svgz"):
        reasons[suffix] = f"a vector drawing ({suffix}), not pixels: export it as PNG"
    return {suffix: reason for suffix, reason in reasons.items() if suffix not in readable_suffixes()}


def is_other(suffix: str) -> bool:
    """Whether the lower-case `suffix` names a kind of file that holds no picture: text, videos, ..."""
    return suffix in _OTHER_SUFFIXES
