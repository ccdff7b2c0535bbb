import os
from io import BytesIO, StringIO

import numpy as np
import pytest
from PIL import Image

from retrieval.errors import ImageUnreadable
from retrieval.images.source import read_source


def test_files_and_streams_are_read_and_named(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"content")
    stream = BytesIO(b"skip content")
    stream.seek(5)
    sources = {str(path): path, "the given bytes": b"content", "the given stream": stream}
    for name, source in sources.items():
        given = read_source(source)
        assert (given.name, given.material) == (name, b"content")
    assert read_source(memoryview(b"content")).material == b"content"


def test_images_and_arrays_are_left_as_they_are():
    image, array = Image.new("L", (1, 1)), np.zeros((1, 1))
    assert read_source(image).material is image
    assert read_source(array).material is array


def test_what_is_no_file(tmp_path):
    with pytest.raises(ImageUnreadable, match="it is a folder, not a picture"):
        read_source(tmp_path)
    with pytest.raises(ImageUnreadable, match="there is no such file"):
        read_source(tmp_path / "gone.png")
    with pytest.raises(ImageUnreadable, match=r"caf\\xe9\.png cannot be read: there is no such file"):
        read_source(tmp_path / os.fsdecode(b"caf\xe9.png"))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (None, "the given NoneType cannot be read: expected a path, bytes"),
        ([1, 2], "the given list cannot be read: expected a path, bytes"),
        (
            StringIO("text"),
            "the given stream cannot be read: it gives str, expected bytes: open it in binary mode",
        ),
        (BytesIO(), "the given stream cannot be read: empty file"),
    ],
)
def test_sources_of_other_kinds_are_refused(source, sentence):
    with pytest.raises(ImageUnreadable, match=sentence):
        read_source(source)


def test_a_closed_stream_is_refused():
    stream = BytesIO(b"x")
    stream.close()
    with pytest.raises(ImageUnreadable, match="the given stream cannot be read: it is closed"):
        read_source(stream)
