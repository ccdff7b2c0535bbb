"""A disk without room, by the limit that the system sets to the size of files."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import index_store
from index_store import Index, verify

resource = pytest.importorskip("resource", reason="needs limits to the size of files")

WRITER = """
import json, resource, sys
import numpy as np
from pathlib import Path
from index_store import Index, IndexUnwritable, RejectedFile, Row

directory, act = Path(sys.argv[1]), sys.argv[2]

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def rows(numbers):
    return [Row(f"{number:0200}.png", 1, 2, "3" * 64, 4, 5) for number in numbers]

def run():
    if act == "vectors":
        writer.add(np.ones((10_000, 2)))
    if act == "rows":
        writer.add(np.ones((400, 2)), rows(range(400)))
    if act == "rejected":
        writer.reject(RejectedFile("z.png", "x" * 60_000))
    if act == "attachment":
        writer.attach("encoder.tflite", b"x" * 60_000)
    if act == "structure":
        writer.add(np.random.default_rng(0).normal(size=(2000, 2)))

with Index.open(directory, writable=True) as writer:
    writer.add([[8, 8]], rows([1000]))
    limit(40_000)
    done = False
    for attempt in range(2):
        try:
            if not done:
                run()
            done = True
            writer.save()
            raise SystemExit("the disk was not full")
        except IndexUnwritable as error:
            told = str(error)
    in_force = Index.open(directory, check="full")
    counts = len(in_force), in_force.catalog.num_rows()
    limit(resource.RLIM_INFINITY)
    if not done:
        run()
    writer.save()
print(json.dumps([told, counts]))
"""


@pytest.mark.parametrize("act", ["vectors", "rows", "rejected", "attachment", "structure"])
def test_a_full_disk_is_told_and_with_room_the_writer_goes_on(saved, act):
    if act == "structure":
        with Index.create(saved, 2, metric="l2", structure="hnsw") as rebuilt:
            rebuilt.add([[1, 0], [0, 1], [-1, 0], [0, -1]], list(Index.open(saved).catalog.rows()))
            rebuilt.save()
    environment = {**os.environ, "PYTHONPATH": str(Path(index_store.__file__).parent.parent)}
    writer = subprocess.run(
        [sys.executable, "-W", "error", "-c", WRITER, saved, act],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert writer.stderr == ""
    told, counts = json.loads(writer.stdout)
    assert told.startswith(f"cannot write index {saved}: ")
    assert re.search(r"(free some room on|check) the disk( and the room on it,)? and do it again$", told)
    assert counts == [4, 4]
    index = Index.open(saved, check="full")
    assert len(index) == {"vectors": 10_005, "rows": 405, "structure": 2005}.get(act, 5)
    assert index.search([[8, 8]], k=1).distances.tolist() == [[0]]
    assert verify(saved).faults == ()
    assert len(list(index.catalog.rows())) == (405 if act == "rows" else 5)
    assert index.catalog.num_rejected() == {"rejected": 2, "structure": 0}.get(act, 1)


def test_after_a_commit_that_failed_all_that_was_changed_still_counts(saved, make_row, monkeypatch):
    with Index.open(saved, writable=True) as index:
        index.remove([0, 1])
        (new,) = index.add([[3, 3]], [make_row("new.png", 9)])
        with monkeypatch.context() as patched:
            patched.setattr(type(index.catalog), "commit", _rolling_back)
            with pytest.raises(index_store.IndexUnwritable, match="full"):
                index.save()
        assert index.ids.tolist() == [2, 3, new]
        assert index.catalog.find("new.png").id == new
        assert index.catalog.find("a.png") is None
        assert 0 not in index.search([[1, 0]], 5).ids
        with pytest.raises(index_store.IdsUnknown):
            index.remove([0])
        index.save()
    assert not verify(saved).faults
    assert Index.open(saved).ids.tolist() == [2, 3, new]


def _rolling_back(draft):
    # What SQLite does when the disk is full.
    draft._connection.execute("ROLLBACK")
    raise sqlite3.OperationalError("database or disk is full")
