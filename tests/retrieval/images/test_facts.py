import hashlib
import os

import pytest

from retrieval.errors import ImageUnreadable
from retrieval.images import facts as facts_module
from retrieval.images.facts import FileFacts, file_facts, read_file


def test_facts_of_a_file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"test")
    os.utime(path, ns=(1, 1_700_000_000_123_456_789))
    expected = FileFacts(4, path.stat().st_mtime_ns, hashlib.sha256(b"test").hexdigest())
    assert file_facts(path) == expected
    assert read_file(path) == (b"test", expected)


def test_facts_of_a_file_longer_than_a_block(tmp_path, monkeypatch):
    monkeypatch.setattr(facts_module, "_BLOCK_BYTES", 3)
    path = tmp_path / "a.bin"
    path.write_bytes(b"0123456789")
    assert file_facts(path) == read_file(path)[1]
    assert file_facts(path).size == 10


@pytest.mark.parametrize("read", [file_facts, read_file])
def test_what_cannot_be_read_is_named(tmp_path, read):
    os.mkfifo(tmp_path / "pipe")
    cases = {
        "missing.jpg": "no such file",
        ".": "it is a folder",
        "pipe": "a pipe or a device",
        "a\0b": "valid path",
    }
    for name, reason in cases.items():
        with pytest.raises(ImageUnreadable, match=reason) as caught:
            read(str(tmp_path / name))
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


def test_only_reading_refuses_an_empty_file(tmp_path):
    path = tmp_path / "a.jpg"
    path.touch()
    assert file_facts(path).size == 0
    with pytest.raises(ImageUnreadable, match="empty file"):
        read_file(path)


def test_a_file_too_large_for_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(facts_module, "MAX_FILE_BYTES", 1_000)
    path = tmp_path / "a.tif"
    path.write_bytes(bytes(1_001))
    with pytest.raises(ImageUnreadable, match="it has 1,001 bytes, more than the limit of 1,000"):
        read_file(path)
