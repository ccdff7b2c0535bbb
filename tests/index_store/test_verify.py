import shutil

import numpy as np
import pytest

from index_store import Index, IndexBusy, IndexNotFound, repair, verify, writer_lock

NUMBERS = np.random.default_rng(0).normal(size=(500, 4400)).astype(np.float32)
# 238 vectors of 4,400 numbers fill a block of 4 MiB, and part of the next. A graph of few is built soon.


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """500 vectors in two blocks and two pieces, with rows, copies and a search structure."""
    from .conftest import row

    directory = tmp_path_factory.mktemp("verify") / "index"
    with Index.create(directory, 4400, metric="l2", structure="hnsw", copy_dim=2) as index:
        index.add(NUMBERS, [row(f"{number}.png", number) for number in range(500)], copies=NUMBERS[:, :2])
        index.attach("encoder.tflite", b"an encoder")
        index.remove([5])
        index.save()
    return directory


@pytest.fixture
def large(template, tmp_path):
    return shutil.copytree(template, tmp_path / "index")


def flip(path, at):
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def test_a_sound_index_is_told_with_its_numbers(large):
    report = verify(large)
    assert report.faults == ()
    assert (report.count, report.rows, report.removed) == (499, 499, 1)
    assert report.recall > 0.9
    assert repair(large).repaired == ()
    assert Index.open(large).manifest.generation == 1


def test_vectors_in_a_damaged_block_are_dropped_and_their_paths_told(large):
    flip(large / "vectors.generation-1.f32", 5_000_000)
    (fault,) = verify(large).faults
    assert str(fault) == (
        "vectors.generation-1.f32 was altered in 1 of 4 blocks, which do not match their checksums: "
        "repair the index"
    )
    first, last = 4 * 2**20 // 17600, 8 * 2**20 // 17600
    assert fault.positions == tuple(range(first, last + 1))
    done = repair(large)
    assert (done.left, done.repaired) == ((), (fault,))
    assert set(done.lost) == {f"{number}.png" for number in range(first, last + 1)}
    assert done.num_lost == last + 1 - first
    index = Index.open(large, check="full")
    assert len(index) == 499 - done.num_lost
    assert index.catalog.find("300.png") is None
    assert index.vectors([499]).tolist() == NUMBERS[499:].tolist()
    assert index.attachment("encoder.tflite").read_bytes() == b"an encoder"
    assert index.search(NUMBERS[7:8], k=1).ids.tolist() == [[7]]


def test_copies_cut_short_are_dropped(large):
    path = large / "copies.generation-1.f32"
    path.write_bytes(path.read_bytes()[:-8])
    (fault,) = verify(large).faults
    assert "has 3992 bytes, expected 4000" in str(fault)
    done = repair(large)
    # The one block that it has is no longer as it was.
    assert (done.left, done.num_lost) == ((), 499)


def test_ids_are_known_from_the_rows(large):
    flip(large / "ids.generation-1.i64", 800)
    assert [fault.file for fault in verify(large).faults] == ["ids.generation-1.i64"]
    done = repair(large)
    assert (done.left, done.num_lost, done.lost) == ((), 0, ())
    assert Index.open(large, check="full").vectors([100]).tolist() == NUMBERS[100:101].tolist()


@pytest.mark.parametrize("wreck", [lambda path: flip(path, 3000), lambda path: path.unlink()])
def test_a_structure_is_built_again(large, wreck):
    wreck(large / "search.generation-1.faiss")
    (fault,) = verify(large).faults
    assert (fault.file, fault.repairable) == ("search.generation-1.faiss", True)
    assert repair(large).left == ()
    assert verify(large, deep=True).recall > 0.9


def test_a_damaged_row_is_dropped(large):
    path = large / "catalog.generation-1.sqlite"
    flip(path, path.read_bytes().index(b"434.png"))
    assert Index.open(large).catalog.find("435.png").id == 435
    faults = verify(large).faults
    assert {fault.file for fault in faults} == {path.name}
    assert (434,) in [fault.positions for fault in faults]
    done = repair(large)
    assert (done.left, done.num_lost) == ((), 1)
    assert 434 not in Index.open(large, check="full").ids


def test_a_wrecked_page_of_the_catalog_costs_its_rows_alone(large):
    path = large / "catalog.generation-1.sqlite"
    content = bytearray(path.read_bytes())
    at = content.index(b"434.png") // 4096 * 4096
    content[at : at + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    assert {fault.file for fault in verify(large).faults} == {path.name}
    done = repair(large)
    assert done.left == ()
    assert 10 < done.num_lost < 60
    index = Index.open(large, check="full")
    assert [row.id for row in index.catalog.rows()] == index.ids.tolist()


def test_what_cannot_be_mended_is_left_and_told(large):
    (large / "encoder.generation-1.tflite").write_bytes(b"an Encoder")
    done = repair(large)
    assert done.repaired == ()
    assert str(done.left[0]).endswith("bring it back from a backup, or make the index anew")
    (large / "manifest.json").write_text("not JSON")
    (fault,) = repair(large).left
    assert (fault.file, fault.repairable) == ("manifest.json", False)


def test_no_index_is_no_index(tmp_path):
    with pytest.raises(IndexNotFound):
        verify(tmp_path)


def test_only_one_repairs(large):
    (large / "search.generation-1.faiss").unlink()
    with writer_lock(large) as lock:
        with pytest.raises(IndexBusy):
            repair(large)
        assert repair(large, lock=lock).left == ()
