from __future__ import annotations

import json
import re
import shutil

from index_store import Index
from retrieval.threads import available_cores, num_threads


def test_indexing_tells_what_it_did(retrieve, photos, model_folder):
    outcome = retrieve("index", photos, "--encoder", model_folder)
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert lines[0].startswith(f"indexed 5 pictures of {photos} in ")
    assert lines[1] == "  encoder   quarters, 12 dims; not fitted to this folder"
    assert re.search(r"\.retrieve, [\d,]+ bytes a picture on disk, 0\.\d MB in all with", lines[2])
    assert lines[3] == "  search    auto: 5 vectors are few enough to compare with all of them"
    assert lines[4].startswith("  seconds   find pictures 0.")
    assert lines[5:] == [
        "  skipped   1 of other kinds",
        "  rejected  2:",
        "    cut.png: the file is truncated or damaged (a PNG file)",
        "    empty.jpg: empty file",
    ]
    assert outcome.err == f"\nnext: retrieve query IMG --index {photos}\n"


def test_of_many_rejected_files_the_first_are_named_and_where_to_see_all(retrieve, photos, model_folder):
    for number in range(10):
        (photos / f"empty {number}.jpg").touch()
    out = retrieve("index", photos, "--encoder", model_folder).out
    assert "  rejected  12:" in out
    assert f"    and 9 more: retrieve info --rejected --index {photos / '.retrieve'}" in out


def test_a_small_folder_is_told_what_it_was_fitted_with(retrieve, photos, stand_in_solve):
    out = retrieve("index", photos, "--seed", 7).out
    assert "fitted with 61 drawn pictures, for the folder has only 5 distinct" in out
    assert stand_in_solve[0].seed == 7


def test_json_holds_facts_rejections_and_seconds(retrieve, photos, model_folder):
    value = retrieve("index", photos, "--encoder", model_folder, "--json").json
    assert (value["pictures"], value["rejected"], value["dim"]) == (5, 2, 12)
    assert [one["path"] for one in value["rejections"]] == ["cut.png", "empty.jpg"]
    assert set(value["seconds"]) == {"find pictures", "embed", "save"}


def test_an_index_can_be_put_elsewhere_with_a_structure(retrieve, photos, model_folder, tmp_path):
    place = tmp_path / "elsewhere"
    outcome = retrieve("index", photos, "--encoder", model_folder, "--index", place, "--structure", "ivf")
    assert outcome.status == 0
    assert Index.open(place).manifest.structure == "ivf"
    assert outcome.err == f"\nnext: retrieve query IMG --index {place}\n"


def test_what_cannot_be_indexed_is_one_sentence(retrieve, tmp_path, model_folder):
    missing = retrieve("index", tmp_path / "missing", "--encoder", model_folder)
    assert (missing.status, missing.out) == (1, "")
    assert missing.err == f"retrieve: no pictures in {tmp_path / 'missing'}: there is no such folder\n"
    empty = retrieve("index", tmp_path, "--encoder", model_folder)
    assert "it holds no file in a picture format" in empty.err
    (tmp_path / "file").touch()
    assert "it is a file, expected a folder" in retrieve("index", tmp_path / "file").err


def test_no_encoder_where_one_is_named_is_one_sentence(retrieve, photos, tmp_path):
    outcome = retrieve("index", photos, "--encoder", tmp_path / "run")
    assert outcome.status == 1
    assert "name the folder of a training run" in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_a_failure_leaves_the_old_index(retrieve, indexed, model_folder):
    before = retrieve("query", indexed / "violet.png", "--index", indexed).out
    shutil.rmtree(indexed / "warm")
    for path in [indexed / "violet.png", *(indexed / "cold").iterdir()]:
        path.write_bytes(b"\x89PNG\r\n\x1a\n")
    assert retrieve("index", indexed, "--encoder", model_folder).status == 1
    assert len(Index.open(indexed / ".retrieve", check="full")) == 5
    assert before.count("\n") == 5


