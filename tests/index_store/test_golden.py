"""Indexes that earlier versions wrote: each format version in its folder, by scripts/make_golden_index.py."""

import hashlib
import json
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest

from index_store import FORMAT_VERSION, Index, IndexDamaged, RejectedFile, Row, repair, verify
from index_store.manifest import checksum_of

GOLDEN = Path(__file__).parent / "golden"
SCRIPT = Path(__file__).parents[2] / "scripts" / "make_golden_index.py"
VECTORS = [[0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3], [4, 4, 4]]


WITH_FACTS = RejectedFile("shapes/not-utf8-\udcff.png", "cut short", size=7, mtime_ns=10**18 + 1)
REJECTED = {
    1: RejectedFile("shapes/not-utf8-\udcff.png", "cut short"),
    **dict.fromkeys((2, 3, 4), WITH_FACTS),
}
"""What an index of each format version knows of the file that was rejected."""


@pytest.fixture(params=["v1", "v2", "v3", "v4", "made today"])
def golden(request, tmp_path):
    """The index as it was written, and as it is written now: they must hold the same."""
    if request.param != "made today":
        return shutil.copytree(GOLDEN / request.param, tmp_path / request.param)
    runpy.run_path(str(SCRIPT))["make"](tmp_path / "made")
    return tmp_path / "made"


def test_every_format_version_has_its_golden_index():
    assert sorted(path.name for path in GOLDEN.iterdir()) == [f"v{n + 1}" for n in range(FORMAT_VERSION)]


def version_of(golden):
    return {"v1": 1, "v2": 2, "v3": 3}.get(golden.name, FORMAT_VERSION)


def test_the_manifest(golden):
    manifest = Index.open(golden, check="full").manifest
    assert manifest.format_version == version_of(golden)
    assert (manifest.generation, manifest.dim, manifest.count, manifest.next_id) == (2, 3, 5, 5)
    assert (manifest.metric, manifest.structure, manifest.encoder) == ("l2", "hnsw", "f" * 64)
    assert manifest.settings == {"side": 64}
    assert {name: file.path for name, file in manifest.files.items()} == {
        "vectors.f32": "vectors.generation-1.f32",
        "ids.i64": "ids.generation-1.i64",
        "catalog.sqlite": f"catalog.generation-{2 if manifest.format_version < 3 else 1}.sqlite",
        "encoder.tflite": "encoder.generation-1.tflite",
        "encoder.json": "encoder.generation-2.json",
        # Few vectors need no structure; it was always saved up to format 2.
        **(
            {"copies.f32": "copies.generation-1.f32"}
            if manifest.format_version >= 3
            else {"search.faiss": "search.generation-2.faiss"}
        ),
    }


def test_vectors_and_ids(golden):
    index = Index.open(golden)
    assert index.vectors().tolist() == VECTORS
    assert index.ids.tolist() == [0, 1, 2, 3, 4]
    assert (golden / "vectors.generation-1.f32").read_bytes() == np.array(VECTORS, dtype="<f4").tobytes()


def metadata_of(golden, name):
    return {"label": "d", "price": 1.5} if version_of(golden) >= 3 and name == "d" else {}


def test_rows(golden):
    catalog = Index.open(golden).catalog
    assert list(catalog.rows()) == [
        Row(f"shapes/{name}.png", 100, 10**18, name * 64, 8, 6, id=number, metadata=metadata_of(golden, name))
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


def test_copies_and_metadata(golden):
    index = Index.open(golden)
    if version_of(golden) < 3:
        assert (index.copy_dim, index.copies().shape) == (0, (5, 0))
    else:
        assert index.copies([4]).tolist() == [[4, 5]]
        assert index.search_copies([[1, 2]], k=1).ids.tolist() == [[1]]
    metadata = {3: {"label": "d", "price": 1.5}} if version_of(golden) >= 3 else {}
    assert {row.id: row.metadata for row in index.catalog.rows() if row.metadata} == metadata
    assert index.catalog.by_content(["b" * 64])["b" * 64][0].id == 1
    assert index.catalog.find("shapes/c.png").id == 2


def test_it_is_sound(golden):
    report = verify(golden)
    found = {fault.file for fault in report.faults}
    # What the first structures were was not checked by themselves.
    assert found <= {"search.generation-2.faiss"}


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
        copies = [[0, 0]] if index.copy_dim else None
        assert index.add([[9, 9, 9]], copies=copies).tolist() == [5]
        index.save()
    assert Index.open(golden, check="full").vectors().tolist() == [*VECTORS, [9, 9, 9]]


def with_other_encoder(directory, content):
    """Let an index of format 1 or 2 have another attachment; returns where it is."""
    data = json.loads((directory / "manifest.json").read_text())
    file = data["files"]["encoder.tflite"]
    (directory / file["path"]).write_bytes(content)
    file |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (directory / "manifest.json").write_text(json.dumps({**data, "checksum": checksum_of(data)}))
    return directory / file["path"]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_large_file_gets_the_checksums_of_the_current_format(tmp_path, version):
    directory = shutil.copytree(GOLDEN / version, tmp_path / version)
    content = bytes(5 << 20)
    with_other_encoder(directory, content)
    with Index.open(directory, check="full", writable=True) as index:
        index.set_settings({})
        index.save()
    index = Index.open(directory, check="full")
    assert index.attachment("encoder.tflite").read_bytes() == content
    assert len(index.manifest.files["encoder.tflite"].sums) == 2


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("size", [100, 5 << 20])
@pytest.mark.parametrize("wreck", ["altered", "longer", "missing", "sound"])
def test_repair_does_not_take_a_damaged_attachment_for_sound(tmp_path, version, size, wreck):
    directory = shutil.copytree(GOLDEN / version, tmp_path / version)
    path = with_other_encoder(directory, bytes(size))
    (directory / "vectors.generation-1.f32").write_bytes(bytes(60))
    if wreck == "missing":
        path.unlink()
    elif wreck != "sound":
        path.write_bytes(bytes(size - 1) + (b"x" if wreck == "altered" else b"01"))
    done = repair(directory)
    assert "vectors.generation-1.f32" in {fault.file for fault in done.repaired}
    assert {fault.file for fault in done.left} == (set() if wreck == "sound" else {path.name})
    if wreck == "sound":
        assert Index.open(directory, check="full").attachment("encoder.tflite").read_bytes() == bytes(size)
    else:
        assert verify(directory).faults == done.left
        with pytest.raises(IndexDamaged, match=path.name):
            Index.open(directory, check="full")


def test_the_script_writes_nothing_unless_asked(monkeypatch, capsys):
    before = {path: path.read_bytes() for path in GOLDEN.rglob("*") if path.is_file()}
    monkeypatch.setattr("sys.argv", [str(SCRIPT)])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    assert {path: path.read_bytes() for path in GOLDEN.rglob("*") if path.is_file()} == before
    told = capsys.readouterr().out
    assert "vectors.generation-1.f32" in told
    assert told.endswith("nothing written: --write writes\n")
