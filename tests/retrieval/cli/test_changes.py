"""An index that follows its folder: index again, add, remove."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from index_store import Index
from retrieval import BuildSettings, Model, Retriever
from retrieval.cli import main


def rows(folder):
    index = Index.open(folder if (folder / "manifest.json").exists() else folder / ".retrieve")
    return {row.path: row.id for row in index.catalog.rows()}


def test_indexing_again_tells_what_changed_and_embeds_only_that(retrieve, indexed, paint, decoded):
    before = rows(indexed)
    (indexed / "cold").rename(indexed / "blues")
    (indexed / "violet.png").unlink()
    paint(indexed / "grey.png", (90, 80, 70))
    paint(indexed / "warm" / "red.png", (250, 9, 9))
    shutil.copy(indexed / "warm" / "reddish.png", indexed / "again.png")
    outcome = retrieve("index", indexed)
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0].startswith(f"indexed 6 pictures of {indexed} in ")
    assert lines[1] == "  changes   + 1 new, - 1 gone, 2 renamed, 1 copied, 1 changed"
    assert sorted(decoded) == ["grey.png", "red.png"]
    after = rows(indexed)
    assert after["blues/blue.png"] == before["cold/blue.png"]
    assert after["warm/red.png"] not in before.values()
    nearest = retrieve("query", indexed / "warm" / "red.png", "-k", 1, "--index", indexed).fields[0]
    assert (nearest[1], nearest[4]) == ("0.0000", "self")


def test_without_a_change_nothing_is_done(retrieve, indexed, decoded):
    manifest = (indexed / ".retrieve" / "manifest.json").read_bytes()
    value = retrieve("index", indexed, "--json").json
    assert value["changes"] == dict.fromkeys(value["changes"], 0)
    assert decoded == []
    assert (indexed / ".retrieve" / "manifest.json").read_bytes() == manifest
    assert "  changes   none\n" in retrieve("index", indexed).out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--dim", 64], "was made with 12 dims, not 64"),
        (
            ["--recipe", "solved-photos"],
            "with an encoder that was given, not by recipe solved-photos",
        ),
    ],
)
def test_options_that_contradict_the_index_are_refused(retrieve, indexed, options, words):
    outcome = retrieve("index", indexed, *options)
    assert outcome.status == 1
    assert words in outcome.err
    assert outcome.err.endswith("leave that out to go on with it, or make it anew with --refit\n")
    assert len(outcome.err.splitlines()) == 1


def test_the_structure_can_be_changed_without_embedding_anything(retrieve, indexed, decoded):
    assert retrieve("index", indexed, "--structure", "hnsw").status == 0
    assert (Index.open(indexed / ".retrieve").manifest.structure, decoded) == ("hnsw", [])
    assert retrieve("index", indexed).status == 0
    assert Index.open(indexed / ".retrieve").manifest.structure == "hnsw"


def test_another_seed_or_recipe_than_the_encoder_was_fitted_with_is_refused(retrieve, photos, stand_in_solve):
    assert retrieve("index", photos, "--seed", 7).status == 0
    assert retrieve("index", photos, "--seed", 7).status == 0
    assert retrieve("index", photos).status == 0
    assert "with seed 7, not 8: leave" in retrieve("index", photos, "--seed", 8).err
    assert "by recipe solved, not by recipe mine: leave" in retrieve("index", photos, "--recipe", "mine").err
    assert len(stand_in_solve) == 1


@pytest.fixture
def other_model(model_folder, tmp_path):
    """The folder of a model whose vectors mean something else."""
    folder = shutil.copytree(model_folder, tmp_path / "other model")
    description = json.loads((folder / "encoder.json").read_text())
    (folder / "encoder.json").write_text(json.dumps(description | {"scale": [128.0]}))
    return folder


def test_another_encoder_is_refused_and_the_same_is_not(retrieve, indexed, model_folder, other_model):
    assert retrieve("index", indexed, "--encoder", model_folder).status == 0
    refused = retrieve("index", indexed, "--encoder", other_model)
    assert refused.status == 1
    assert "was made with another encoder than the one given: leave that out" in refused.err
    assert retrieve("index", indexed, "--encoder", other_model, "--refit").status == 0


def test_refitting_says_so_and_leaves_a_whole_index(retrieve, indexed, paint, stand_in_solve):
    paint(indexed / "grey.png", (90, 80, 70))
    before = rows(indexed)
    outcome = retrieve("index", indexed, "--refit", "--dim", 12)
    assert outcome.status == 0
    assert outcome.out.splitlines()[0].startswith("indexed 6 pictures")
    assert len(stand_in_solve) == 1
    assert set(before.values()).isdisjoint(rows(indexed).values())
    assert retrieve("verify", indexed).status == 0


def test_a_folder_that_is_suddenly_empty_is_refused_and_loses_nothing(
    retrieve, indexed, tmp_path, model_folder
):
    place = tmp_path / "index"
    retrieve("index", indexed, "--index", place, "--encoder", model_folder)
    indexed.rename(tmp_path / "kept")
    gone = retrieve("index", indexed, "--index", place)
    assert (gone.status, gone.out) == (1, "")
    assert "there is no such folder" in gone.err
    indexed.mkdir()
    empty = retrieve("index", indexed, "--index", place)
    assert empty.status == 1
    assert "it holds none any more, of 5 that are indexed: if its disk is not there, connect it" in empty.err
    assert "retrieve remove --missing" in empty.err
    assert len(rows(place)) == 5
    assert retrieve("remove", "--missing", "--index", place).out == "- 5 gone\n"
    assert rows(place) == {}
    shutil.rmtree(indexed)
    (tmp_path / "kept").rename(indexed)
    assert "+ 5 new" in retrieve("index", indexed, "--index", place).out


def test_files_are_added_without_a_look_at_the_others(retrieve, indexed, paint, decoded):
    one, other = paint(indexed / "new.png", (9, 90, 9)), paint(indexed / "other.png", (90, 90, 9))
    outcome = retrieve("add", one, "--index", indexed)
    assert (outcome.status, outcome.out) == (0, "+ 1 new\n")
    assert decoded == ["new.png"]
    assert "other.png" not in rows(indexed)
    assert retrieve("add", one, "--index", indexed).out == "nothing has changed\n"
    other.rename(indexed / "warm" / "red.png")
    added = retrieve("add", indexed / "warm" / "red.png", "--index", indexed, "--json").json
    assert (added["changes"]["changed"], added["changes"]["new"]) == (1, 0)


def test_an_added_file_that_was_renamed_keeps_its_id(retrieve, indexed):
    before = rows(indexed)
    (indexed / "violet.png").rename(indexed / "lilac.png")
    assert retrieve("add", indexed / "lilac.png", "--index", indexed).out == "1 renamed\n"
    assert rows(indexed)["lilac.png"] == before["violet.png"]


def test_what_cannot_be_added_is_one_sentence_that_says_what_to_do(retrieve, indexed, tmp_path, paint):
    outside = retrieve("add", paint(tmp_path / "a.png", (1, 2, 3)), "--index", indexed)
    assert outside.status == 1
    assert f"a.png lies outside of the indexed {indexed}: move it there, or add its folder" in outside.err
    assert "there is no such file" in retrieve("add", indexed / "missing.png", "--index", indexed).err
    elsewhere = tmp_path / "elsewhere.png"
    for command in ("add", "remove"):
        told = retrieve(command, elsewhere, "--index", indexed).err
        assert f"{elsewhere} cannot be read: there is no such file" in told
    assert "those of a picture" in retrieve("add", indexed / "notes.txt", "--index", indexed).err
    hidden = paint(indexed / ".hidden" / "b.png", (1, 2, 3))
    assert "it is hidden" in retrieve("add", hidden, "--index", indexed).err
    cut = retrieve("add", indexed / "cut.png", "--index", indexed)
    assert cut.status == 1
    assert "1 rejected\n  cut.png: the file is truncated" in cut.out


def test_a_removed_picture_stays_out_until_it_changes_or_is_added(retrieve, indexed, paint):
    assert retrieve("remove", indexed / "violet.png", "--index", indexed).out == "- 1 gone\n"
    assert "changes   none" in retrieve("index", indexed).out
    assert "violet.png: left out by `retrieve remove`" in retrieve("info", indexed, "--rejected").out
    assert "violet.png" not in rows(indexed)
    assert (indexed / "violet.png").exists()
    assert retrieve("add", indexed / "violet.png", "--index", indexed).out == "+ 1 new\n"
    retrieve("remove", indexed / "violet.png", "--index", indexed)
    paint(indexed / "violet.png", (200, 0, 201))
    assert "+ 1 new" in retrieve("index", indexed).out


def test_a_removed_picture_stays_out_over_a_refit(retrieve, indexed, stand_in_solve):
    retrieve("remove", indexed / "violet.png", "--index", indexed)
    assert retrieve("index", indexed, "--refit").status == 0
    assert "violet.png" not in rows(indexed)


def test_a_folder_of_pictures_is_removed_at_once(retrieve, indexed):
    assert retrieve("remove", indexed / "warm", "--index", indexed).out == "- 2 gone\n"
    assert sorted(rows(indexed)) == ["cold/blue.png", "cold/green.png", "violet.png"]


def test_a_folder_is_removed_by_a_link_to_it(retrieve, indexed, tmp_path):
    (indexed / "link").symlink_to(indexed / "warm")
    (tmp_path / "elsewhere").symlink_to(indexed / "cold")
    assert retrieve("remove", indexed / "link", "--index", indexed).out == "- 2 gone\n"
    assert retrieve("remove", tmp_path / "elsewhere", "--index", indexed).out == "- 2 gone\n"
    assert sorted(rows(indexed)) == ["violet.png"]


def test_a_folder_cannot_be_added_as_a_file(retrieve, indexed):
    outcome = retrieve("add", indexed / "warm", "--index", indexed)
    assert outcome.status == 1
    assert (
        "warm cannot be read: it is a folder: name its pictures, or take up all that is new in it with"
        in outcome.err
    )


def test_a_picture_in_a_folder_that_cannot_be_read_is_removed(retrieve, indexed, monkeypatch):
    stat, before = Path.stat, rows(indexed)

    def refuse(path, **options):
        if path.parent.name == "warm":
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", refuse)
    assert retrieve("remove", indexed / "warm" / "red.png", "--index", indexed).out == "- 1 gone\n"
    monkeypatch.undo()
    retrieve("index", indexed)
    assert {*before} - {*rows(indexed)} == {"warm/red.png"}


def test_a_folder_with_its_index_inside_is_found_by_its_name(retrieve, indexed, monkeypatch):
    monkeypatch.chdir(indexed.parent)
    monkeypatch.delenv("RETRIEVE_INDEX", raising=False)
    assert "is all that is indexed" in retrieve("remove", indexed).err


def test_what_is_not_in_the_index_cannot_be_removed(retrieve, indexed):
    outcome = retrieve("remove", indexed / "violet.png", indexed / "nothing.png", "--index", indexed)
    assert outcome.status == 1
    assert "nothing.png is not in index" in outcome.err
    assert len(rows(indexed)) == 5
    assert retrieve("remove", "--index", indexed).status == 2
    assert retrieve("remove", "--missing", indexed / "violet.png", "--index", indexed).status == 2


@pytest.fixture
def scans(tmp_path, paint):
    """A second folder, with two pictures."""
    paint(tmp_path / "scans" / "old.png", (10, 200, 100))
    paint(tmp_path / "scans" / "deep" / "older.png", (100, 20, 200))
    return tmp_path / "scans"


def test_one_folder_of_several_can_be_removed_whole(retrieve, photos, scans, model_folder, tmp_path):
    place = tmp_path / "index"
    retrieve("index", photos, scans, "--index", place, "--encoder", model_folder)
    assert retrieve("remove", scans, "--index", place).out == "- 2 gone\n"
    assert sorted(rows(place)) == [
        "cold/blue.png", "cold/green.png", "violet.png", "warm/red.png", "warm/reddish.png"
    ]  # fmt: skip
    assert str(scans) not in retrieve("info", place).out
    told = retrieve("index", scans, "--index", place).out
    assert "changes   + 2 new" in told


def test_a_folder_that_was_renamed_is_the_same_folder(retrieve, photos, scans, model_folder, paint, tmp_path):
    place = tmp_path / "index"
    retrieve("index", photos, scans, "--index", place, "--encoder", model_folder)
    ids = rows(place)
    for before, after in ((photos, tmp_path / "pictures"), (scans, tmp_path / "papers")):
        before.rename(after)
        told = retrieve("index", after, "--index", place)
        assert "changes   none" in told.out
        assert f"{after}" in told.out.splitlines()[0]
    assert rows(place) == ids
    hit = retrieve("query", tmp_path / "papers" / "old.png", "-k", 1, "--index", place).fields[0]
    assert (hit[2], hit[4]) == (str(tmp_path / "papers" / "old.png"), "self")


def test_another_folder_is_none_of_those_that_are_away_whatever_its_files_are_called(
    retrieve, photos, scans, model_folder, paint, tmp_path
):
    place = tmp_path / "index"
    retrieve("index", photos, scans, "--index", place, "--encoder", model_folder)
    ids = rows(place)
    scans.rename(tmp_path / "away")
    paint(tmp_path / "more" / "old.png", (1, 99, 7))
    paint(tmp_path / "more" / "deep" / "older.png", (1, 9, 7))
    assert "changes   + 2 new" in retrieve("index", tmp_path / "more", "--index", place).out
    assert ids.items() <= rows(place).items()
    (tmp_path / "away").rename(scans)
    assert "changes   none" in retrieve("index", scans, "--index", place).out


def test_the_place_of_a_folder_that_is_away_is_not_forgotten(retrieve, photos, scans, model_folder, tmp_path):
    retrieve("index", photos, scans, "--index", tmp_path / "index", "--encoder", model_folder)
    place = tmp_path / "deep" / "er" / "index"
    place.parent.mkdir(parents=True)
    (tmp_path / "index").rename(place)
    scans.rename(tmp_path / "away")
    retrieve("index", photos, "--index", place)
    (tmp_path / "away").rename(scans)
    assert "changes   none" in retrieve("index", scans, "--index", place).out
    manifest = (place / "manifest.json").read_bytes()
    retrieve("index", photos, scans, "--index", place)
    assert (place / "manifest.json").read_bytes() == manifest


def test_a_folder_that_was_moved_into_another_one_is_refused(retrieve, photos, scans, model_folder, tmp_path):
    place = tmp_path / "index"
    retrieve("index", photos, scans, "--index", place, "--encoder", model_folder)
    scans.rename(photos / "scans")
    told = retrieve("index", photos / "scans", "--index", place)
    assert (told.status, "which is indexed already" in told.err) == (1, True)


def test_all_that_is_indexed_is_not_removed_by_its_folder(retrieve, indexed):
    outcome = retrieve("remove", indexed, "--index", indexed)
    assert (outcome.status, outcome.out, len(rows(indexed))) == (1, "", 5)
    assert "is all that is indexed: name pictures, or folders in it; to be rid of the index" in outcome.err


def test_two_folders_in_one_index(retrieve, photos, scans, model_folder, tmp_path):
    place = tmp_path / "index"
    outcome = retrieve("index", photos, scans, "--index", place, "--encoder", model_folder)
    assert outcome.out.startswith(f"indexed 7 pictures of {photos}, {scans} in ")
    assert {"scans//old.png", "scans//deep/older.png", "violet.png"} < set(rows(place))
    hit = retrieve("query", scans / "old.png", "-k", 1, "--index", place).fields[0]
    assert (hit[2], hit[4]) == (str(scans / "old.png"), "self")
    assert retrieve("remove", scans / "old.png", "--index", place).out == "- 1 gone\n"


def test_a_folder_is_added_to_an_index_and_each_is_kept_current_alone(retrieve, indexed, scans, paint):
    outcome = retrieve("index", scans, "--index", indexed)
    assert "changes   + 2 new" in outcome.out
    paint(indexed / "new.png", (9, 9, 9))
    (scans / "old.png").unlink()
    assert "changes   - 1 gone" in retrieve("index", scans, "--index", indexed).out
    assert "changes   + 1 new" in retrieve("index", indexed).out
    assert len(Retriever.open(indexed)) == 7
    (scans / "deep" / "older.png").rename(indexed / "here.png")
    (indexed / "violet.png").rename(scans / "there.png")
    assert "changes   2 renamed" in retrieve("index", indexed, scans).out


def test_a_folder_within_an_indexed_one_is_refused(retrieve, indexed):
    outcome = retrieve("index", indexed / "warm", "--index", indexed)
    assert outcome.status == 1
    assert f"lies in {indexed}, which is indexed already: name {indexed}" in outcome.err


def test_python_updates_removes_and_refreshes(model, photos, paint):
    retriever, reader = Retriever.build(photos, encoder=model), Retriever.open(photos)
    paint(photos / "new.png", (9, 9, 9))
    assert retriever.update().new == ("new.png",)
    assert (len(retriever), len(reader)) == (6, 5)
    assert (reader.refresh(), reader.refresh(), len(reader)) == (True, False, 6)
    assert retriever.remove([photos / "new.png"]).gone == ("new.png",)
    assert retriever.query(photos / "new.png", k=1)[0].path != photos / "new.png"


def test_refreshing_takes_up_another_encoder(model, photos, other_model):
    reader = Retriever.build(photos, encoder=model)
    assert reader.decoder is reader.decoder
    other = Model.open(other_model)
    Retriever.build(photos, encoder=other, settings=BuildSettings(refit=True))
    assert reader.refresh()
    assert reader.encoder.fingerprint == reader.model.encoder.fingerprint == other.encoder.fingerprint
    assert reader.query(photos / "violet.png", k=1)[0].is_self


def test_pictures_of_another_kind_than_the_encoder_was_fitted_to_are_told(
    retrieve, tmp_path, paint, stand_in_solve
):
    folder, random = tmp_path / "kinds", np.random.default_rng(0)
    for number in range(64):
        colors = [tuple(random.integers(150, 250, 3).tolist()) for _ in range(4)]
        paint(folder / f"grey {number}.png", *colors)
    assert "--refit" not in retrieve("index", folder).err
    for number in range(40):
        paint(folder / f"grey again {number}.png", *[tuple(random.integers(150, 250, 3).tolist())] * 4)
    for number in range(70):
        colors = [tuple((random.integers(0, 2, 3) * 200 + 20).tolist()) for _ in range(4)]
        paint(folder / f"gaudy {number}.png", *colors)
    told = retrieve("index", folder)
    assert "came after the encoder was fitted and are unlike those before" in told.err
    assert told.err.endswith("index again with --refit\n")
    assert "--refit" not in retrieve("index", folder).err  # said once, when they come


def test_a_link_that_leads_to_itself_is_one_sentence(retrieve, indexed, tmp_path):
    (indexed / "loop.png").symlink_to("loop.png")
    assert "is not in index" in retrieve("remove", indexed / "loop.png", "--index", indexed).err
    assert "the link leads back to itself" in retrieve("add", indexed / "loop.png", "--index", indexed).err
    (tmp_path / "loop").symlink_to("loop")
    for command in (["evaluate", indexed, "--report"], ["anomalies", indexed, "--heatmaps"]):
        outcome = retrieve(*command, tmp_path / "loop")
        assert (outcome.status, outcome.out, outcome.err.count("\n")) == (1, "", 1)
        assert "loop: the link leads back to itself" in outcome.err


def test_a_pipe_cannot_be_added(retrieve, indexed):
    os.mkfifo(indexed / "pipe.png")
    outcome = retrieve("add", indexed / "pipe.png", "--index", indexed)
    assert (outcome.status, outcome.out) == (1, "")
    assert "it is a pipe or a device, expected a regular file" in outcome.err


def test_a_picture_that_may_not_be_read_is_removed_and_is_told_when_it_is_added(
    retrieve, indexed, monkeypatch
):
    monkeypatch.setattr(os, "access", lambda path, *_, **__: not str(path).endswith("violet.png"))
    assert retrieve("remove", indexed / "violet.png", "--index", indexed).out == "- 1 gone\n"
    assert retrieve("add", indexed / "violet.png", "--index", indexed).status == 0


def test_in_a_folder_that_may_not_be_read_one_picture_does_not_stop_the_others(
    retrieve, indexed, monkeypatch
):
    stat = Path.stat

    def refuse(path, **options):
        if path.parent.name == "secret":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", refuse)
    secret = indexed / "secret" / "a.png"
    asked = retrieve("query", secret, indexed / "violet.png", "--index", indexed)
    assert (asked.status, len(asked.fields)) == (1, 5)
    assert asked.err == f"retrieve: {secret} cannot be read: permission denied\n"
    added = retrieve("add", secret, "--index", indexed)
    assert (added.status, added.err) == (1, f"retrieve: {secret} cannot be read: permission denied\n")


def test_the_index_of_a_file_is_the_one_around_it(retrieve, indexed, paint, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    paint(indexed / "cold" / "new.png", (9, 9, 99))
    assert retrieve("add", "photos/cold/new.png").out == "+ 1 new\n"
    assert retrieve("remove", "photos/violet.png", "photos/warm/red.png").out == "- 2 gone\n"
    outcome = retrieve("remove", "elsewhere.png")
    assert (outcome.status, outcome.out) == (1, "")
    assert f"no index in {tmp_path} nor in any folder around it" in outcome.err
    monkeypatch.setenv("RETRIEVE_INDEX", str(tmp_path / "other"))
    monkeypatch.setattr(sys, "argv", ["retrieve", "add", "photos/violet.png"])
    with pytest.raises(SystemExit, match="1"):
        main()
