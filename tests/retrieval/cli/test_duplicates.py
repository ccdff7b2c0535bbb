from __future__ import annotations

import csv
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from index_store import OptionInvalid
from retrieval import Retriever
from retrieval.insight.duplicates import DuplicateOptions


def scene(seed):
    rng = np.random.default_rng(seed)
    blobs = [
        np.asarray(
            Image.fromarray(rng.integers(0, 256, (n, n, 3), dtype=np.uint8)).resize((96, 96), 3), dtype=int
        )
        for n in (3, 6, 12)
    ]
    return Image.fromarray(np.mean(blobs, axis=0).astype(np.uint8))


@pytest.fixture
def folder(tmp_path, model):
    """Three pictures, one of them also with the same bytes and at half the size."""
    folder = tmp_path / "in"
    folder.mkdir()
    for seed, name in enumerate("abc"):
        scene(seed).save(folder / f"{name}.png")
        os.utime(folder / f"{name}.png", (1e9, 1e9))
    shutil.copyfile(folder / "a.png", folder / "a-same.png")
    scene(0).resize((48, 48)).save(folder / "a-small.png")
    Retriever.build(folder, encoder=model)
    return folder


def test_groups_as_lines_and_what_counts_is_told(retrieve, folder):
    outcome = retrieve("duplicates", folder)
    assert outcome.status == 0
    small, same, kept = folder / "a-small.png", folder / "a-same.png", folder / "a.png"
    assert [line[:3] + line[4:] for line in outcome.fields] == [
        ["1", "kept", "", str(kept)],
        ["1", "copy", "exact", str(same)],
        ["1", "copy", "edited", str(small)],
    ]
    assert "2 copies of 1 picture, among 5" in outcome.err
    assert "on a picture counts as a copy" in outcome.err


def test_json_is_the_whole_output(retrieve, folder):
    outcome = retrieve("duplicates", folder, "--json")
    (group,) = outcome.json["groups"]
    assert group["kept"]["path"] == str(folder / "a.png")
    assert [copy["exact"] for copy in group["copies"]] == [True, False]
    assert outcome.err == ""


def test_no_copies(retrieve, folder):
    for name in ("a-same.png", "a-small.png"):
        (folder / name).unlink()
    Retriever.build(folder)
    outcome = retrieve("duplicates", folder)
    assert (outcome.status, outcome.out) == (0, "")
    assert "no copies among 3 pictures" in outcome.err


def test_csv_and_page(retrieve, folder, tmp_path):
    table, page = tmp_path / "copies.csv", tmp_path / "copies.html"
    outcome = retrieve("duplicates", folder, "--csv", table, "--html", page)
    assert outcome.status == 0
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["role"], row["kind"]) for row in rows] == [
        ("kept", ""),
        ("copy", "exact"),
        ("copy", "edited"),
    ]
    assert rows[2]["width"] == "48"
    text = page.read_text()
    assert text.count('<img src="data:image/jpeg') == 3
    assert "2 copies of 1 picture" in text
    # The folder is named once, the pictures inside it.
    assert text.count(f"{folder}") == 1 + text.count(f'href="file://{folder}')
    assert "https:" not in text


@pytest.mark.parametrize("option", ["--csv", "--html"])
def test_a_file_that_is_there_is_not_overwritten(retrieve, folder, tmp_path, option):
    there = tmp_path / "there.html"
    there.write_text("mine")
    outcome = retrieve("duplicates", folder, option, there)
    assert (outcome.status, there.read_text()) == (1, "mine")
    assert "add --overwrite" in outcome.err
    assert retrieve("duplicates", folder, option, there, "--overwrite").status == 0


def test_a_page_has_the_ending_of_one(retrieve, folder, tmp_path):
    outcome = retrieve("duplicates", folder, "--html", tmp_path / "copies.png")
    assert outcome.status == 2
    assert "copies.png has no ending of a page: name an .html file" in outcome.err
    assert not (tmp_path / "copies.png").exists()


def test_moving_and_bringing_back(retrieve, folder, tmp_path):
    moved = tmp_path / "moved"
    outcome = retrieve("duplicates", folder, "--move-to", moved)
    assert outcome.status == 0
    assert "moved 2 copies" in outcome.err
    assert f"retrieve duplicates --undo {moved / 'undo.jsonl'}" in outcome.err
    assert sorted(path.name for path in folder.glob("*.png")) == ["a.png", "b.png", "c.png"]
    outcome = retrieve("duplicates", "--undo", moved / "undo.jsonl")
    assert (outcome.status, outcome.out) == (0, "brought back 2 pictures\n")
    assert len(list(folder.glob("*.png"))) == 5


