from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from index_store import Index, IndexNotFound, Row
from retrieval import BuildSettings, Retriever
from retrieval.index_paths import existing_index, folder_of, folder_reference, index_directory, nearest_index


@pytest.fixture
def make_index():
    """An index in `directory` of one picture in `folder`."""

    def make(directory, folder, picture="a.png"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / picture).touch()
        with Index.create(directory, 2, settings={"folder": folder_reference(folder, directory)}) as index:
            index.add([[1, 0]], [Row(picture, size=0, mtime_ns=0, sha256="", width=1, height=1)])
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


def test_the_facts_are_those_of_the_index(model, photos):
    facts = Retriever.build(photos, encoder=model).facts()
    assert (facts.folder, facts.directory) == (photos, photos / ".retrieve")
    assert (facts.pictures, facts.rejected) == (5, 2)
    assert (facts.encoder, facts.size, facts.dim) == ("quarters", 16, 12)
    assert (facts.metric, facts.structure, facts.fingerprint) == ("cosine", "flat", model.encoder.fingerprint)
    assert facts.bytes_per_picture == 48
    on_disk = {path for path in facts.directory.iterdir() if path.name not in {"lock", "manifest.json"}}
    assert facts.bytes_on_disk == sum(path.stat().st_size for path in on_disk)
    assert (facts.format_version, facts.generation, facts.fitted) == (2, 1, None)


def test_what_the_encoder_was_fitted_to_is_told(stand_in_solve, photos):
    fitted = Retriever.build(photos, settings=BuildSettings(dim=12)).facts().fitted
    assert (fitted["pictures"], fitted["drawn"]) == (5, 61)


def test_the_facts_can_be_written_as_json(model, photos):
    facts = Retriever.build(photos, encoder=model).facts()
    read = json.loads(json.dumps(facts.to_json()))
    assert read["folder"] == str(photos)
    assert read["pictures"] == 5
    assert read["built"].endswith("+00:00")
