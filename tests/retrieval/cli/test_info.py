from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from index_store import FORMAT_VERSION, Index
from retrieval import IndexFacts
from retrieval.cli.index import fitted_in_words


def test_info_tells_what_an_index_is(retrieve, indexed, model):
    outcome = retrieve("info", "--index", indexed)
    facts = dict(line.split(maxsplit=1) for line in outcome.out.splitlines())
    assert outcome.status == 0
    assert facts["folder"] == str(indexed)
    assert facts["pictures"] == "5"
    assert facts["rejected"] == "2 (retrieve info --rejected lists them)"
    assert facts["encoder"] == f"quarters, sees 16 x 16 pixels, {model.encoder.fingerprint[:12]}"
    assert (facts["dims"], facts["metric"]) == ("12", "cosine")
    assert facts["structure"] == "auto: 5 vectors are few enough to compare with all of them"
    on_disk = IndexFacts.of(Index.open(indexed / ".retrieve")).bytes_of_pictures
    assert facts["size"].startswith(f"{on_disk / 5:,.0f} bytes a picture on disk, ")
    assert facts["columns"] == "id, path, folder, name, size, mtime, width, height"
    assert facts["format"] == f"version {FORMAT_VERSION}, generation 1"
    assert facts["built"].endswith(" UTC")


def test_the_folder_may_be_named_without_an_option_or_not_at_all(retrieve, indexed, monkeypatch):
    expected = retrieve("info", "--index", indexed / ".retrieve").out
    assert retrieve("info", indexed).out == expected
    monkeypatch.chdir(indexed / "warm")
    assert retrieve("info").out == expected


def test_rejected_files_are_listed_with_their_reasons(retrieve, indexed):
    assert retrieve("info", indexed, "--rejected").out.splitlines() == [
        "cut.png: the file is truncated or damaged (a PNG file)",
        "empty.jpg: empty file",
    ]


def test_json_holds_the_same(retrieve, indexed):
    value = retrieve("info", indexed, "--json").json
    assert (value["pictures"], value["rejected"], value["format_version"]) == (5, 2, FORMAT_VERSION)
    assert value["columns"][:3] == ["id", "path", "folder"]
    assert "rejections" not in value
    rejections = retrieve("info", indexed, "--json", "--rejected").json["rejections"]
    assert rejections[1] == {"path": "empty.jpg", "reason": "empty file"}


@pytest.mark.parametrize("name", ["vectors.generation-1.f32", "encoder.generation-1.tflite"])
def test_a_missing_file_of_the_index_is_named(retrieve, indexed, name):
    (indexed / ".retrieve" / name).unlink()
    outcome = retrieve("info", indexed)
    assert outcome.status == 1
    assert name in outcome.err
    assert "`retrieve verify --repair` mends what can be mended" in outcome.err


def test_files_that_were_left_out_are_counted_by_kind(retrieve, photos, model_folder):
    assert retrieve("index", photos, "--encoder", model_folder).status == 0
    assert "skipped   1 of other kinds\n" in retrieve("info", photos).out
    (photos / ".hidden").touch()
    shutil.copy(photos / "violet.png", photos / "violet.csv")
    assert retrieve("index", photos, "--encoder", model_folder).status == 0
    skipped = "skipped   1 hidden, 1 of other kinds, 1 picture under another suffix\n"
    assert skipped in retrieve("info", photos).out


@pytest.mark.parametrize("asked", [["info"], ["watch"], ["query", "a.png", "--index"]])
def test_an_index_of_other_things_than_pictures_is_told(retrieve, tmp_path, asked):
    with Index.create(tmp_path / "corners", dim=2) as index:
        index.add([[0, 1], [3, 4]])
        index.save()
    outcome = retrieve(*asked, tmp_path / "corners")
    assert outcome.status == 1
    assert "its vectors are of something else: make one with `retrieve index FOLDER`" in outcome.err


def test_a_description_of_an_encoder_that_is_none_is_told(retrieve, indexed):
    with Index.open(indexed / ".retrieve", writable=True) as index:
        index.attach("encoder.json", b'{"size": 16}')
        index.save()
    outcome = retrieve("info", indexed)
    assert outcome.status == 1
    assert "dim is None, expected a whole number, 1 or more" in outcome.err


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({}, ""),
        ({"aligned": False}, ", as photographs"),
        ({"aligned": False, "colors": False}, ", as photographs in grey"),
        ({"aligned": True, "colors": False}, ", as aligned pictures"),
        ({"aligned": True, "colors": True}, ", as aligned pictures in colour"),
    ],
)
def test_what_kind_of_pictures_it_was_fitted_to_is_told(indexed, details, words):
    fitted = {"pictures": 12, "drawn": 0, "note": None}
    facts = replace(IndexFacts.of(Index.open(indexed / ".retrieve")), details=details, fitted=fitted)
    assert fitted_in_words(facts) == f"fitted to 12 of the pictures{words}"
