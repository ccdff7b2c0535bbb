from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from index_store import Index, IndexNotFound, OptionInvalid, Row
from retrieval.index_paths import (
    Folders,
    existing_index,
    folder_of,
    folder_reference,
    folders_of,
    index_directory,
    nearest_index,
)


@pytest.fixture
def make_index():
    """An index in `directory` of one picture in `folder`."""

    def make(directory, folder, picture="a.png"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / picture).touch()
        with Index.create(directory, 2, settings={"folder": folder_reference(folder, directory)}) as index:
            index.add([[1, 0]], [Row(picture, size=0, mtime_ns=0, sha256="ab" * 32, width=1, height=1)])
            index.save()
        return directory

    return make


def test_an_index_lies_inside_its_folder_unless_another_directory_is_named():
    photos = Path("photos")
    assert index_directory(photos) == photos / ".retrieve"
    assert index_directory(photos, Path("elsewhere")) == Path("elsewhere")
    assert index_directory(photos, photos) == photos / ".retrieve"
    assert index_directory(photos, photos.absolute()) == photos / ".retrieve"


def test_an_indexed_folder_stands_for_the_index_inside_it(tmp_path, make_index):
    directory = make_index(tmp_path / "photos" / ".retrieve", tmp_path / "photos")
    assert index_directory(tmp_path / "others", tmp_path / "photos") == directory
    assert existing_index(tmp_path / "photos") == directory
    assert existing_index(directory) == directory


def test_a_manifest_that_belongs_to_the_pictures_is_not_taken_for_an_index(tmp_path, make_index):
    directory = make_index(tmp_path / ".retrieve", tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    assert existing_index(tmp_path) == directory


def test_where_there_is_no_index_the_error_says_what_there_is(tmp_path):
    with pytest.raises(IndexNotFound, match=r"no index in .*: make one with `retrieve index FOLDER`"):
        existing_index(tmp_path)
    with pytest.raises(IndexNotFound, match=r"missing, there is no such folder: make one"):
        existing_index(tmp_path / "missing")
    (tmp_path / "a.png").touch()
    with pytest.raises(IndexNotFound, match=r"a\.png is a file: name an indexed folder"):
        existing_index(tmp_path / "a.png")


def test_the_nearest_index_upwards_is_found(tmp_path, make_index):
    outer = make_index(tmp_path / ".retrieve", tmp_path)
    inner = make_index(tmp_path / "a" / ".retrieve", tmp_path / "a")
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "d" / ".retrieve").mkdir(parents=True)  # left by somebody, but no index
    assert nearest_index(tmp_path / "a" / "b" / "c") == inner
    assert nearest_index(tmp_path / "d") == outer


def test_without_any_index_upwards_the_error_says_what_to_do(tmp_path):
    with pytest.raises(
        IndexNotFound, match=r"nor in any folder around it: make one .* or name one with --index"
    ):
        nearest_index(tmp_path)


def test_a_folder_moved_with_its_index_inside_is_found_where_it_is(tmp_path, make_index):
    make_index(tmp_path / "photos" / ".retrieve", tmp_path / "photos")
    shutil.move(tmp_path / "photos", tmp_path / "moved")
    assert folder_of(Index.open(tmp_path / "moved" / ".retrieve")) == tmp_path / "moved"


def test_a_copied_folder_answers_with_its_own_pictures(tmp_path, make_index):
    make_index(tmp_path / "photos" / ".retrieve", tmp_path / "photos")
    shutil.copytree(tmp_path / "photos", tmp_path / "copy")
    assert folder_of(Index.open(tmp_path / "copy" / ".retrieve")) == tmp_path / "copy"


def test_an_index_elsewhere_finds_its_folder_when_it_is_moved_alone(tmp_path, make_index):
    make_index(tmp_path / "indexes" / "one", tmp_path / "photos")
    (tmp_path / "far" / "away").mkdir(parents=True)
    shutil.move(tmp_path / "indexes" / "one", tmp_path / "far" / "away" / "one")
    assert folder_of(Index.open(tmp_path / "far" / "away" / "one")) == tmp_path / "photos"


def test_an_index_elsewhere_finds_its_folder_when_both_are_moved(tmp_path, make_index):
    make_index(tmp_path / "disk" / "index", tmp_path / "disk" / "photos")
    shutil.move(tmp_path / "disk", tmp_path / "other")
    assert folder_of(Index.open(tmp_path / "other" / "index")) == tmp_path / "other" / "photos"


def test_a_folder_that_only_happens_to_lie_there_is_not_taken_for_the_indexed_one(tmp_path, make_index):
    make_index(tmp_path / "index", tmp_path / "photos")
    (tmp_path / "other" / "photos").mkdir(parents=True)
    shutil.move(tmp_path / "index", tmp_path / "other" / "index")
    assert folder_of(Index.open(tmp_path / "other" / "index")) == tmp_path / "photos"


