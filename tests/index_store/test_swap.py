import errno
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

import index_store
from index_store import (
    LOCK_FILES,
    FormatUnsupported,
    Index,
    IndexBusy,
    IndexDamaged,
    IndexUnwritable,
    OptionInvalid,
    writer_lock,
)
from index_store.manifest import Manifest
from index_store.swap import following, remove_strays, stage_manifest, swap


def names(directory):
    return {path.name for path in directory.iterdir()}


class TestWriterLock:
    def test_one_writer_at_a_time(self, tmp_path):
        with writer_lock(tmp_path):
            told = f"index {tmp_path} is being written by this process: close the other Index first"
            with pytest.raises(IndexBusy, match=told):
                writer_lock(tmp_path)
        writer_lock(tmp_path).release()

    def test_another_process_is_named_with_its_host(self, tmp_path):
        code = (
            "import sys, index_store\n"
            "with index_store.writer_lock(sys.argv[1]):\n    print('held', flush=True)\n    input()"
        )
        environment = {**os.environ, "PYTHONPATH": str(Path(index_store.__file__).parents[1])}
        with subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as other:
            assert other.stdout.readline().strip() == b"held"
            with pytest.raises(IndexBusy) as caught:
                Index.create(tmp_path, 2)
            other.communicate(b"\n")
        assert str(caught.value) == (
            f"index {tmp_path} is being written by process {other.pid} on {platform.node()}: "
            "wait until that is done, or stop it"
        )
        writer_lock(tmp_path).release()

    @pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"process": 1'])
    def test_a_holder_that_is_not_known_is_not_named(self, tmp_path, content):
        with writer_lock(tmp_path):
            (tmp_path / "lock.json").unlink()
            if content is not None:
                (tmp_path / "lock.json").write_text(content)
            with pytest.raises(IndexBusy, match="by another process: wait until that is done, or stop it"):
                writer_lock(tmp_path)

    def test_a_lock_that_cannot_be_made_is_told(self, tmp_path):
        (tmp_path / "photo.jpg").touch()
        with pytest.raises(IndexUnwritable, match=r"cannot write index .*photo\.jpg: a file is in the way"):
            writer_lock(tmp_path / "photo.jpg")

    def test_its_files_are_there_while_it_is_held_and_a_directory_made_for_it_goes(self, tmp_path):
        with writer_lock(tmp_path / "a" / "b"):
            assert names(tmp_path / "a" / "b") == set(LOCK_FILES)
        assert names(tmp_path / "a") == set()
        with writer_lock(tmp_path / "a"):
            assert names(tmp_path / "a") == set(LOCK_FILES)
        assert names(tmp_path / "a") <= {"lock"}

    def test_nothing_is_left_where_the_disk_refuses_the_name_of_the_holder(self, tmp_path, monkeypatch):
        def refuse(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_text", refuse)
            with pytest.raises(IndexUnwritable, match="No space left on device"):
                writer_lock(tmp_path / "index")
        assert names(tmp_path) == set()

    def test_an_index_that_is_not_saved_leaves_nothing(self, tmp_path):
        with Index.create(tmp_path / "index", 2) as index:
            index.add([[1, 2]])
        assert names(tmp_path) == set()

    def test_several_indexes_one_after_another_are_written_with_one_lock(self, saved):
        with writer_lock(saved) as lock:
            with Index.create(saved, 2, metric="l2", lock=lock) as index:
                index.add([[5, 5]])
                index.save()
            with pytest.raises(IndexBusy):
                Index.open(saved, writable=True)
            with Index.open(saved, writable=True, lock=lock) as index:
                index.add([[6, 6]])
                index.save()
            assert set(LOCK_FILES) <= names(saved)
        assert Index.open(saved, check="full").vectors().tolist() == [[5, 5], [6, 6]]
        Index.open(saved, writable=True).close()

    def test_one_index_at_a_time_uses_it(self, saved):
        with writer_lock(saved) as lock:
            first = Index.open(saved, writable=True, lock=lock)
            with pytest.raises(IndexBusy, match="is being written with this lock: close that Index first"):
                Index.create(saved, 2, lock=lock)
            first.close()
            Index.create(saved, 2, lock=lock).close()

    def test_it_is_free_again_when_opening_failed(self, saved):
        (saved / "encoder.generation-1.tflite").write_bytes(b"altered!!!")
        with writer_lock(saved) as lock:
            for _ in range(2):
                with pytest.raises(IndexDamaged):
                    Index.open(saved, writable=True, lock=lock)

    def test_an_index_that_outlasts_the_block_keeps_it(self, saved):
        with writer_lock(saved) as lock:
            index = Index.open(saved, writable=True, lock=lock)
        with pytest.raises(IndexBusy):
            writer_lock(saved)
        index.close()
        writer_lock(saved).release()

    def test_the_lock_of_another_directory_or_one_released_is_refused(self, saved, tmp_path):
        with (
            writer_lock(tmp_path / "other") as lock,
            pytest.raises(OptionInvalid, match=f"lock is of .*other, expected the lock of index {saved}"),
        ):
            Index.open(saved, writable=True, lock=lock)
        lock = writer_lock(saved)
        lock.release()
        lock.release()
        with pytest.raises(OptionInvalid, match="was released: take it again with writer_lock"):
            Index.create(saved, 2, lock=lock)

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
    def test_a_directory_without_permission_suggests_another_place(self, tmp_path):
        tmp_path.chmod(0o500)
        with pytest.raises(IndexUnwritable, match="put the index elsewhere with --index DIR"):
            writer_lock(tmp_path / "index")


class TestNewerFormat:
    """What a later version wrote is neither read nor replaced."""

    @pytest.fixture(params=["whole", "manifest only"])
    def newer(self, request, saved, tmp_path):
        """An index of a newer format, and a directory that holds nothing of one but the manifest."""
        newer = saved if request.param == "whole" else tmp_path / "only"
        newer.mkdir(exist_ok=True)
        data = json.loads((saved / "manifest.json").read_text())
        (newer / "manifest.json").write_text(json.dumps({**data, "format_version": 7}))
        return newer

    @pytest.mark.parametrize("begin", [lambda path: Index.create(path, 2), writer_lock])
    def test_it_is_not_replaced(self, newer, begin):
        before = {path.name: path.read_bytes() for path in newer.iterdir()}
        with pytest.raises(FormatUnsupported) as caught:
            begin(newer)
        assert str(caught.value) == (
            f"index {newer} has format 7, this version of retrieve reads 1 to 4: upgrade retrieve, "
            f"or name another directory, or remove {newer} first"
        )
        assert {path.name: path.read_bytes() for path in newer.iterdir()} == before


def test_strays_go_and_everything_else_stays(saved):
    kept = names(saved)
    for name in ("vectors.generation-9.f32", "encoder.generation-2.tflite-part", "manifest.json-part"):
        (saved / name).touch()
    (saved / "holiday.000001.png").touch()
    (saved / "notes.generation-1.d").mkdir()
    (saved / "catalog.generation-9.sqlite-journal").touch()
    (saved / "catalog.generation-1.sqlite-journal").touch()
    remove_strays(saved)
    # By the journal of the catalog in force what a killed writer left half-written is undone.
    journal = "catalog.generation-1.sqlite-journal"
    assert names(saved) == kept | {"holiday.000001.png", "notes.generation-1.d", journal}


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
