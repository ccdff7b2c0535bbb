import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from retrieval.errors import ImageUnreadable, NoPictures
from retrieval.images import Skipped, find_files, find_images


def draw(path, *, name=None):
    """A picture at `path`, in the format of its suffix or in the one named."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (3, 2), "red").save(path, name)


def paths(scan):
    return [found.path for found in scan.pictures]


def reasons(scan):
    return {rejection.path: rejection.reason for rejection in scan.rejections}


def test_pictures_are_found_below_the_folder_in_order_of_their_paths(tmp_path):
    names = ["b.png", "a/z.JPG", "a/b/c.tif", "a.webp", "a-b/x.gif", "Z.bmp", "ünï.pgm", "a b.ppm"]
    for name in names:
        draw(tmp_path / name)
    scan = find_images(tmp_path)
    assert paths(scan) == sorted(names)
    assert scan.rejections == ()
    assert find_images(str(tmp_path)) == scan


def test_size_and_time_of_change_come_along(tmp_path):
    draw(tmp_path / "a.png")
    os.utime(tmp_path / "a.png", ns=(1, 1_700_000_000_000_000_000))
    (found,) = find_images(tmp_path).pictures
    facts = (tmp_path / "a.png").stat()
    assert (found.size, found.mtime_ns) == (facts.st_size, facts.st_mtime_ns)


def test_left_out_and_counted(tmp_path):
    for name in (".hidden.png", ".thumbs/a.png", "__MACOSX/a.png", "a/.DS_Store.jpg"):
        draw(tmp_path / name)
    for name in (
        "notes.txt",
        "table.csv",
        "film.mp4",
        "README",
        "thesis.pdf",
        "figure.eps",
        "data.h5",
        "empty",
    ):
        (tmp_path / name).write_bytes(b"" if name == "empty" else b"whatever")
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "pipe")
    scan = find_images(tmp_path)
    assert scan == find_images(tmp_path, skip=[])
    assert paths(scan) == []
    assert reasons(scan) == {}
    assert scan.skipped == Skipped(hidden=4, other=10)


def test_pictures_named_like_other_files_are_counted(tmp_path):
    draw(tmp_path / "a.png")
    draw(tmp_path / "photo.txt", name="JPEG")
    draw(tmp_path / "sub" / "scan.PDF", name="TIFF")
    (tmp_path / "link.doc").symlink_to(tmp_path / "a.png")
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "empty.txt").touch()
    scan = find_images(tmp_path)
    assert paths(scan) == ["a.png"]
    assert scan.skipped == Skipped(other=2, misnamed=3)


def test_what_was_told_to_be_skipped_is_not_counted(tmp_path):
    draw(tmp_path / ".retrieve" / "sheet.png")
    draw(tmp_path / ".thumbs" / "a.png")
    (tmp_path / ".index").symlink_to(tmp_path / ".retrieve")
    (tmp_path / ".nowhere").symlink_to(tmp_path / "gone")
    scan = find_images(tmp_path, skip=[tmp_path / ".retrieve"])
    assert scan.skipped == Skipped(hidden=2)


def test_a_file_of_another_kind_that_cannot_be_opened_is_one(tmp_path, monkeypatch):
    (tmp_path / "notes.txt").write_text("notes")
    monkeypatch.setattr(Path, "open", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "denied")))
    scan = find_images(tmp_path)
    assert scan.skipped == Skipped(other=1)
    assert scan.rejections == ()


def test_rejected_files_come_with_size_and_time_of_change(tmp_path):
    (tmp_path / "raw.nef").write_bytes(b"12345")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "gone.jpg").symlink_to("nothing")
    (tmp_path / "here").symlink_to(".")
    for name in ("raw.nef", "empty.jpg"):
        os.utime(tmp_path / name, ns=(1, 1_700_000_000_000_000_000))
    facts = {
        rejected.path: (rejected.size, rejected.mtime_ns) for rejected in find_images(tmp_path).rejections
    }
    assert facts == {
        "raw.nef": (5, 1_700_000_000_000_000_000),
        "empty.jpg": (0, 1_700_000_000_000_000_000),
        "gone.jpg": (0, 0),
        "here": (0, 0),
    }


def test_an_index_folder_is_skipped_whatever_its_name(tmp_path):
    draw(tmp_path / "a.png")
    draw(tmp_path / "index/sheet.png")
    (tmp_path / "link").symlink_to(tmp_path / "index")
    scan = find_images(tmp_path, skip=[tmp_path / "index" / ".." / "index", tmp_path / "not there"])
    assert paths(scan) == ["a.png"]
    assert scan.rejections == ()


@pytest.mark.parametrize("name", ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"])
def test_a_name_that_says_nothing_is_looked_into(tmp_path, name):
    draw(tmp_path / "IMG_0001", name=name)
    draw(tmp_path / "photo.jpg_large", name=name)
    (tmp_path / "BMW").write_bytes(b"BMW: a history of the company and of its cars")
    assert paths(find_images(tmp_path)) == ["IMG_0001", "photo.jpg_large"]


def test_pictures_of_kinds_that_cannot_be_read_have_a_reason(tmp_path):
    for name in ("logo.svg", "raw.NEF", "scan.cr2"):
        (tmp_path / name).write_bytes(b"something")
    assert reasons(find_images(tmp_path)) == {
        "logo.svg": "a vector drawing (.svg), not pixels: export it as PNG",
        "raw.NEF": "a camera raw file (.nef): export it as JPEG or PNG",
        "scan.cr2": "a camera raw file (.cr2): export it as JPEG or PNG",
    }


def test_an_empty_file_is_rejected(tmp_path):
    (tmp_path / "a.jpg").touch()
    assert reasons(find_images(tmp_path)) == {"a.jpg": "empty file"}


def test_links_to_pictures_are_pictures(tmp_path):
    draw(tmp_path / "outside" / "a.png")
    draw(tmp_path / "in" / "b.png")
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "outside" / "a.png")
    (tmp_path / "in" / "text.png.txt").symlink_to(tmp_path / "outside" / "a.png")
    assert paths(find_images(tmp_path / "in")) == ["b.png", "link.png"]


def test_links_to_folders_are_followed(tmp_path):
    draw(tmp_path / "outside" / "deep" / "a.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "outside")
    assert paths(find_images(tmp_path / "in")) == ["link/deep/a.png"]


def test_a_folder_is_read_once_under_its_real_path(tmp_path):
    draw(tmp_path / "z" / "a.png")
    (tmp_path / "b").symlink_to(tmp_path / "z")
    scan = find_images(tmp_path)
    assert paths(scan) == ["z/a.png"]
    assert reasons(scan) == {"b": "it leads to a folder that is read already: z"}


def test_loops_of_links_end(tmp_path):
    draw(tmp_path / "top" / "a" / "1.png")
    (tmp_path / "top" / "a" / "up").symlink_to("..")
    (tmp_path / "top" / "a" / "here").symlink_to(".")
    (tmp_path / "top" / "far").symlink_to("../..")
    (tmp_path / "top" / "self.png").symlink_to("self.png")
    (tmp_path / "top" / "nowhere.jpg").symlink_to("gone.jpg")
    scan = find_images(tmp_path / "top")
    assert paths(scan) == ["a/1.png"]
    assert reasons(scan) == {
        "a/here": "it leads to a folder that is read already: a",
        "a/up": "it leads to a folder that is read already: the top folder",
        "far": "the link leads to a folder around the one being read",
        "nowhere.jpg": "the link leads to nothing",
        "self.png": "the link leads back to itself",
    }


def test_two_outside_folders_that_link_to_each_other(tmp_path):
    draw(tmp_path / "x" / "1.png")
    draw(tmp_path / "y" / "2.png")
    (tmp_path / "x" / "to_y").symlink_to("../y")
    (tmp_path / "y" / "to_x").symlink_to("../x")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x").symlink_to("../x")
    scan = find_images(tmp_path / "in")
    assert paths(scan) == ["x/1.png", "x/to_y/2.png"]
    assert list(reasons(scan)) == ["x/to_y/to_x"]


def test_the_folder_may_itself_be_a_link(tmp_path):
    draw(tmp_path / "real" / "a.png")
    (tmp_path / "link").symlink_to("real")
    assert paths(find_images(tmp_path / "link")) == ["a.png"]


def test_names_that_are_not_utf8(tmp_path):
    raw = os.fsencode(tmp_path)
    try:
        os.mkdir(raw + b"/caf\xe9")  # noqa: PTH102 - Path holds no bytes
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    draw(tmp_path / "a.png")
    for name in (b"/caf\xe9/inside.png", b"/\xff.png", b"/\xff.txt"):
        Path(os.fsdecode(raw + name)).write_bytes((tmp_path / "a.png").read_bytes())
    scan = find_images(tmp_path)
    assert paths(scan) == ["a.png"]
    reason = "its name is not valid UTF-8: rename it"
    assert reasons(scan) == {"caf\\xe9": reason, "\\xff.png": reason}


def test_a_folder_that_cannot_be_read_is_one_rejection(tmp_path, monkeypatch):
    draw(tmp_path / "a.png")
    draw(tmp_path / "locked" / "b.png")
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    scan = find_images(tmp_path)
    assert paths(scan) == ["a.png"]
    assert reasons(scan) == {"locked": "the folder cannot be read: permission denied"}
    with pytest.raises(NoPictures, match="locked: the folder cannot be read: permission denied"):
        find_images(tmp_path / "locked")


def test_a_file_of_unknown_kind_that_cannot_be_opened_is_rejected(tmp_path, monkeypatch):
    (tmp_path / "IMG_0001").write_bytes(b"x")
    monkeypatch.setattr(Path, "open", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "denied")))
    assert reasons(find_images(tmp_path)) == {"IMG_0001": "permission denied"}


def test_a_missing_folder_and_a_file(tmp_path):
    draw(tmp_path / "a.png")
    with pytest.raises(NoPictures, match=r"no pictures in .*gone: there is no such folder"):
        find_images(tmp_path / "gone")
    with pytest.raises(NoPictures, match=r"no pictures in .*a\.png: it is a file, expected a folder"):
        find_images(tmp_path / "a.png")
    with pytest.raises(NoPictures, match="there is no such folder"):
        find_images(tmp_path / "gone" / "deeper")


def test_an_empty_folder_is_no_error(tmp_path):
    assert find_images(tmp_path).pictures == ()


name = st.text(st.sampled_from("aB-.z0 é"), min_size=1, max_size=4).filter(
    lambda name: name.strip(".") == name
)


@settings(max_examples=25, deadline=None)
@given(st.sets(st.lists(name, min_size=1, max_size=3).map(tuple), max_size=8))
def test_every_picture_is_found_once(tmp_path_factory, parts):
    folder = tmp_path_factory.mktemp("tree")
    written = set()
    for part in parts:
        path = folder.joinpath(*part).with_name(part[-1] + ".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        written.add(path.relative_to(folder).as_posix())
    assert paths(find_images(folder)) == sorted(written)


def test_a_folder_is_no_file_to_take_up(tmp_path):
    (tmp_path / "sub").mkdir()
    with pytest.raises(ImageUnreadable, match="it is a folder: name its pictures"):
        find_files(tmp_path, ["sub"])
