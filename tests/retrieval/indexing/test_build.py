from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from index_store import Index, IndexBusy, IndexUnwritable, OptionInvalid
from retrieval import BuildSettings, Progress, Retriever, sample
from retrieval.errors import NoPictures
from retrieval.images import DECODING, load, read_picture
from retrieval.indexing import build
from retrieval.indexing.verify import verify_index

INDEXED = ["cold/blue.png", "cold/green.png", "violet.png", "warm/red.png", "warm/reddish.png"]


def contents(directory):
    """Every file below `directory` with its bytes, but for the lock."""
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != "lock"}


def test_every_picture_gets_a_row_and_every_bad_file_a_reason(model, photos):
    index = Retriever.build(photos, encoder=model).index
    assert [row.path for row in index.catalog.rows()] == INDEXED
    assert [row.id for row in index.catalog.rows()] == [0, 1, 2, 3, 4]
    assert {one.path: one.reason for one in index.catalog.rejected()} == {
        "cut.png": "the file is truncated or damaged (a PNG file)",
        "empty.jpg": "empty file",
    }


def test_the_index_knows_its_encoder_metric_and_structure(model, photos):
    index = Retriever.build(photos, encoder=model, settings=BuildSettings(structure="hnsw")).index
    assert index.manifest.encoder == model.encoder.fingerprint
    assert (index.dim, index.manifest.metric, index.manifest.structure) == (12, "cosine", "hnsw")
    assert index.attachments == ("autoencoder.keras", "decoder.tflite", "encoder.json", "encoder.tflite")


def test_without_an_encoder_one_is_fitted_to_a_sample_that_is_kept(stand_in_solve, photos):
    retriever = Retriever.build(photos, settings=BuildSettings(dim=12, seed=5))
    (call,) = stand_in_solve
    assert (call.dim, call.seed) == (12, 5)
    assert call.pictures.shape == (66, 32, 32, 3)
    fitted = json.loads(retriever.index.attachment("fitted.json").read_bytes())
    assert (fitted["pictures"], fitted["drawn"], fitted["found"]) == (INDEXED, 61, 6)
    assert retriever.index.settings["fitted"]["note"].startswith("fitted with 61 drawn pictures")
    assert retriever.index.settings["seed"] == 5


def test_what_was_read_for_the_fit_is_not_read_again(stand_in_solve, model, photos, monkeypatch):
    read = []

    def reading(path, size, **how):
        read.append((path.name, size))
        return read_picture(path, size, **how)

    monkeypatch.setattr("retrieval.sample.read_picture", reading)
    fitted = Retriever.build(photos, index=photos.parent / "fitted").index
    expected = sorted((Path(path).name, model.encoder.size) for path in INDEXED)
    assert sorted(each for each in read if each in expected) == expected
    given = Retriever.build(photos, index=photos.parent / "given", encoder=model).index
    assert list(fitted.catalog.rows()) == list(given.catalog.rows())
    np.testing.assert_array_equal(fitted.vectors(), given.vectors())


def test_more_pictures_than_a_batch_get_the_ids_of_their_order(model, photos, monkeypatch):
    monkeypatch.setattr("retrieval.indexing.update._BATCH", 2)
    index = Retriever.build(photos, encoder=model).index
    assert [row.path for row in index.catalog.rows()] == INDEXED
    vectors = Retriever.open(photos).encode([photos / path for path in INDEXED])
    np.testing.assert_allclose(
        index.vectors(), vectors / np.linalg.norm(vectors, axis=1, keepdims=True), rtol=1e-6
    )


def test_each_step_is_timed(model, photos):
    progress = Progress()
    Retriever.build(photos, encoder=model, progress=progress)
    assert list(progress.seconds) == ["find pictures", "embed", "save"]


def test_indexing_again_does_only_what_has_changed(model, photos, paint, decoded):
    first = Retriever.build(photos, encoder=model).index
    (photos / "violet.png").unlink()
    paint(photos / "new.png", (9, 9, 9))
    decoded.clear()
    second = Retriever.build(photos).index
    assert decoded == ["new.png"]
    assert {row.path: row.id for row in second.catalog.rows()} == {
        **{row.path: row.id for row in first.catalog.rows() if row.path != "violet.png"},
        "new.png": 5,
    }
    # Who had the first one open reads on in it.
    assert len(first) == 5


