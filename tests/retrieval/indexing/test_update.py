from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest

from index_store import Index
from retrieval import BuildSettings, Retriever
from retrieval.cli import main
from retrieval.encoder import Encoder
from retrieval.index_facts import is_complete
from retrieval.indexing import build, update
from retrieval.indexing import settling as settling_module
from retrieval.indexing.settling import Settling
from retrieval.indexing.update import update_folders


class Killed(BaseException):
    """What stands for kill -9 where only what is on the disk counts."""


@pytest.fixture(autouse=True)
def small_commits(monkeypatch):
    """A commit after every second picture."""
    monkeypatch.setattr(update, "COMMIT_PICTURES", 2)
    monkeypatch.setattr(update, "_BATCH", 1)
    monkeypatch.setenv("RETRIEVE_THREADS", "1")


@pytest.fixture
def later(monkeypatch):
    """What lets so many seconds pass for `Settling`."""
    passed = [0.0]
    monkeypatch.setattr(settling_module, "monotonic", lambda: time.monotonic() + passed[0])
    monkeypatch.setattr(settling_module, "time_ns", lambda: time.time_ns() + int(passed[0] * 1e9))

    def pass_by(seconds):
        passed[0] += seconds

    return pass_by


@pytest.fixture
def interrupted(photos, stand_in_solve):
    """The folder `photos`, of whose first index only a part was made; the fit counts in stand_in_solve."""
    left, encode = [4], Encoder.encode_both

    def counted(self, pictures):
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return encode(self, pictures)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Encoder, "encode_both", counted)
        with pytest.raises(Killed):
            Retriever.build(photos)
    return photos


def test_an_interrupted_first_index_answers_and_is_gone_on_with(interrupted, stand_in_solve, decoded):
    begun = Retriever.open(interrupted)
    known = {row.path: row.id for row in begun.index.catalog.rows()}
    assert not is_complete(begun.index)
    assert 0 < len(known) < 5
    assert begun.query(interrupted / next(iter(known)), k=1)[0].is_self
    decoded.clear()
    done = Retriever.build(interrupted)
    assert is_complete(done.index)
    assert len(done) == 5
    assert known.items() <= {row.path: row.id for row in done.index.catalog.rows()}.items()
    assert {path.rpartition("/")[2] for path in known}.isdisjoint(decoded)
    assert len(stand_in_solve) == 1


def test_the_command_says_that_an_index_is_not_complete(interrupted, monkeypatch, capsys):
    for arguments in (["query", "violet.png"], ["info", "."]):
        monkeypatch.chdir(interrupted)
        monkeypatch.setattr("sys.argv", ["retrieve", *arguments])
        with pytest.raises(SystemExit):
            main()
    printed = capsys.readouterr()
    assert "indexing is not complete, only" in printed.err
    assert f"go on with retrieve index {interrupted}" in printed.err
    assert " so far: indexing is not complete" in printed.out


def test_a_fitted_encoder_is_kept_though_not_one_picture_was_embedded(photos, stand_in_solve):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "embed", lambda *_, **__: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            Retriever.build(photos)
    assert len(Retriever.open(photos)) == 0
    assert len(Retriever.build(photos)) == 5
    assert len(stand_in_solve) == 1


def test_an_interrupted_refit_leaves_the_old_index_and_is_gone_on_with(photos, model, stand_in_solve):
    before = Retriever.build(photos, encoder=model)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "inherit", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            Retriever.build(photos, settings=BuildSettings(refit=True))
    assert Index.open(photos / ".retrieve").ids.tolist() == before.index.ids.tolist()
    assert len(Index.open(photos / ".retrieve" / "refit")) == 5
    assert (photos / ".retrieve" / "refit").is_dir()
    Retriever.build(photos, settings=BuildSettings(refit=True))
    assert len(stand_in_solve) == 1
    assert not (photos / ".retrieve" / "refit").exists()


