from __future__ import annotations

import os
import shutil

import pytest
from PIL import Image

from retrieval import Retriever
from retrieval.errors import NoPictures, QueryInvalid
from retrieval.insight.duplicates import DuplicateOptions, find_duplicates


def found_in(retriever, *others, **options):
    """The groups as names of files: the one kept, and its copies with their kinds."""
    found = find_duplicates(retriever, others, options=DuplicateOptions(**options))
    return [
        (group.kept.path.name, {copy.picture.path.name: copy.in_words for copy in group.copies})
        for group in found.groups
    ]


COPIES_OF_A = {"same.png": "exact", "small.png": "edited", "cropped.jpg": "edited"}


def test_copies_are_grouped_with_the_largest_and_oldest(retriever):
    assert found_in(retriever) == [("a.png", COPIES_OF_A)]


def test_turned_copies_are_found_when_asked_for(retriever):
    assert found_in(retriever, turned=True) == [
        ("a.png", COPIES_OF_A),
        ("b.png", {"mirrored.png": "edited, mirrored"}),
    ]


@pytest.mark.parametrize("way", list(Image.Transpose))
def test_every_turn_is_found(tmp_path, model, draw_scene, way):
    for seed in range(3):
        (tmp_path / "in").mkdir(exist_ok=True)
        draw_scene(seed).save(tmp_path / "in" / f"{seed}.png")
    draw_scene(0).transpose(way).save(tmp_path / "in" / "turned.png")
    retriever = Retriever.build(tmp_path / "in", encoder=model)
    ((_, copies),) = found_in(retriever, turned=True)
    assert len(copies) == 1


def test_exact_copies_alone_need_no_pixels(retriever, copied):
    (copied / "b.png").unlink()
    found = find_duplicates(retriever, options=DuplicateOptions(exact=True))
    assert [[copy.picture.path.name for copy in group.copies] for group in found.groups] == [["same.png"]]
    assert found.limits is None


def test_the_older_of_two_with_as_many_pixels_is_kept(retriever, copied, model):
    os.utime(copied / "a.png", (2.1e9, 2.1e9))
    again = Retriever.build(copied, encoder=model)
    assert found_in(again)[0][0] == "same.png"


def test_the_second_vectors_are_used_where_there_are_any(copied, model_with_copies):
    retriever = Retriever.build(copied, encoder=model_with_copies, index=copied.parent / "index")
    assert found_in(retriever) == [("a.png", COPIES_OF_A)]


def test_a_limit_that_is_given_is_used(retriever):
    assert found_in(retriever, agreement=1.0) == [("a.png", {"same.png": "exact"})]


def test_files_that_are_gone_are_named_and_no_copies(retriever, copied):
    (copied / "more" / "small.png").unlink()
    found = find_duplicates(retriever)
    assert {copy.picture.path.name for copy in found.groups[0].copies} == {"same.png", "cropped.jpg"}
    assert [path.name for path in found.unreadable] == ["small.png"]


def test_one_picture_has_no_copies(tmp_path, model, draw_scene):
    (tmp_path / "one").mkdir()
    draw_scene(0).save(tmp_path / "one" / "a.png")
    assert found_in(Retriever.build(tmp_path / "one", encoder=model)) == []


@pytest.fixture
def test_set(tmp_path, draw_scene):
    """A folder beside: a copy of c.png, a copy of it again, and a picture of its own."""
    folder = tmp_path / "test"
    folder.mkdir()
    draw_scene(2).resize((160, 120)).save(folder / "leak.png")
    draw_scene(2).resize((120, 90)).save(folder / "leak-2.png")
    draw_scene(99).save(folder / "own.png")
    return folder


@pytest.mark.parametrize("indexed", ["not at all", "alone", "by another encoder", "with the first"])
def test_only_copies_in_another_folder_are_told_with_across(
    retriever, copied, test_set, model, model_with_copies, indexed
):
    if indexed == "alone":
        Retriever.build(test_set, encoder=model)
    if indexed == "by another encoder":
        Retriever.build(test_set, encoder=model_with_copies)
    if indexed == "with the first":
        retriever = Retriever.build(copied, test_set, encoder=model)
    expected = [("c.png", {"leak.png": "edited", "leak-2.png": "edited"})]
    assert found_in(retriever, test_set, across=True) == expected


def test_without_across_copies_in_each_folder_count_as_well(retriever, test_set):
    assert [kept for kept, _ in found_in(retriever, test_set)] == ["a.png", "c.png"]


def test_of_an_index_only_the_folders_that_are_named_count(copied, test_set, tmp_path, model, draw_scene):
    (tmp_path / "third").mkdir()
    draw_scene(3).resize((96, 72)).save(tmp_path / "third" / "copy-of-d.png")
    retriever = Retriever.build(copied, test_set, tmp_path / "third", encoder=model)
    assert [kept for kept, _ in found_in(retriever, test_set, across=True)] == ["c.png"]
    assert [kept for kept, _ in found_in(retriever, across=True)] == ["c.png", "d.png"]


def test_across_wants_two_folders(retriever):
    with pytest.raises(QueryInvalid, match="only one folder"):
        find_duplicates(retriever, options=DuplicateOptions(across=True))


def test_a_folder_that_is_not_there_is_refused(retriever, tmp_path):
    with pytest.raises(NoPictures, match="there is no such folder"):
        find_duplicates(retriever, [tmp_path / "nowhere"])


def test_a_file_reached_twice_is_no_copy_of_itself(retriever, copied, tmp_path):
    (tmp_path / "link").symlink_to(copied)
    assert found_in(retriever, tmp_path / "link") == [("a.png", COPIES_OF_A)]


def test_members_agree_with_the_one_kept_not_with_each_other_in_a_chain(tmp_path, model, draw_scene):
    # Three overlapping views in a row: the outer two share too little.
    wide = draw_scene(5, size=(600, 144))
    folder = tmp_path / "views"
    folder.mkdir()
    for number, left in enumerate((0, 100, 200)):
        wide.crop((left, 0, left + 300, 144)).save(folder / f"{number}.png")
    for seed in range(10, 14):
        draw_scene(seed).save(folder / f"other-{seed}.png")
    for _, copies in found_in(Retriever.build(folder, encoder=model)):
        assert len(copies) < 2


def test_as_json(retriever, copied):
    found = find_duplicates(retriever).to_json()
    assert found["pictures"] == 10
    assert set(found["limits"]) == {"distance", "edited", "agreement", "nearest"}
    assert found["groups"][0]["kept"]["path"] == str(copied / "a.png")
    assert {"path", "width", "height", "bytes", "agreement", "exact", "turn"} == set(
        found["groups"][0]["copies"][0]
    )


def test_order_on_disk_does_not_matter(copied, model, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(copied, other)
    (other / "a.png").rename(other / "z.png")
    os.utime(other / "z.png", (1e9, 1e9))
    assert found_in(Retriever.build(other, encoder=model)) == [("z.png", COPIES_OF_A)]
