from io import BytesIO

import pytest
from PIL import Image

from retrieval.images.formats import (
    SIGNATURE_BYTES,
    contents_in_words,
    is_other,
    picture_format,
    readable_formats,
    readable_suffixes,
    refused_suffixes,
)


@pytest.mark.parametrize("name", ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"])
def test_what_pillow_writes_is_recognised(name):
    buffer = BytesIO()
    Image.new("RGB", (3, 2)).save(buffer, name)
    assert picture_format(buffer.getvalue()[:SIGNATURE_BYTES]) == name


@pytest.mark.parametrize(
    "head", [b"", b"\xff\xd8", b"BMX cars: a history of", b"RIFF\0\0\0\0WAVE", b"GIF90a"]
)
def test_other_contents_are_no_picture(head):
    assert picture_format(head) is None


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (
            b'\xef\xbb\xbf<?xml version="1.0"?>\n<svg width="1">',
            "an SVG drawing, not pixels: export it as PNG",
        ),
        (b"\n<!DOCTYPE HTML><title>404</title>", "a web page"),
        (b"Dear Sir,\r\n\tyours", "text"),
        (b"\0\0\0\x18ftypheic\0\0", "a HEIC picture, which cannot be read here: convert it to JPEG"),
        (b"\0\0\0\x18ftypisom\0\0", "a video"),
        (b"%PDF-1.7", "a PDF document: export its pages as PNG"),
    ],
)
def test_other_contents_in_words(head, words):
    assert contents_in_words(head) == words


@pytest.mark.parametrize("head", [b"", b"\x01\x02\x03", "näher".encode()])
def test_unknown_contents_have_no_words(head):
    assert contents_in_words(head) is None


def test_common_pictures_are_readable():
    assert {
        ".jpg",
        ".jpeg",
        ".png",
        ".gif",
        ".webp",
        ".tif",
        ".tiff",
        ".bmp",
        ".pgm",
        ".ppm",
    } <= readable_suffixes()


@pytest.mark.parametrize(
    "suffix", [".pdf", ".eps", ".ps", ".mpg", ".h5", ".hdf", ".grib", ".bufr", ".wmf", ".emf"]
)
def test_what_pillow_only_stubs_is_no_picture(suffix):
    assert suffix not in readable_suffixes()
    assert suffix not in refused_suffixes()


def test_no_drawing_reaches_an_outside_program():
    assert "EPS" in Image.OPEN
    assert "EPS" not in readable_formats()


@pytest.mark.parametrize("suffix", [".svg", ".nef", ".cr2", ".arw", ".dng", ".jxl"])
def test_picture_like_files_have_a_reason(suffix):
    assert f"({suffix})" in refused_suffixes()[suffix] or refused_suffixes()[suffix].startswith(suffix)


def test_a_suffix_means_one_thing():
    assert not readable_suffixes() & refused_suffixes().keys()
    assert not any(is_other(suffix) for suffix in readable_suffixes() | refused_suffixes().keys())


def test_a_decoder_that_is_added_to_pillow_counts(monkeypatch):
    monkeypatch.setitem(Image.EXTENSION, ".nef", "TIFF")
    for asked in (readable_suffixes, refused_suffixes):
        asked.cache_clear()
    try:
        assert ".nef" in readable_suffixes()
        assert ".nef" not in refused_suffixes()
    finally:
        for asked in (readable_suffixes, refused_suffixes):
            asked.cache_clear()


@pytest.mark.parametrize(
    ("suffix", "expected"), [(".txt", True), (".mp4", True), (".jpg_large", False), ("", False)]
)
def test_other_files(suffix, expected):
    assert is_other(suffix) is expected
