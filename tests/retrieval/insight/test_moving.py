from __future__ import annotations

import errno
import json
import os

import pytest

from retrieval.errors import RetrievalError
from retrieval.insight.duplicates import find_duplicates
from retrieval.insight.moving import UNDO, move_copies, undo_moves


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*.*")
        if path.is_file()
    }


@pytest.fixture
def pictures(copied):
    return lambda: {name: data for name, data in contents(copied).items() if not name.startswith(".retrieve")}


@pytest.fixture
def move(retriever, copied, tmp_path):
    found = find_duplicates(retriever)
    return lambda: move_copies(found.groups, tmp_path / "moved", found.folders)


def test_all_but_the_one_kept_are_moved_and_brought_back(move, pictures, tmp_path):
    before = pictures()
    done = move()
    assert done.left == ()
    moved = {"copied/more/same.png", "copied/more/small.png", "copied/more/cropped.jpg"}
    assert {name for name in contents(tmp_path / "moved") if name != UNDO} == moved
    assert before.keys() - pictures().keys() == {name.removeprefix("copied/") for name in moved}
    undone = undo_moves(tmp_path / "moved" / UNDO)
    assert (len(undone.moved), undone.left) == (3, ())
    assert pictures() == before
    assert list((tmp_path / "moved").iterdir()) == []


def test_nothing_is_overwritten(move, tmp_path):
    taken = tmp_path / "moved" / "copied" / "more" / "small.png"
    taken.parent.mkdir(parents=True)
    taken.write_bytes(b"mine")
    assert move().left == ()
    assert taken.read_bytes() == b"mine"
    assert (taken.parent / "small-2.png").exists()


def test_a_copy_that_has_changed_since_stays(move, copied):
    (copied / "more" / "small.png").write_bytes(b"something else")
    done = move()
    assert [path.name for path in done.moved] == ["same.png", "cropped.jpg"] or len(done.moved) == 2
    assert len(done.left) == 1
    assert "small.png stays: it has changed since it was indexed" in done.left[0]


def test_copies_of_a_picture_that_is_gone_stay(move, copied, pictures):
    (copied / "a.png").unlink()
    before = pictures()
    done = move()
    assert done.moved == ()
    assert len(done.left) == 3
    assert pictures() == before


def test_links_stay(move, copied, tmp_path):
    small = copied / "more" / "small.png"
    small.rename(tmp_path / "elsewhere.png")
    small.symlink_to(tmp_path / "elsewhere.png")
    assert "is a link" in move().left[0]
    assert small.is_symlink()


def test_a_folder_that_is_indexed_is_refused(retriever, copied):
    found = find_duplicates(retriever)
    with pytest.raises(RetrievalError, match="would be indexed again: name a folder outside"):
        move_copies(found.groups, copied / "moved", found.folders)
    assert not (copied / "moved").exists()


def test_to_another_disk_files_are_copied_and_compared(move, monkeypatch, tmp_path, pictures):
    before = pictures()

    def refuse(*_, **__):
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(os, "link", refuse)
    assert len(move().moved) == 3
    undo_moves(tmp_path / "moved" / UNDO)
    assert pictures() == before


def test_a_disk_that_is_full_leaves_the_source(move, monkeypatch, pictures):
    before = pictures()

    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr("shutil.copyfileobj", refuse)
    done = move()
    assert (done.moved, len(done.left)) == ((), 3)
    assert all(sentence.endswith(" stays: no space left") for sentence in done.left)
    assert pictures() == before


def test_a_file_that_may_not_be_taken_away_stays_once_and_the_others_go(
    move, monkeypatch, tmp_path, pictures, copied
):
    before, unlink = pictures(), type(tmp_path).unlink

    def refuse(path, **options):
        if path == copied / "more" / "small.png":
            raise PermissionError(errno.EPERM, "not permitted")
        unlink(path, **options)

    monkeypatch.setattr(type(tmp_path), "unlink", refuse)
    for moved in (2, 0):
        done = move()
        assert len(done.moved) == moved
        assert f"{copied / 'more' / 'small.png'} stays: not permitted" in done.left
        assert not list((tmp_path / "moved").rglob("small*"))
    assert undo_moves(tmp_path / "moved" / UNDO).left == ()
    assert pictures() == before