def test_indexing_again_without_a_change_writes_nothing(model, photos):
    Retriever.build(photos, encoder=model).update()
    before = contents(photos / ".retrieve")
    assert Retriever.build(photos, encoder=model).index.manifest.generation > 0
    assert contents(photos / ".retrieve") == before


def test_refitting_replaces_the_index_and_uses_no_id_twice(model, photos, stand_in_solve):
    first = Retriever.build(photos, encoder=model).index
    paint_of = (photos / "violet.png").read_bytes()
    (photos / "violet.png").unlink()
    second = Retriever.build(photos, settings=BuildSettings(refit=True, dim=12)).index
    assert len(stand_in_solve) == 1
    assert [row.path for row in second.catalog.rows()] == [path for path in INDEXED if path != "violet.png"]
    assert set(first.ids.tolist()).isdisjoint(second.ids.tolist())
    assert second.manifest.generation > first.manifest.generation
    assert not (photos / ".retrieve" / "refit").exists()
    (photos / "violet.png").write_bytes(paint_of)
    assert len(Retriever.build(photos)) == 5


def test_the_index_is_no_part_of_what_is_indexed(model, photos, paint):
    for number in range(2):
        index = Retriever.build(photos, index=photos / "index", encoder=model).index
        assert [row.path for row in index.catalog.rows()] == INDEXED, number
        paint(photos / "index" / "sheet.png", (255, 0, 0))


@pytest.mark.parametrize("bad_files", [["notes.txt"], ["empty.jpg"], ["cut.png"]])
def test_a_folder_without_a_readable_picture_is_refused_and_left_as_it_was(model, photos, bad_files):
    for path in [*photos.rglob("*.png"), *photos.rglob("*.jpg")]:
        if path.name not in bad_files:
            path.unlink()
    with pytest.raises(NoPictures, match=r"no pictures in .*photos"):
        Retriever.build(photos, encoder=model)
    assert not (photos / ".retrieve").exists()


def test_why_the_only_file_was_rejected_is_said(model, photos, tmp_path):
    (tmp_path / "one").mkdir()
    shutil.copy(photos / "cut.png", tmp_path / "one")
    with pytest.raises(
        NoPictures, match=r"none of 1 files can be read, the last is cut\.png: the file is trunc"
    ):
        Retriever.build(tmp_path / "one", encoder=model)
    shutil.move(tmp_path / "one" / "cut.png", tmp_path / "cut.png")
    (tmp_path / "one" / "empty.jpg").touch()
    with pytest.raises(NoPictures, match=r"1 files were rejected, empty\.jpg: empty file"):
        Retriever.build(tmp_path / "one", encoder=model)


def test_an_encoder_of_other_dims_than_asked_for_is_refused(model, photos):
    with pytest.raises(OptionInvalid, match=r"dim is 64, but the encoder given makes 12-dim vectors"):
        Retriever.build(photos, encoder=model, settings=BuildSettings(dim=64))


def test_a_negative_seed_is_refused():
    with pytest.raises(OptionInvalid, match=r"seed is -1, expected 0 or more"):
        BuildSettings(seed=-1)


def test_an_unknown_structure_is_refused_before_anything_is_fitted(stand_in_solve, photos):
    with pytest.raises(OptionInvalid, match=r"structure is 'tree', expected auto, exact, flat"):
        Retriever.build(photos, settings=BuildSettings(structure="tree"))
    assert stand_in_solve == []
    assert not (photos / ".retrieve").exists()


def test_a_file_in_the_place_of_the_index_is_refused_before_anything_is_fitted(stand_in_solve, photos):
    (photos / ".retrieve").touch()
    with pytest.raises(IndexUnwritable, match=r"a file is in the way"):
        Retriever.build(photos)
    assert stand_in_solve == []


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_a_failure_while_embedding_leaves_the_old_index_in_force(model, photos, paint, monkeypatch, failure):
    old = Retriever.build(photos, encoder=model)
    before = contents(photos / ".retrieve")

    def fail(*_, **__):
        raise failure

    paint(photos / "new.png", (9, 9, 9))
    monkeypatch.setattr("index_store.draft.Draft.append", fail)
    with pytest.raises((KeyboardInterrupt, IndexUnwritable)):
        Retriever.build(photos, encoder=model)
    assert contents(photos / ".retrieve") == before
    assert len(Index.open(photos / ".retrieve", check="full")) == len(old) == 5