def test_only_an_index_that_holds_what_was_moved_is_to_be_made_anew(retrieve, folder, tmp_path):
    (tmp_path / "test").mkdir()
    scene(1).resize((64, 64)).save(tmp_path / "test" / "leak.png")
    options = ("--across", "--move-to", tmp_path / "moved")
    outcome = retrieve("duplicates", folder, tmp_path / "test", *options)
    assert "moved 1 copy" in outcome.err
    assert "to take them out of the index" not in outcome.err
    outcome = retrieve("duplicates", folder, "--move-to", tmp_path / "moved")
    assert f"to take them out of the index: retrieve index {folder}\n" in outcome.err


def test_of_several_folders_those_that_lost_copies_are_to_be_indexed_again(retrieve, folder, model, tmp_path):
    (tmp_path / "more").mkdir()
    shutil.copyfile(folder / "b.png", tmp_path / "more" / "b-again.png")
    place = tmp_path / "index"
    Retriever.build(folder, tmp_path / "more", index=place, encoder=model)
    told = retrieve("duplicates", place, "--across", "--move-to", tmp_path / "moved").err
    assert f"retrieve index {tmp_path / 'more'} --index {place}\n" in told


def test_ctrl_c_while_moving_tells_how_to_bring_back(retrieve, folder, tmp_path, monkeypatch):
    def interrupted(_groups, directory, _folders):
        directory.mkdir()
        (directory / "undo.jsonl").write_text("{}\n")
        raise KeyboardInterrupt

    monkeypatch.setattr("retrieval.insight.moving.move_copies", interrupted)
    outcome = retrieve("duplicates", folder, "--move-to", tmp_path / "moved")
    assert outcome.status == 130
    assert f"retrieve duplicates --undo {tmp_path / 'moved' / 'undo.jsonl'}" in outcome.err


def test_what_stays_is_told_with_status_1(retrieve, folder, tmp_path):
    (folder / "a-same.png").write_bytes(b"other")
    outcome = retrieve("duplicates", folder, "--exact", "--move-to", tmp_path / "moved")
    assert outcome.status == 1
    assert "a-same.png stays: it has changed since it was indexed" in outcome.err


def test_a_missing_undo_file_is_one_sentence(retrieve, tmp_path):
    outcome = retrieve("duplicates", "--undo", tmp_path / "undo.jsonl")
    assert outcome.status == 1
    assert "No such file" in outcome.err
    assert "Traceback" not in outcome.err


def test_across_two_folders(retrieve, folder, tmp_path):
    (tmp_path / "test").mkdir()
    scene(1).resize((64, 64)).save(tmp_path / "test" / "leak.png")
    outcome = retrieve("duplicates", folder, tmp_path / "test", "--across")
    assert [line[4] for line in outcome.fields] == [
        str(folder / "b.png"),
        str(tmp_path / "test" / "leak.png"),
    ]


def test_across_wants_a_second_folder(retrieve, folder):
    outcome = retrieve("duplicates", folder, "--across")
    assert outcome.status == 1
    assert "only one folder" in outcome.err


@pytest.mark.parametrize("agreement", ["nan", "1.1"])
def test_an_agreement_is_a_share(retrieve, folder, agreement):
    told = retrieve("duplicates", folder, "--agreement", agreement)
    assert (told.status, told.out) == (2, "")
    with pytest.raises(OptionInvalid, match=f"agreement is {agreement}, expected 0 to 1"):
        DuplicateOptions(agreement=float(agreement))


def test_where_copies_cannot_go_is_told_before_any_work(retrieve, folder, tmp_path):
    (tmp_path / "file").touch()
    for target, told in ((tmp_path / "file", "is a file: name a folder"), (folder / "copies", "lies in")):
        outcome = retrieve("duplicates", folder, "--move-to", target)
        assert (outcome.status, outcome.out) == (1, "")
        assert told in outcome.err
        assert "measure" not in outcome.err


def test_table_and_page_are_two_files(retrieve, folder, tmp_path):
    outcome = retrieve("duplicates", folder, "--csv", tmp_path / "a.html", "--html", tmp_path / "a.html")
    assert (outcome.status, outcome.out) == (2, "")
    assert "name two files" in outcome.err


@pytest.mark.parametrize("options", [[], ["--exact"], ["--json"]])
def test_an_index_without_pictures_has_no_copies(retrieve, folder, options):
    for picture in folder.glob("*.png"):
        picture.unlink()
    assert retrieve("remove", "--missing", "--index", folder).status == 0
    told = retrieve("duplicates", folder, *options)
    assert told.status == 0
    assert "Traceback" not in told.err


def test_as_json_what_was_moved_and_brought_back_is_told(retrieve, folder, tmp_path):
    target = tmp_path / "copies"
    moved = retrieve("duplicates", folder, "--exact", "--move-to", target, "--json").json
    assert len(moved["groups"]) == 1
    assert (moved["moved"], moved["left"]) == ([{"path": str(target / "in" / "a-same.png")}], [])
    back = retrieve("duplicates", "--undo", target / "undo.jsonl", "--json").json
    assert back == {"brought_back": [{"path": str(folder / "a-same.png")}], "left": []}
