import json

import pytest

from index_store import Index, IndexBusy, IndexUnwritable
from index_store.manifest import Manifest
from index_store.swap import following, lock_for_writing, remove_strays, stage_manifest, swap


def names(directory):
    return {path.name for path in directory.iterdir()}


def test_one_writer_at_a_time(tmp_path):
    first = lock_for_writing(tmp_path)
    with pytest.raises(IndexBusy, match=f"index {tmp_path} is being written by somebody else"):
        lock_for_writing(tmp_path)
    first.release()
    lock_for_writing(tmp_path).release()


def test_a_lock_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(IndexUnwritable, match=r"cannot write index .*photo\.jpg: a file is in the way"):
        lock_for_writing(tmp_path / "photo.jpg")


def test_strays_go_and_everything_else_stays(saved):
    kept = names(saved)
    for name in ("vectors.generation-9.f32", "encoder.generation-2.tflite-part", "manifest.json-part"):
        (saved / name).touch()
    (saved / "holiday.000001.png").touch()
    (saved / "notes.generation-1.d").mkdir()
    remove_strays(saved)
    assert names(saved) == kept | {"holiday.000001.png", "notes.generation-1.d"}


@pytest.mark.parametrize("content", ["not JSON", '{"format_version": 7}'])
def test_nothing_is_removed_beside_a_manifest_that_cannot_be_read(saved, content):
    (saved / "manifest.json").write_text(content)
    kept = names(saved)
    remove_strays(saved)
    assert names(saved) == kept


def test_a_directory_that_is_gone_has_no_strays(tmp_path):
    remove_strays(tmp_path / "gone")


def test_a_staged_manifest_is_in_force_after_the_swap(saved):
    manifest = Manifest.read(saved)
    changed = Manifest.parse(manifest.to_json().encode(), saved)
    changed.settings["side"] = 32
    stage_manifest(saved, changed)
    assert Manifest.read(saved) == manifest
    swap(saved)
    assert Manifest.read(saved) == changed


def test_a_new_index_is_numbered_behind_the_one_in_force(saved):
    manifest = Manifest.read(saved)
    assert (manifest.generation, manifest.next_id) == (1, 4)
    assert (following(saved, manifest).generation, following(saved, manifest).next_id) == (2, 4)
    (saved / "vectors.generation-6.f32").touch()
    assert following(saved, manifest).generation == 7


def test_a_new_index_is_numbered_behind_the_files_of_a_damaged_one(saved):
    manifest = Manifest.read(saved)
    (saved / "manifest.json").write_text("not JSON")
    assert following(saved, manifest).generation == 2


def test_the_manifest_of_others_does_not_give_way(tmp_path):
    page = json.dumps({"name": "web page", "icons": []})
    (tmp_path / "manifest.json").write_text(page)
    with pytest.raises(IndexUnwritable, match=r"has a manifest\.json but no index: name another directory"):
        Index.create(tmp_path, 2)
    assert (tmp_path / "manifest.json").read_text() == page