def test_dead_vectors_are_cleared_away_when_they_are_more_than_a_quarter(photos, model):
    retriever = Retriever.build(photos, encoder=model)
    (photos / "violet.png").unlink()
    retriever.update()
    assert retriever.index.removed == 1
    (photos / "warm" / "red.png").unlink()
    retriever.update()
    assert (retriever.index.removed, len(retriever)) == (0, 3)
    vectors = retriever.encode([photos / row.path for row in retriever.index.catalog.rows()])
    np.testing.assert_allclose(
        retriever.index.vectors(), vectors / np.linalg.norm(vectors, axis=1, keepdims=True), rtol=1e-5
    )


def test_young_files_are_left_as_they_are_until_they_have_settled(photos, model, paint, later):
    directory, settling = Retriever.build(photos, encoder=model).index.directory, Settling(30.0)
    paint(photos / "violet.png", (1, 2, 3))
    paint(photos / "new.png", (1, 2, 4))
    changes = update_folders(directory, update.Progress(), settling=settling)
    assert (changes.new, changes.changed, settling.waiting) == ((), (), True)
    later(31.0)
    changes = update_folders(directory, update.Progress(), settling=settling)
    assert (changes.new, changes.changed, settling.waiting) == (("new.png",), ("violet.png",), False)


def test_a_file_that_is_renamed_moments_after_it_was_written_keeps_its_id(photos, model, later):
    directory, settling = Retriever.build(photos, encoder=model).index.directory, Settling(30.0)
    (photos / "violet.png").rename(photos / "lilac.png")
    assert not update_folders(directory, update.Progress(), settling=settling)
    later(31.0)
    changes = update_folders(directory, update.Progress(), settling=settling)
    assert changes.renamed == (("violet.png", "lilac.png"),)


def test_a_picture_that_has_just_vanished_keeps_its_id_if_it_comes_back_renamed(
    photos, model, later, tmp_path
):
    directory, settling = Retriever.build(photos, encoder=model).index.directory, Settling(30.0)
    before = Index.open(directory).catalog.find("violet.png")
    # As if it was moved from a folder not yet read into one that was read already.
    (photos / "violet.png").rename(tmp_path / "on its way")
    assert not update_folders(directory, update.Progress(), settling=settling)
    assert settling.waiting
    (tmp_path / "on its way").rename(photos / "warm" / "lilac.png")
    later(31.0)
    changes = update_folders(directory, update.Progress(), settling=settling)
    assert (changes.renamed, changes.new) == ((("violet.png", "warm/lilac.png"),), ())
    assert Index.open(directory).catalog.find("warm/lilac.png").id == before.id
    assert not settling.waiting


def test_a_picture_that_is_gone_for_long_enough_is_removed(photos, model, later):
    directory, settling = Retriever.build(photos, encoder=model).index.directory, Settling(30.0)
    (photos / "violet.png").unlink()
    assert not update_folders(directory, update.Progress(), settling=settling)
    later(29.0)
    (photos / "warm" / "red.png").unlink()
    assert not update_folders(directory, update.Progress(), settling=settling)
    later(2.0)
    assert update_folders(directory, update.Progress(), settling=settling).gone == ("violet.png",)
    assert settling.waiting
    later(30.0)
    assert update_folders(directory, update.Progress(), settling=settling).gone == ("warm/red.png",)


def test_metadata_stay_with_a_picture_that_is_renamed_changed_or_embedded_anew(photos, model, paint):
    directory = Retriever.build(photos, encoder=model).index.directory
    with Index.open(directory, writable=True) as index:
        index.update_rows(
            [
                dataclasses.replace(row, metadata={"was": row.path})
                for row in index.catalog.rows()
                if row.path != "cold/blue.png"
            ]
        )
        index.save()
    (photos / "violet.png").rename(photos / "lilac.png")
    paint(photos / "warm" / "red.png", (250, 3, 3))
    Retriever.build(photos)
    Retriever.build(photos, encoder=model, settings=BuildSettings(refit=True))
    told = {row.path: dict(row.metadata) for row in Index.open(directory).catalog.rows()}
    assert told["lilac.png"] == {"was": "violet.png"}
    assert told["warm/red.png"] == {"was": "warm/red.png"}
    assert told["cold/blue.png"] == {}
