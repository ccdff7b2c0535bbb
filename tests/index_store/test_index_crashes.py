"""Writers that are killed or interrupted at any point: the directory holds the old index or the new one."""

import gc
import os
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import index_store
from index_store import LOCK_FILES, Index, verify

SCRIPT = Path(__file__).parents[2] / "scripts" / "kill_writer.py"
PACKAGE = Path(index_store.__file__).parent
OLD = [[1, 0], [0, 1], [-1, 0], [0, -1]]
NEW = [*OLD, [9, 9]]

WRITER = """
import os, signal, sys
from pathlib import Path
from index_store import Index, Row, draft, index
from index_store.arrays import ArrayFile
from index_store.catalog_draft import CatalogDraft

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

directory, point = Path(sys.argv[1]), sys.argv[2]
writer = Index.open(directory, writable=True)
writer.add([[9, 9]], [Row("z.png", 1, 2, "3" * 64, 4, 5)])
writer.attach("encoder.tflite", b"another")
if point == "after add":
    die()
if point == "while files are synced":
    ArrayFile.sync = die
if point == "before the catalog is committed":
    CatalogDraft.commit = die
if point == "after the catalog was committed":
    CatalogDraft.describe = die
if point == "before the manifest is staged":
    draft.stage_manifest = die
if point == "before the swap":
    index.swap = die
if point == "after the swap":
    index.remove_strays = die
writer.save()
"""

# Each run takes some 50 ms and there are about 5,000 lines; 1 tries them all.
STEP = 97

POINTS = {
    "after add": OLD,
    "while files are synced": OLD,
    "before the catalog is committed": OLD,
    "after the catalog was committed": OLD,
    "before the manifest is staged": OLD,
    "before the swap": OLD,
    "after the swap": NEW,
}


def change(directory, make_row):
    with Index.open(directory, writable=True) as writer:
        writer.add(NEW[4:], [make_row("z.png")])
        writer.attach("encoder.tflite", b"another")
        writer.save()


def rebuild(directory, make_row):
    with Index.create(directory, 2, metric="l2") as writer:
        writer.add(NEW, [make_row(f"{name}.png") for name in "abcdz"])
        writer.attach("encoder.tflite", b"another")
        writer.save()


def assert_whole(directory):
    """Either all of the old index or all of the new one; returns its vectors."""
    index = Index.open(directory, check="full")
    vectors = index.vectors().tolist()
    assert vectors in (OLD, NEW)
    rows = "abcd" if vectors == OLD else "abcdz"
    assert [row.path for row in index.catalog.rows()] == [f"{name}.png" for name in rows]
    assert verify(directory).faults == ()
    encoder = b"an encoder" if vectors == OLD else b"another"
    assert index.attachment("encoder.tflite").read_bytes() == encoder
    return vectors


def assert_tidy(directory, lock=("lock",)):
    """Nothing there but what the manifest names, the files of the lock, and the file of somebody else."""
    named = {stored.path for stored in Index.open(directory).manifest.files.values()}
    # SQLite keeps the journal of a killed writer, if it is empty, until the next one needs it.
    journals = {f"{name}-journal" for name in named}
    assert {path.name for path in directory.iterdir()} - journals == named | {
        "manifest.json",
        *lock,
        "frame.000001.png",
    }


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that cannot be caught")
@pytest.mark.parametrize("point", POINTS)
def test_a_killed_writer_leaves_one_whole_index(saved, make_row, point):
    (saved / "frame.000001.png").touch()
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    killed = subprocess.run([sys.executable, "-c", WRITER, saved, point], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert assert_whole(saved) == POINTS[point]
    with Index.open(saved, writable=True):
        assert_tidy(saved, LOCK_FILES)
    assert_tidy(saved)
    rebuild(saved, make_row)
    assert assert_whole(saved) == NEW
    assert_tidy(saved)


class Interrupter:
    """Raises KeyboardInterrupt at the n-th line of the package that is executed, as Ctrl-C may."""

    def __init__(self, at=None):
        self.at, self.lines = at, 0

    def __enter__(self):
        sys.settrace(self.trace)
        return self

    def __exit__(self, *_):
        sys.settrace(None)

    def trace(self, frame, event, _):
        if not frame.f_code.co_filename.startswith(str(PACKAGE)):
            return None
        if event == "line":
            self.lines += 1
            if self.lines == self.at:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self.trace


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("act", [change, rebuild])
def test_an_interrupted_writer_leaves_one_whole_index(saved, tmp_path, make_row, act):
    (saved / "frame.000001.png").touch()
    (saved / "lock").touch()
    seen = []
    # What other tests left in memory is nothing to go through again at each line.
    gc.freeze()

    def run(at):
        copy = tmp_path / f"at-{at}"
        shutil.copytree(saved, copy)
        with Interrupter(at) as interrupter:
            try:
                act(copy, make_row)
            except KeyboardInterrupt:
                assert at is not None
        gc.collect()
        seen.append(assert_whole(copy))
        Index.open(copy, writable=True).close()
        assert_tidy(copy)
        shutil.rmtree(copy)
        return interrupter.lines

    lines = run(None)
    assert seen == [NEW]
    for at in range(1, lines, STEP):
        run(at)
    assert OLD in seen
    # Never the old one again once the new one was there.
    assert seen[1:] == sorted(seen[1:], key=len)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs to fork")
def test_writers_killed_at_random_instants_lose_nothing(monkeypatch):
    script = runpy.run_path(str(SCRIPT))
    place = script["QUICK"] if script["QUICK"].is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as temporary:
        # Killed within 80 ms: half of the writers are in their first save then.
        counts = script["kill_writers"](Path(temporary) / "index", 200, seed=3, longest=0.08)
    assert counts["kills"] == 200
    assert counts["saves"] > 20