def test_a_linked_index_belongs_to_the_folder_that_holds_the_link(tmp_path, make_index):
    (tmp_path / "large-disk").mkdir()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / ".retrieve").symlink_to(tmp_path / "large-disk")
    make_index(tmp_path / "photos" / ".retrieve", tmp_path / "photos")
    assert folder_of(Index.open(tmp_path / "photos" / ".retrieve")) == tmp_path / "photos"


def test_the_folder_is_absolute_however_the_index_was_opened(tmp_path, make_index, monkeypatch):
    make_index(tmp_path / "photos" / ".retrieve", tmp_path / "photos")
    monkeypatch.chdir(tmp_path / "photos")
    assert folder_of(Index.open(".retrieve")) == tmp_path / "photos"


@pytest.fixture
def two(tmp_path):
    """Two folders under a third, as `Folders`."""
    for name in ("photos", "scans"):
        (tmp_path / name).mkdir()
    return Folders({"": tmp_path / "photos"}).extended(tmp_path / "scans")


def test_a_row_leads_to_its_file_and_a_file_to_its_row(two, tmp_path):
    assert two / "cat/1.jpg" == tmp_path / "photos" / "cat" / "1.jpg"
    assert two / "scans//a/1.jpg" == tmp_path / "scans" / "a" / "1.jpg"
    assert two.path_of(tmp_path / "photos" / "cat" / "1.jpg") == "cat/1.jpg"
    assert two.path_of(tmp_path / "scans" / "a" / "1.jpg") == "scans//a/1.jpg"
    assert two.path_of(tmp_path / "photos" / ".." / "scans" / "1.jpg") == "scans//1.jpg"
    assert two.path_of(tmp_path / "1.jpg") is None
    assert (two.name_of(tmp_path / "scans"), two.name_of(tmp_path)) == ("scans", None)


def test_a_file_reached_through_a_link_to_the_folder_is_known(two, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "scans")
    assert two.path_of(tmp_path / "link" / "1.jpg") == "scans//1.jpg"


def test_a_file_reached_through_a_link_inside_goes_by_its_real_path_where_that_is_inside_too(two, tmp_path):
    (tmp_path / "photos" / "cat").mkdir()
    (tmp_path / "photos" / "link").symlink_to(tmp_path / "photos" / "cat")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "photos" / "far").symlink_to(tmp_path / "elsewhere")
    assert two.path_of(tmp_path / "photos" / "link" / "1.jpg") == "cat/1.jpg"
    assert two.path_of(tmp_path / "photos" / "far" / "1.jpg") == "far/1.jpg"


def test_a_link_to_a_file_is_a_picture_of_its_own(two, tmp_path):
    (tmp_path / "photos" / "1.jpg").touch()
    (tmp_path / "photos" / "2.jpg").symlink_to(tmp_path / "photos" / "1.jpg")
    assert two.path_of(tmp_path / "photos" / "2.jpg") == "2.jpg"


def test_folders_of_the_same_name_are_told_apart(two, tmp_path):
    (tmp_path / "other" / "scans").mkdir(parents=True)
    assert list(two.extended(tmp_path / "other" / "scans").tops) == ["", "scans", "scans-2"]


def test_a_folder_in_or_around_another_is_refused(two, tmp_path):
    (tmp_path / "scans" / "old").mkdir()
    with pytest.raises(OptionInvalid, match=r"old lies in .*scans, which is indexed already: name .*scans"):
        two.extended(tmp_path / "scans" / "old")
    with pytest.raises(OptionInvalid, match=r"is around .*photos, whose pictures would be indexed twice"):
        two.extended(tmp_path)


def test_both_folders_are_found_when_they_are_moved_with_the_index(two, tmp_path):
    directory = tmp_path / "photos" / ".retrieve"
    with Index.create(directory, 2, settings={"folders": two.references(directory)}) as index:
        paths = ["a.png", "scans//b.png"]
        index.add(
            [[1, 0]] * 2,
            [Row(path, size=0, mtime_ns=0, sha256="ab" * 32, width=1, height=1) for path in paths],
        )
        index.save()
    for path in paths:
        (two / path).touch()
    # Where they were, another folder of this name.
    shutil.copytree(tmp_path, tmp_path.with_name("copy"))
    (tmp_path / "scans" / "b.png").unlink()
    copied = tmp_path.with_name("copy")
    found = folders_of(Index.open(copied / "photos" / ".retrieve"))
    assert found.tops == {"": copied / "photos", "scans": copied / "scans"}
