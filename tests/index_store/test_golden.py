"""Indexes that earlier versions wrote: each format version in its folder, by scripts/make_golden_index.py."""

import json
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest

from index_store import FORMAT_VERSION, Index, RejectedFile, Row

GOLDEN = Path(__file__).parent / "golden"
SCRIPT = Path(__file__).parents[2] / "scripts" / "make_golden_index.py"
VECTORS = [[0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3], [4, 4, 4]]


REJECTED = {
    1: RejectedFile("shapes/not-utf8-\udcff.png", "cut short"),
    2: RejectedFile("shapes/not-utf8-\udcff.png", "cut short", size=7, mtime_ns=10**18 + 1),
}
"""What an index of each format version knows of the file that was rejected."""


@pytest.fixture(params=["v1", "v2", "made today"])
def golden(request, tmp_path):
    """The index as it was written, and as it is written now: they must hold the same."""
    if request.param != "made today":
        return shutil.copytree(GOLDEN / request.param, tmp_path / request.param)
    runpy.run_path(str(SCRIPT))["make"](tmp_path / "made")
    return tmp_path / "made"


def test_every_format_version_has_its_golden_index():
    assert sorted(path.name for path in GOLDEN.iterdir()) == [f"v{n + 1}" for n in range(FORMAT_VERSION)]


def version_of(golden):
    return {"v1": 1}.get(golden.name, FORMAT_VERSION)


def test_the_manifest(golden):
    manifest = Index.open(golden, check="full").manifest
    assert manifest.format_version == version_of(golden)
    assert (manifest.generation, manifest.dim, manifest.count, manifest.next_id) == (2, 3, 5, 5)
    assert (manifest.metric, manifest.structure, manifest.encoder) == ("l2", "hnsw", "f" * 64)
    assert manifest.settings == {"side": 64}
    assert {name: file.path for name, file in manifest.files.items()} == {
        "vectors.f32": "vectors.generation-1.f32",
        "ids.i64": "ids.generation-1.i64",
        "catalog.sqlite": "catalog.generation-2.sqlite",
        "search.faiss": "search.generation-2.faiss",
        "encoder.tflite": "encoder.generation-1.tflite",
        "encoder.json": "encoder.generation-2.json",
    }


def test_vectors_and_ids(golden):
    index = Index.open(golden)
    assert index.vectors().tolist() == VECTORS
    assert index.ids.tolist() == [0, 1, 2, 3, 4]
    assert (golden / "vectors.generation-1.f32").read_bytes() == np.array(VECTORS, dtype="<f4").tobytes()


def test_rows(golden):
    catalog = Index.open(golden).catalog
    assert list(catalog.rows()) == [
        Row(f"shapes/{name}.png", 100, 10**18, name * 64, 8, 6, id=number)
        for number, name in enumerate("abcde")
    ]
    rejected = REJECTED[version_of(golden)]
    assert list(catalog.rejected()) == [rejected]
    assert catalog.find_rejected(rejected.path) == rejected
    assert catalog.find_rejected("shapes/a.png") is None


def test_attachments(golden):
    index = Index.open(golden)
    assert index.attachment("encoder.tflite").read_bytes() == b"first encoder"
    assert index.attachment("encoder.json").read_bytes() == b'{"kind": "first"}'


def test_search(golden):
    neighbors = Index.open(golden).search([[0, 0, 0]], k=4)
    assert neighbors.ids.tolist() == [[0, 1, 2, 3]]
    assert neighbors.distances.tolist() == [[0, 1, 2, 3]]


def test_it_goes_on_in_the_current_format(golden):
    old, torn = REJECTED[version_of(golden)], RejectedFile("shapes/torn.png", "empty", size=5, mtime_ns=6)
    rows = list(Index.open(golden).catalog.rows())
    with Index.open(golden, writable=True) as index:
        index.reject(torn)
        assert index.manifest.format_version == FORMAT_VERSION
        index.save()
    index = Index.open(golden, check="full")
    assert (index.manifest.format_version, index.manifest.generation) == (FORMAT_VERSION, 3)
    assert json.loads((golden / "manifest.json").read_text())["format_version"] == FORMAT_VERSION
    assert set(index.catalog.rejected()) == {old, torn}
    assert index.catalog.num_rejected() == 2
    assert list(index.catalog.rows()) == rows
    assert index.vectors().tolist() == VECTORS


def test_without_changes_it_keeps_its_format(golden):
    with Index.open(golden, writable=True) as index:
        index.save()
    assert Index.open(golden).manifest.format_version == version_of(golden)


def test_it_can_be_added_to(golden):
    with Index.open(golden, writable=True) as index:
        assert index.add([[9, 9, 9]]).tolist() == [5]
        index.save()
    assert Index.open(golden, check="full").vectors().tolist() == [*VECTORS, [9, 9, 9]]


def test_the_script_writes_nothing_unless_asked(monkeypatch, capsys):
    before = {path: path.read_bytes() for path in GOLDEN.rglob("*") if path.is_file()}
    monkeypatch.setattr("sys.argv", [str(SCRIPT)])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    assert {path: path.read_bytes() for path in GOLDEN.rglob("*") if path.is_file()} == before
    told = capsys.readouterr().out
    assert "vectors.generation-1.f32" in told
    assert told.endswith("nothing written: --write writes\n")