def test_a_run_that_was_trained_on_the_folder_is_known_to_be_fitted_to_it(retrieve, photos, run_of):
    out = retrieve("index", photos, "--encoder", run_of(photos)).out
    assert "quarters, 12 dims; fitted to 2 of the pictures by retrieve train" in out


def test_a_folder_that_cannot_be_written_suggests_another_place(retrieve, photos, model_folder, tmp_path):
    (photos / ".retrieve").touch()
    outcome = retrieve("index", photos, "--encoder", model_folder)
    assert outcome.status == 1
    assert outcome.err.endswith(", or put the index elsewhere with --index DIR\n")
    assert retrieve("index", photos, "--encoder", model_folder, "--index", tmp_path / "a").status == 0


def test_an_index_of_a_newer_format_is_not_replaced(retrieve, indexed, model_folder):
    manifest = indexed / ".retrieve" / "manifest.json"
    values = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(values | {"format_version": 99}))
    before = manifest.read_bytes()
    outcome = retrieve("index", indexed, "--encoder", model_folder)
    assert outcome.status == 1
    assert "has format 99" in outcome.err
    assert manifest.read_bytes() == before


def test_the_decoder_can_be_left_out_and_the_recipe_named(retrieve, photos, stand_in_solve):
    assert retrieve("index", photos, "--no-decoder", "--recipe", "solved").status == 0
    assert stand_in_solve[0].decoder is False
    unknown = retrieve("index", photos, "--recipe", "guessed", "--refit")
    assert unknown.err.splitlines()[-1] == "retrieve: recipe is 'guessed', expected one of solved"
    assert len(stand_in_solve) == 1


def test_threads_are_those_of_the_option(retrieve, photos, model_folder, monkeypatch):
    monkeypatch.delenv("RETRIEVE_THREADS", raising=False)
    assert retrieve("index", photos, "--encoder", model_folder, "--threads", 3).status == 0
    assert num_threads() == 3
    retrieve("index", photos, "--encoder", model_folder)
    assert num_threads() == available_cores()
    assert retrieve("index", photos, "--threads", 0).status == 2


def test_metadata_become_columns_and_rows_without_a_picture_are_named(
    retrieve, photos, model_folder, tmp_path
):
    table = tmp_path / "metadata.csv"
    table.write_text("path,label,price\nviolet.png,glass,3\nwarm/red.png,paper,4\nvoilet.png,glass,5\n")
    asked = ["index", photos, "--encoder", model_folder, "--metadata", table]
    outcome = retrieve(*asked)
    assert outcome.status == 0
    assert f"retrieve: 1 row names no indexed picture in {table}: voilet.png\n" in outcome.err
    assert retrieve("info", photos, "--json").json["columns"][-2:] == ["label", "price"]
    found = retrieve(
        "query", photos / "violet.png", "--index", photos, "--where", "label = 'paper' and price > 3"
    )
    assert [fields[2] for fields in found.fields] == [str(photos / "warm" / "red.png")]


def test_columns_that_a_new_table_does_not_have_are_told(retrieve, indexed, tmp_path):
    (tmp_path / "first.csv").write_text("path,label,price\nviolet.png,x,3\n")
    (tmp_path / "second.csv").write_text("path,price\nviolet.png,4\n")
    assert "no more" not in retrieve("index", indexed, "--metadata", tmp_path / "first.csv").err
    told = retrieve("index", indexed, "--metadata", tmp_path / "second.csv").err
    assert "second.csv stands in place of what was known before: no more label\n" in told


def test_a_table_of_metadata_that_cannot_be_used_stops_before_anything_is_done(retrieve, photos, tmp_path):
    (tmp_path / "metadata.csv").write_text("picture,label\nviolet.png,glass\n")
    outcome = retrieve("index", photos, "--metadata", tmp_path / "metadata.csv")
    assert (outcome.status, outcome.out) == (1, "")
    assert "has no column path or file that names the picture: it has picture, label" in outcome.err
    assert not (photos / ".retrieve").exists()
