import hashlib
import os
from io import BytesIO, StringIO

import numpy as np
import pytest
from PIL import Image

from retrieval.errors import ImageUnreadable
from retrieval.images import source as source_module
from retrieval.images.source import FileFacts, read_file, read_source


def test_files_and_streams_are_read_and_named(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"content")
    stream = BytesIO(b"skip content")
    stream.seek(5)
    sources = {str(path): path, "the given bytes": b"content", "the given stream": stream}
    for name, source in sources.items():
        contents = read_source(source)
        assert (contents.name, contents.data) == (name, b"content")
    assert read_source(memoryview(b"content")).data == b"content"


def test_images_and_arrays_are_left_as_they_are():
    image, array = Image.new("L", (1, 1)), np.zeros((1, 1))
    assert read_source(image).data is image
    assert read_source(array).data is array


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


def test_facts_of_a_file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"test")
    os.utime(path, ns=(1, 1_700_000_000_123_456_789))
    expected = FileFacts(4, path.stat().st_mtime_ns, hashlib.sha256(b"test").hexdigest())
    assert read_file(path) == (b"test", expected)


def test_what_cannot_be_read_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.jpg").touch()
    cases = {
        "empty.jpg": "empty file",
        "missing.jpg": "no such file",
        ".": "it is a folder",
        "pipe": "a pipe or a device",
        "a\0b": "valid path",
    }
    for name, reason in cases.items():
        with pytest.raises(ImageUnreadable, match=reason) as caught:
            read_file(str(tmp_path / name))
        assert caught.value.path == str(tmp_path / name)


def test_a_file_that_may_not_be_opened(tmp_path, monkeypatch):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x")
    monkeypatch.setattr(type(path), "open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "denied")))
    with pytest.raises(ImageUnreadable, match=r"a\.jpg cannot be read: permission denied"):
        read_file(path)


def test_a_file_that_does_not_fit(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    path.write_bytes(b"x")
    monkeypatch.setattr(type(path), "open", lambda *_: (_ for _ in ()).throw(MemoryError))
    with pytest.raises(ImageUnreadable, match="there is not enough memory"):
        read_file(path)


def test_a_file_too_large_for_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(source_module, "MAX_FILE_BYTES", 1_000)
    path = tmp_path / "a.tif"
    path.write_bytes(bytes(1_001))
    with pytest.raises(ImageUnreadable, match="it has 1,001 bytes, more than the limit of 1,000"):
        read_file(path)
