from io import BytesIO

import pytest
from PIL import Image

from retrieval.images.signatures import contents_in_words, picture_format


@pytest.mark.parametrize("name", ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"])
def test_what_pillow_writes_is_recognised(name):
    buffer = BytesIO()
    Image.new("RGB", (3, 2)).save(buffer, name)
    assert picture_format(buffer.getvalue()[:1024]) == name


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
