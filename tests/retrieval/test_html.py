from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from retrieval.html import data_url, jpeg_url, thumbnail_url


def decoded(url):
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))


def test_bytes_become_a_url_that_holds_them():
    assert data_url("text/plain", b"abc") == "data:text/plain;base64,YWJj"


def test_a_picture_becomes_a_jpeg_of_its_size():
    picture = decoded(jpeg_url(Image.new("RGB", (20, 10), "red")))
    assert (picture.format, picture.size) == ("JPEG", (20, 10))


def test_a_thumbnail_keeps_the_proportions_and_is_never_enlarged():
    assert decoded(thumbnail_url(np.zeros((100, 400, 3), np.uint8), 40)).size == (40, 10)
    assert decoded(thumbnail_url(np.zeros((10, 20, 3), np.uint8), 40)).size == (20, 10)


def test_of_a_picture_that_cannot_be_read_there_is_none(tmp_path):
    assert thumbnail_url(tmp_path / "missing.png") is None
