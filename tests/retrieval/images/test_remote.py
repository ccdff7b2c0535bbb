from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from index_store import OptionInvalid
from retrieval.errors import ImageUnreadable, NoPictures
from retrieval.images import (
    StoreFailed,
    find_images,
    find_remote,
    folder_at,
    is_remote,
    open_picture,
    read_file,
)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("upath") is None or importlib.util.find_spec("fsspec") is None,
    reason="what reads URLs is not installed: pip install '.[ray]'",
)


@pytest.fixture
def memory():
    """Write files into a folder that is in memory."""
    folder = folder_at("memory://photos")

    def write(**contents):
        for name, content in contents.items():
            folder.fs.pipe(f"/photos/{name}", content)
        return folder

    yield write
    folder.fs.store.clear()
    folder.fs.pseudo_dirs[:] = [""]


def test_a_folder_at_a_url_is_scanned_as_one_on_disk_is(photos):
    (photos / "a" / ".git").mkdir(parents=True)
    for name in ("one.jpg", "two.jpg"):
        (photos / "a" / ".git" / name).write_bytes(b"x")
    (photos / ".hidden.jpg").write_bytes(b"x")
    (photos / "photo.nef").write_bytes(b"x")
    (photos / "v1.0").mkdir()
    (photos / "v1.0" / "nosuffix").write_bytes((photos / "violet.png").read_bytes())
    (photos / "v1.0" / "README").write_text("no picture")
    here, there = find_images(photos), find_remote(folder_at(photos.as_uri()))
    assert [(file.path, file.size) for file in there.pictures] == [
        (file.path, file.size) for file in here.pictures
    ]
    assert [(one.path, one.reason) for one in there.rejections] == [
        (one.path, one.reason) for one in here.rejections
    ]
    assert there.skipped == here.skipped
    for ours, theirs in zip(there.pictures, here.pictures, strict=True):
        assert abs(ours.mtime_ns - theirs.mtime_ns) < 1_000, "a float of seconds holds no more"


def test_names_that_no_row_can_hold_are_rejected(memory):
    scan = find_remote(memory(**{"a//b.jpg": b"x", "c.jpg": b"x"}))
    assert [file.path for file in scan.pictures] == ["c.jpg"]
    assert [(one.path, one.reason) for one in scan.rejections] == [
        ("a//b.jpg", "a folder in its name is called nothing (//): rename it")
    ]


def test_what_came_since_is_found(memory):
    folder = memory(**{"a.jpg": b"x"})
    assert len(find_remote(folder).pictures) == 1
    memory(**{"b.jpg": b"xy"})
    assert [(file.path, file.size) for file in find_remote(folder).pictures] == [("a.jpg", 1), ("b.jpg", 2)]


def test_a_picture_is_read_by_its_url(memory, photos):
    folder = memory(**{"violet.png": (photos / "violet.png").read_bytes()})
    path = folder / "violet.png"
    assert str(path) == "memory://photos/violet.png"
    assert open_picture(path).size == (48, 24)
    data, facts = read_file(path)
    assert (data, facts.sha256) == (
        (photos / "violet.png").read_bytes(),
        read_file(photos / "violet.png")[1].sha256,
    )


def test_why_a_file_cannot_be_read_is_said(memory, monkeypatch):
    folder = memory(**{"empty.jpg": b""})
    with pytest.raises(ImageUnreadable, match=r"^memory://photos/empty\.jpg cannot be read: empty file$"):
        read_file(folder / "empty.jpg")
    with pytest.raises(ImageUnreadable, match="there is no such file") as gone:
        read_file(folder / "gone.jpg")
    assert isinstance(gone.value.__cause__, StoreFailed)

    def refused(*_, **__):
        raise RuntimeError("slow down\nplease")

    monkeypatch.setattr(type(folder.fs), "cat_file", refused)
    with pytest.raises(ImageUnreadable, match=r"the store does not give it: slow down please$") as failed:
        read_file(folder / "empty.jpg")
    assert isinstance(failed.value.__cause__, StoreFailed)


def test_a_folder_that_is_not_there_a_file_and_a_store_that_refuses_are_refused(memory, monkeypatch):
    folder = memory(**{"a.jpg": b"x"})
    with pytest.raises(NoPictures, match="no pictures in memory://nowhere: there is no such folder"):
        find_remote(folder_at("memory://nowhere"))
    with pytest.raises(NoPictures, match="it is a file, expected a folder of pictures"):
        find_remote(folder / "a.jpg")

    def refused(*_, **__):
        raise RuntimeError("no credentials")

    monkeypatch.setattr(type(folder.fs), "find", refused)
    with pytest.raises(NoPictures, match="the folder cannot be read: no credentials"):
        find_remote(folder)


def test_only_what_is_at_a_url_is_remote():
    assert folder_at("photos") == Path("photos")
    assert folder_at(Path("photos")) == Path("photos")
    assert not is_remote(folder_at("photos"))
    assert not is_remote("memory://photos")
    assert is_remote(folder_at("memory://photos") / "a" / "b.jpg")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("s3://key:secret@bucket/photos", "^an index would keep the password"),
        ("ftp://host/photos", r"^ftp://host/photos cannot be kept as a URL, only as ftp:///photos"),
    ],
)
def test_a_url_that_cannot_be_kept_is_refused(url, why):
    with pytest.raises(OptionInvalid, match=why):
        folder_at(url)


def test_a_url_means_the_same_with_a_slash_at_its_end():
    assert folder_at("memory://photos/") == folder_at("memory://photos")
    assert str(folder_at("memory://photos/")) == "memory://photos"


def test_a_url_of_an_unknown_kind_and_one_that_nothing_can_read_are_refused(monkeypatch):
    with pytest.raises(OptionInvalid, match=r"^nowhere://x cannot be read: "):
        folder_at("nowhere://x")
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(OptionInvalid, match=r"pip install 'retrieve\[ray\]'"):
        folder_at("s3://bucket")