def test_a_line_that_was_begun_and_not_ended_is_no_move(move, pictures, tmp_path):
    before, undo = pictures(), tmp_path / "moved" / UNDO
    undo.parent.mkdir()
    undo.write_text('{"from": "/tmp/be')
    move()
    with undo.open("a") as file:
        file.write('{"from": "/tmp/be')
    assert undo_moves(undo).left == ()
    assert pictures() == before


def test_a_last_line_without_its_end_is_a_line(move, pictures, tmp_path):
    before, undo = pictures(), tmp_path / "moved" / UNDO
    move()
    undo.write_bytes(undo.read_bytes().rstrip(b"\n"))
    assert len(undo_moves(undo).moved) == 3
    assert pictures() == before


@pytest.mark.parametrize("content", [b"my notes", b"my\nnotes\n", b'["from"]\n'])
def test_a_file_of_that_name_that_is_not_ours_is_refused_and_stays(move, pictures, tmp_path, content):
    before, undo = pictures(), tmp_path / "moved" / UNDO
    undo.parent.mkdir()
    undo.write_bytes(content)
    with pytest.raises(RetrievalError, match="does not say what was moved"):
        move()
    assert undo.read_bytes() == content
    assert pictures() == before


def test_a_disk_that_fills_up_within_a_line_leaves_none(move, pictures, tmp_path, monkeypatch):
    before, undo, fsync, calls = pictures(), tmp_path / "moved" / UNDO, os.fsync, []

    def refuse(descriptor):
        calls.append(descriptor)
        if len(calls) > 1:
            raise OSError(errno.EFBIG, "file too large")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    done = move()
    assert (len(done.moved), len(done.left)) == (1, 2)
    assert len(undo.read_text().splitlines()) == 1
    assert len(undo_moves(undo).moved) == 1
    assert pictures() == before


def test_what_was_moved_comes_back_from_a_folder_with_another_name(move, pictures, tmp_path):
    before = pictures()
    move()
    (tmp_path / "moved").rename(tmp_path / "renamed")
    assert len(undo_moves(tmp_path / "renamed" / UNDO).moved) == 3
    assert pictures() == before


def test_lines_with_whole_paths_as_they_once_were_are_understood(move, pictures, tmp_path):
    before, undo = pictures(), tmp_path / "moved" / UNDO
    move()
    lines = [json.loads(line) for line in undo.read_text().splitlines()]
    whole = [{**line, "to": str(undo.parent / line["to"])} for line in lines]
    undo.write_text("".join(json.dumps(line) + "\n" for line in whole))
    assert len(undo_moves(undo).moved) == 3
    assert pictures() == before


def test_undo_tells_what_it_cannot_bring_back_and_keeps_its_line(move, copied, tmp_path):
    move()
    moved, undo = tmp_path / "moved" / "copied" / "more", tmp_path / "moved" / UNDO
    (moved / "small.png").unlink()
    (copied / "more" / "same.png").write_bytes(b"new")
    done = undo_moves(undo)
    assert [path.name for path in done.moved] == ["cropped.jpg"]
    assert sorted(sentence.rpartition("/")[2] for sentence in done.left) == [
        "same.png is there again",
        "small.png is gone",
    ]
    assert (copied / "more" / "same.png").read_bytes() == b"new"
    kept = [json.loads(line)["to"] for line in undo.read_text().splitlines()]
    assert {os.path.basename(path) for path in kept} == {"same.png", "small.png"}  # noqa: PTH119


def test_a_move_that_was_interrupted_after_its_line_is_no_fault(move, tmp_path, copied):
    move()
    undo = tmp_path / "moved" / UNDO
    line = {"from": str(copied / "a.png"), "to": str(tmp_path / "moved" / "never.png")}
    with undo.open("a") as file:
        file.write(json.dumps(line) + "\n")
    assert undo_moves(undo).left == ()


@pytest.mark.parametrize("content", [b"", b"[1]\n", b"{}\n", b"\xff\xfe", b"not JSON\n"])
def test_a_file_that_is_no_undo_file_is_refused_and_stays(tmp_path, content):
    (tmp_path / "notes.txt").write_bytes(content)
    with pytest.raises(RetrievalError, match="does not say what was moved"):
        undo_moves(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_bytes() == content
