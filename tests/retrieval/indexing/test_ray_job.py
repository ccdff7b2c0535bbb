"""Embedding on a Ray cluster of this machine: it gives what embedding here gives."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest

from index_store import Index, IndexNotFound, OptionInvalid
from retrieval import BuildSettings, Retriever
from retrieval.errors import NoPictures, RetrievalError
from retrieval.images import ImageFile
from retrieval.index_paths import Folders
from retrieval.indexing import ray_job

# Ray warns of its own ways.
pytestmark = pytest.mark.filterwarnings("ignore")

needs_ray = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("ray", "pyarrow", "fsspec", "upath")),
    reason="Ray Data is not installed: pip install '.[ray]'",
)

KILLED = """
import sys
from retrieval.indexing import ray_job, update
ray_job._LEAST = ray_job._MOST = 4
update.COMMIT_PICTURES, update._BATCH = 20, 4
update.COMMIT_SECONDS = 3_600  # a slow machine would save after fewer pictures
from retrieval.cli import main
main()
"""


def on_ray():
    """Not made when this file is loaded: without Ray the settings are refused."""
    return BuildSettings(ray="local")


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two processors, which all tests of this file share, for it takes seconds to start."""
    import ray

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray.init(
            address="local",
            num_cpus=2,
            object_store_memory=80 * 2**20,
            include_dashboard=False,
            log_to_driver=False,
        )
    yield
    ray.shutdown()


def held(index):
    """All that an index holds, in the order of ids."""
    return list(index.catalog.rows()), list(index.catalog.rejected()), index.vectors(), index.copies()


def assert_same(index, expected):
    rows, rejected, vectors, copies = held(index)
    expected_rows, expected_rejected, expected_vectors, expected_copies = held(expected)
    assert (rows, rejected) == (expected_rows, expected_rejected)
    np.testing.assert_array_equal(vectors, expected_vectors)
    np.testing.assert_array_equal(copies, expected_copies)


def colored(paint, folder, count):
    for number in range(count):
        paint(folder / f"{number:03d}.png", (number * 7 % 256, number * 31 % 256, 255 - number))
    return folder


@needs_ray
def test_an_index_made_on_ray_is_that_made_here(cluster, photos, model_with_copies, tmp_path):
    here = Retriever.build(photos, index=tmp_path / "here", encoder=model_with_copies).index
    there = Retriever.build(
        photos, index=tmp_path / "ray", encoder=model_with_copies, settings=on_ray()
    ).index
    assert len(here) == 5
    assert here.catalog.num_rejected() == 2
    assert_same(there, here)


@needs_ray
def test_many_tasks_end_in_any_order_and_rows_keep_theirs(cluster, paint, model, tmp_path, monkeypatch):
    folder = colored(paint, tmp_path / "photos", 100)
    monkeypatch.setattr(ray_job, "_LEAST", 3)
    here = Retriever.build(folder, index=tmp_path / "here", encoder=model).index
    there = Retriever.build(folder, index=tmp_path / "ray", encoder=model, settings=on_ray()).index
    assert_same(there, here)


@needs_ray
def test_the_workers_read_a_folder_at_a_url(cluster, photos, model, tmp_path):
    here = Retriever.build(photos, index=tmp_path / "here", encoder=model).index
    there = Retriever.build(photos.as_uri(), index=tmp_path / "ray", encoder=model, settings=on_ray())
    rows, rejected, vectors, _ = held(here)
    assert [replace(row, mtime_ns=0) for row in there.index.catalog.rows()] == [
        replace(row, mtime_ns=0) for row in rows
    ]
    assert [replace(one, mtime_ns=0) for one in there.index.catalog.rejected()] == [
        replace(one, mtime_ns=0) for one in rejected
    ]
    np.testing.assert_array_equal(there.index.vectors(), vectors)


@needs_ray
def test_a_folder_that_nothing_is_read_from_may_be_away(cluster, photos, model, tmp_path):
    folders = Folders({"": tmp_path / "away", "here": photos})
    [embedded] = ray_job.embed_on_ray("local", folders, [ImageFile("here//violet.png", 1, 1)], model.encoder)
    assert embedded.row.path == "here//violet.png"


@needs_ray
def test_a_worker_that_does_not_see_the_folder_ends_the_job(cluster, model, tmp_path):
    files = [ImageFile("a.jpg", 1, 1)]
    with pytest.raises(NoPictures, match=r"gone: .*, a machine of the Ray cluster, has no such folder"):
        list(ray_job.embed_on_ray("local", Folders.of(tmp_path / "gone"), files, model.encoder))


class Failing(ray_job._Worker):
    def check_folders(self, _):
        raise ZeroDivisionError("too much\nfor it")


@needs_ray
def test_a_job_that_fails_says_so_in_one_sentence(cluster, photos, model, monkeypatch):
    from ray import cloudpickle

    # Workers cannot import this file.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    monkeypatch.setattr(ray_job, "_Worker", Failing)
    files, reason = [ImageFile("violet.png", 1, 1)], "ZeroDivisionError: too much for it"
    with pytest.raises(RetrievalError, match=rf"^the job on .* ended early: {reason}; .* go on$"):
        list(ray_job.embed_on_ray("local", Folders.of(photos), files, model.encoder))


@needs_ray
@pytest.mark.slow
def test_killed_half_way_the_next_run_embeds_the_rest_only(paint, model_folder, tmp_path):
    count = 200
    folder = tmp_path / "photos"
    for number in range(count):
        paint(folder / f"{number:03d}.png", (number, 255 - number, 128), size=(1200, 1200))
    arguments = ["index", folder, "--encoder", model_folder, "--ray", "local", "--threads", "2", "--json"]
    command = [sys.executable, "-c", KILLED, *map(str, arguments)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **quiet) as process:
        while not (committed := rows_in(folder / ".retrieve")) and process.poll() is None:
            time.sleep(0.01)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    committed = rows_in(folder / ".retrieve")
    assert 20 <= len(committed) < count

    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout)["changes"]["new"] == count - len(committed)
    assert rows_in(folder / ".retrieve")[: len(committed)] == committed
    here = Retriever.build(folder, index=tmp_path / "here", encoder=model_folder).index
    assert_same(Index.open(folder / ".retrieve"), here)


def rows_in(directory):
    with contextlib.suppress(IndexNotFound), Index.open(directory) as index:
        return list(index.catalog.rows())
    return []


@needs_ray
def test_no_cluster_at_an_address_is_told_in_one_sentence(photos, model_folder):
    command = [sys.executable, "-m", "retrieval", "index", photos, "--encoder", model_folder]
    run = subprocess.run([*command, "--ray", "127.0.0.1:9"], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith("retrieve: no Ray cluster at 127.0.0.1:9: ")


@pytest.mark.parametrize("address", ["", "auto", "head", "ray://head:10001"])
def test_what_cannot_be_an_address_is_refused(address):
    with pytest.raises(OptionInvalid, match=r"^ray is '.*', expected local, or host:port of a cluster that"):
        BuildSettings(ray=address)


def test_without_ray_the_way_out_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(OptionInvalid, match=r"^Ray Data is not installed: pip install 'retrieve\[ray\]'$"):
        BuildSettings(ray="local")