def test_a_failure_before_the_first_index_leaves_nothing(model, photos, monkeypatch):
    monkeypatch.setattr(
        "index_store.draft.Draft.append", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt())
    )
    with pytest.raises(KeyboardInterrupt):
        Retriever.build(photos, encoder=model)
    assert not (photos / ".retrieve").exists()


def test_a_blank_picture_among_others_is_rejected_with_the_reason(model, photos, paint):
    paint(photos / "black.png", (0, 0, 0))
    index = Retriever.build(photos, encoder=model).index
    assert len(index) == 5
    reasons = {one.path: one.reason for one in index.catalog.rejected()}
    assert reasons["black.png"].startswith("it is blank")


def test_a_second_writer_is_refused_before_it_fits_anything(model, photos, monkeypatch, stand_in_solve):
    refused = []
    draw = build.draw_sample

    def draw_while_another_begins(*arguments, **options):
        with pytest.raises(IndexBusy):
            Retriever.build(photos, encoder=model)
        refused.append(True)
        return draw(*arguments, **options)

    monkeypatch.setattr(build, "draw_sample", draw_while_another_begins)
    assert len(Retriever.build(photos)) == 5
    assert refused == [True]


def test_an_encoder_of_a_run_on_these_pictures_is_known_to_be_fitted_to_them(photos, run_of):
    index = Retriever.build(photos, encoder=run_of(photos)).index
    assert index.settings["fitted"] == {"pictures": 2, "drawn": 0, "note": None, "by": "retrieve train"}
    kept = json.loads(index.attachment("fitted.json").read_bytes())
    assert kept["pictures"] == ["violet.png", "warm/red.png"]


def test_an_encoder_of_a_run_on_another_folder_is_not_fitted_to_this_one(photos, run_of, tmp_path):
    shutil.copytree(photos, tmp_path / "others")
    run = run_of(tmp_path / "others")
    assert Retriever.build(photos, encoder=run).index.settings["fitted"] is None
    (run / "fitted.json").write_text("[]")
    assert Retriever.build(tmp_path / "others", encoder=run).index.settings["fitted"] is None


def test_the_encoder_of_an_index_is_known_to_be_fitted_to_its_folder(photos, stand_in_solve, tmp_path):
    Retriever.build(photos, settings=BuildSettings(dim=12))
    again = Retriever.build(photos, encoder=str(photos), index=tmp_path / "again")
    assert again.index.settings["fitted"]["by"] == "retrieve index"
    assert (again.facts().fitted["pictures"], again.facts().fitted["drawn"]) == (5, 61)


def test_there_is_nothing_to_adapt_without_an_encoder(photos):
    with pytest.raises(OptionInvalid, match="adapt is for an encoder that is given"):
        Retriever.build(photos, settings=BuildSettings(adapt=True))


@pytest.mark.slow
def test_the_pictures_that_an_encoder_was_adapted_to_are_kept(photos, model_folder, few_atoms, monkeypatch):
    monkeypatch.setattr(sample, "TOPPED_UP", 66)
    settings = BuildSettings(adapt=True, dim=3, decoder=False)
    index = Retriever.build(photos, encoder=model_folder, settings=settings).index
    fitted = index.settings["fitted"]
    assert (fitted["pictures"], fitted["drawn"], fitted["by"]) == (5, 61, "adapt")
    assert (index.dim, len(index)) == (3, 5)
    assert index.copies().shape == (5, index.copy_dim)
    assert index.copy_dim > 0
    assert json.loads(index.attachment("fitted.json").read_bytes())["pictures"] == INDEXED


def test_a_broken_file_is_decoded_once_and_again_only_when_it_changes(model, photos, paint, decoded):
    first = list(Retriever.build(photos, encoder=model).index.catalog.rejected())
    assert "cut.png" in decoded
    decoded.clear()
    second = list(Retriever.build(photos, encoder=model).index.catalog.rejected())
    assert decoded == []
    assert second == first
    paint(photos / "cut.png", (9, 9, 9))
    assert len(Retriever.build(photos, encoder=model)) == 6
    assert "cut.png" in decoded


