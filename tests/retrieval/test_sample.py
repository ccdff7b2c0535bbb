from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from retrieval import sample
from retrieval.errors import ImageUnreadable, NoPictures
from retrieval.images import read_picture
from retrieval.sample import FittedTo, draw_sample


@pytest.fixture(autouse=True)
def few_drawn(monkeypatch):
    """Drawing takes most of the time here."""
    monkeypatch.setattr(sample, "TOPPED_UP", 70)


@pytest.fixture
def many(tmp_path, paint):
    """Seventy distinct pictures of 100 pixels, and their paths."""
    for number in range(70):
        paint(tmp_path / f"{number:03d}.png", (3 * number, 255 - 3 * number, 7), size=(100, 80))
    return tmp_path, [f"{number:03d}.png" for number in range(70)]


def test_all_pictures_are_taken_where_there_are_few(many):
    folder, paths = many
    drawn = draw_sample(folder, paths)
    assert drawn.pictures.shape == (70, 64, 64, 3)
    assert drawn.pictures.dtype == np.uint8
    assert sorted(drawn.paths) == paths
    assert (drawn.drawn, drawn.found, drawn.note) == (0, 70, None)


def test_no_more_than_the_bound_are_read_and_the_seed_decides_which(many, monkeypatch):
    folder, paths = many
    monkeypatch.setattr(sample, "MOST", 65)
    first, again, other = (draw_sample(folder, paths, seed=seed) for seed in (1, 1, 2))
    assert len(first.paths) == len(set(first.paths)) == 65
    assert first.paths == again.paths
    assert first.paths != other.paths
    np.testing.assert_array_equal(first.pictures, again.pictures)
    # Not those that come first: a folder is sorted by its subfolders.
    assert sorted(first.paths) != paths[:65]


def test_the_sample_does_not_depend_on_what_files_and_folders_are_called(many, tmp_path_factory, monkeypatch):
    folder, paths = many
    shuffled, renamed = tmp_path_factory.mktemp("shuffled"), {}
    for number, path in enumerate(reversed(paths)):
        renamed[path] = f"{number % 7}/{number:02d}.png"
        (shuffled / renamed[path]).parent.mkdir(exist_ok=True)
        shutil.copy(folder / path, shuffled / renamed[path])
    for most in (3_000, 65):
        monkeypatch.setattr(sample, "MOST", most)
        first, second = draw_sample(folder, paths), draw_sample(shuffled, sorted(renamed.values()))
        np.testing.assert_array_equal(first.pictures, second.pictures)
        assert tuple(renamed[path] for path in first.paths) == second.paths


def test_pictures_of_at_most_48_pixels_are_fitted_at_32(tmp_path, paint):
    paint(tmp_path / "a.png", (255, 0, 0), size=(48, 20))
    paint(tmp_path / "b.png", (0, 255, 0), size=(20, 48))
    paint(tmp_path / "c.png", (0, 0, 255), size=(600, 20))
    assert draw_sample(tmp_path, ["a.png", "b.png", "c.png"]).pictures.shape[1:] == (32, 32, 3)
    assert draw_sample(tmp_path, ["b.png", "c.png"]).pictures.shape[1:] == (64, 64, 3)


def test_of_small_pictures_more_are_taken(tmp_path, monkeypatch):
    for number in range(9):
        Image.new("RGB", (28, 28), (number, 0, 0)).save(tmp_path / f"{number}.png")
    paths = [f"{number}.png" for number in range(9)]
    monkeypatch.setattr(sample, "MOST", 4)
    monkeypatch.setattr(sample, "MOST_SMALL", 7)
    assert len(draw_sample(tmp_path, paths).paths) == 7


def test_what_cannot_be_read_is_passed_over(photos):
    drawn = draw_sample(photos, ["cut.png", "empty.jpg", "violet.png", "warm/red.png"])
    assert sorted(drawn.paths) == ["violet.png", "warm/red.png"]
    assert drawn.found == 4


def test_identical_files_and_identical_pixels_count_once(tmp_path, paint):
    paint(tmp_path / "a.png", (255, 0, 0), size=(64, 64))
    shutil.copy(tmp_path / "a.png", tmp_path / "b.png")
    paint(tmp_path / "c.bmp", (255, 0, 0), size=(64, 64))
    paint(tmp_path / "d.png", (0, 255, 0), size=(64, 64))
    assert sorted(draw_sample(tmp_path, ["a.png", "b.png", "c.bmp", "d.png"]).paths) == ["a.png", "d.png"]


def test_too_few_are_topped_up_with_distinct_drawn_pictures_and_that_is_said(photos):
    drawn = draw_sample(photos, ["violet.png", "warm/red.png"])
    assert (len(drawn.pictures), drawn.drawn) == (70, 68)
    assert len(np.unique(drawn.pictures.reshape(70, -1), axis=0)) == 70
    assert drawn.note == (
        "fitted with 68 drawn pictures, for the folder has only 2 distinct: "
        "with 64 or more the encoder would be its own"
    )


def test_the_same_seed_tops_up_with_the_same_pictures(photos):
    first, again, other = (draw_sample(photos, ["violet.png"], seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.pictures, again.pictures)
    assert (first.pictures != other.pictures).any()


def test_which_pictures_were_used_can_be_kept(photos):
    kept = json.loads(draw_sample(photos, ["cut.png", "violet.png"]).to_json())
    assert kept == {"found": 2, "size": 32, "drawn": 69, "pictures": ["violet.png"]}


def test_a_folder_of_which_nothing_can_be_read_is_refused(photos):
    with pytest.raises(NoPictures, match=r"none of the 2 files looked at can be read as a picture"):
        draw_sample(photos, ["cut.png", "empty.jpg"])


def test_what_was_kept_can_be_read_again(photos):
    drawn = draw_sample(photos, ["cut.png", "violet.png"])
    again = FittedTo.parse(drawn.to_json())
    assert (again.paths, again.drawn, again.found, again.size, again.by) == (("violet.png",), 69, 2, 32, "")
    assert again.note == drawn.note


def test_pictures_are_not_read_again_while_their_files_are_as_they_were(many, monkeypatch, paint):
    folder, paths = many
    drawn = draw_sample(folder, paths)
    expected = {path: read_picture(folder / path, 64) for path in paths}
    read = []

    def reading(path, size, **how):
        read.append((path.name, size))
        return read_picture(path, size, **how)

    monkeypatch.setattr(sample, "read_picture", reading)
    for path in paths:
        picture, facts = drawn.read(folder / path, 64)
        np.testing.assert_array_equal(picture.pixels, expected[path][0].pixels)
        assert (picture.width, picture.height, facts) == (100, 80, expected[path][1])
    assert read == []
    paint(folder / "001.png", (1, 2, 3), size=(20, 20))
    assert drawn.read(folder / "001.png", 64)[0].width == 20
    drawn.read(folder / "002.png", 32)
    (folder / "003.png").unlink()
    with pytest.raises(ImageUnreadable):
        drawn.read(folder / "003.png", 64)
    assert read == [("001.png", 64), ("002.png", 32), ("003.png", 64)]