@pytest.fixture
def jpegs(tmp_path):
    """Six JPEGs of noise, 47 pixels a side, which an encoder of 16 takes reduced by two if it may."""
    folder = tmp_path / "jpegs"
    folder.mkdir()
    for number in range(6):
        grain = np.random.default_rng(number).integers(0, 256, (47, 47, 3)).astype(np.uint8)
        Image.fromarray(grain).save(folder / f"{number}.jpg", quality=95)
    return folder


def decoding_in_full(path):
    with Image.open(path) as image:
        return np.asarray(image.resize((16, 16), Image.Resampling.BICUBIC, reducing_gap=3.0))


def test_an_index_whose_encoder_tells_no_way_of_decoding_answers_as_before(model, jpegs):
    first, *others = sorted(jpegs.iterdir())
    away = [path.rename(path.with_suffix(".away")) for path in others[3:]]
    index = Retriever.build(jpegs, encoder=model).index
    [described] = (jpegs / ".retrieve").glob("encoder.generation-*.json")
    assert "decoding" not in json.loads(described.read_text())
    for path in away:
        path.rename(path.with_suffix(".jpg"))
    index = Retriever.build(jpegs).index
    expected = model.encoder.encode(np.stack([decoding_in_full(path) for path in (first, *others)]))
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(index.vectors(), expected, rtol=1e-6)
    for hits in Retriever.open(jpegs).query([first, first.read_bytes()], k=1):
        assert hits[0].distance < 1e-6
    assert verify_index(jpegs / ".retrieve", deep=True).faults == ()


def test_an_index_keeps_the_way_of_decoding_of_an_encoder_fitted_now(stand_in_solve, model, jpegs):
    index = Retriever.build(jpegs).index
    assert Retriever.open(jpegs).encoder.decoding == DECODING
    seen = np.stack([load(path, 16, decoding=DECODING) for path in sorted(jpegs.iterdir()) if path.is_file()])
    expected = model.encoder.encode(seen)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(index.vectors(), expected, rtol=1e-6)
    assert Retriever.open(jpegs).query(jpegs / "0.jpg", k=1)[0].distance < 1e-6
    assert verify_index(jpegs / ".retrieve", deep=True).faults == ()


@pytest.mark.parametrize("name", ["notes.txt", "a.png", "vectors.f32"])
def test_an_index_is_not_made_among_other_files(model, photos, tmp_path, name):
    place = tmp_path / "place"
    place.mkdir()
    (place / name).write_text("mine")
    (place / ".DS_Store").touch()
    with pytest.raises(OptionInvalid, match=f"holds 1 other file, {name} for one, and no index: move"):
        Retriever.build(photos, index=place, encoder=model)
    assert sorted(path.name for path in place.iterdir()) == [".DS_Store", name]
    (place / name).unlink()
    assert len(Retriever.build(photos, index=place, encoder=model).index) == 5


def test_refitting_deletes_no_folder_of_somebody_else(model, photos, stand_in_solve):
    index = Retriever.build(photos, encoder=model).index
    mine = index.directory / "refit" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(OptionInvalid, match=r"mine\.txt for one, and no index"):
        Retriever.build(photos, encoder=model, settings=BuildSettings(refit=True))
    assert mine.read_text() == "mine"
    mine.unlink()
    Retriever.build(photos, encoder=model, settings=BuildSettings(refit=True))
    assert not mine.parent.exists()


def test_what_was_taken_out_is_not_fitted_to_again(photos, stand_in_solve):
    retriever = Retriever.build(photos, settings=BuildSettings(dim=12))
    retriever.remove(photos / "violet.png")
    again = Retriever.build(photos, settings=BuildSettings(refit=True, dim=12))
    assert "violet.png" not in again.index.attachment("fitted.json").read_text()
    assert again.index.settings["fitted"]["pictures"] == 4
    assert again.index.catalog.find("violet.png") is None
    (photos / "cut.png").unlink()
    again.remove([photos / name for name in INDEXED if name != "violet.png"])
    with pytest.raises(NoPictures, match="taken out: `retrieve add` takes one back"):
        Retriever.build(photos, settings=BuildSettings(refit=True, dim=12))
