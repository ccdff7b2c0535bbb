import hashlib
from pathlib import Path

import numpy as np
import pytest

from index_store import IdsUnknown, IndexDamaged, StoredFile
from index_store.arrays import ArrayFile, alive_mask, positions_of, row_dtypes
from index_store.files import PIECE, BlockSums

PAIRS = np.dtype(("<f4", (2,)))
ONE_TO_SIX = np.arange(1, 7, dtype=np.float32).reshape(3, 2)
IDS = np.array([2, 5, 7], dtype=np.int64)
INDEX = Path("photos/.retrieve")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vectors.generation-1.f32"


@pytest.fixture
def array(path):
    array = ArrayFile(path, PAIRS)
    yield array
    array.close()


def test_the_arrays_of_an_index_are_little_endian_rows():
    assert row_dtypes(3) == {"vectors.f32": np.dtype(("<f4", (3,))), "ids.i64": np.dtype("<i8")}
    assert [row.itemsize for row in row_dtypes(3).values()] == [12, 8]
    assert row_dtypes(3, copy_dim=2)["copies.f32"].itemsize == 8


def test_rows_come_back_in_the_order_of_their_positions(array, path):
    array.append(ONE_TO_SIX[:1], at=0)
    array.append(ONE_TO_SIX[1:], at=1)
    np.testing.assert_array_equal(array.read(3), ONE_TO_SIX)
    np.testing.assert_array_equal(array.read(2), ONE_TO_SIX[:2])
    assert path.read_bytes() == ONE_TO_SIX.astype("<f4").tobytes()


def test_no_rows_are_an_array_too(array):
    array.append(np.empty((0, 2), dtype=np.float32), at=0)
    assert array.read(0).shape == (0, 2)
    assert array.describe(0) == StoredFile("vectors.generation-1.f32", 0, (), piece=PIECE)


def test_rows_are_read_only(array):
    array.append(ONE_TO_SIX, at=0)
    with pytest.raises(ValueError, match="read-only"):
        array.read(3)[0, 0] = 9


def test_an_append_lies_over_what_an_interrupted_one_left(array):
    array.append(ONE_TO_SIX, at=0)
    array.append(-ONE_TO_SIX[:1], at=1)
    np.testing.assert_array_equal(array.read(2), [[1, 2], [-1, -2]])


def test_a_description_is_of_the_rows_that_count(array, path):
    array.append(ONE_TO_SIX, at=0)
    for count in (1, 3):
        content = ONE_TO_SIX[:count].astype("<f4").tobytes()
        digest = hashlib.sha256(content).hexdigest()
        assert array.describe(count) == StoredFile(path.name, len(content), (digest,), piece=PIECE)


def flip_bit(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_every_block_has_its_checksum(path):
    array = ArrayFile(path, PAIRS, block=12, piece=0)
    array.append(ONE_TO_SIX, at=0)
    content = ONE_TO_SIX.astype("<f4").tobytes()
    digests = tuple(hashlib.sha256(part).hexdigest() for part in (content[:12], content[12:]))
    assert array.describe(3) == StoredFile(path.name, 24, digests, 12)
    array.close()


def test_whole_blocks_are_not_read_again_and_the_last_one_is(path):
    array = ArrayFile(path, PAIRS, block=12, piece=0)
    array.append(ONE_TO_SIX[:2], at=0)
    stored = array.describe(2)
    array.close()
    flip_bit(path, 3)
    again = ArrayFile(path, PAIRS, stored)
    again.append(ONE_TO_SIX[2:], at=2)
    sums = again.describe(3).sums
    content = ONE_TO_SIX.astype("<f4").tobytes()
    assert sums == tuple(hashlib.sha256(part).hexdigest() for part in (content[:12], content[12:]))
    again.close()
    flip_bit(path, 3)
    flip_bit(path, 13)
    with pytest.raises(IndexDamaged, match="was altered"):
        ArrayFile(path, PAIRS, stored)


def test_pieces_that_are_not_read_again_tell_what_was_altered(path):
    array = ArrayFile(path, PAIRS, block=16, piece=8)
    array.append(ONE_TO_SIX[:1], at=0)
    stored = array.describe(1)
    array.close()
    flip_bit(path, 3)
    again = ArrayFile(path, PAIRS, stored)
    again.append(ONE_TO_SIX[1:2], at=1)
    sound, altered = BlockSums((), 16, 8), BlockSums((), 16, 8)
    sound.update(ONE_TO_SIX[:2].tobytes())
    altered.update(path.read_bytes())
    assert again.describe(2).sums == sound.sums() != altered.sums()
    again.close()


def test_sums_that_are_known_are_not_made_again_and_tell_what_is_altered_later(array, path):
    array.append(ONE_TO_SIX, at=0)
    stored = array.describe(3)
    flip_bit(path, 3)
    again = ArrayFile(path, PAIRS, stored, array.sums)
    again.append(ONE_TO_SIX, at=3)
    expected = hashlib.sha256(np.tile(ONE_TO_SIX, (2, 1)).astype("<f4").tobytes()).hexdigest()
    assert again.describe(6).sums == (expected,)
    again.close()


def test_appending_goes_on_behind_the_rows_described(array, path):
    array.append(ONE_TO_SIX, at=0)
    again = ArrayFile(path, PAIRS, array.describe(2))
    again.append(-ONE_TO_SIX[:1], at=2)
    np.testing.assert_array_equal(again.read(3), [[1, 2], [3, 4], [-1, -2]])
    expected = hashlib.sha256(np.array([1, 2, 3, 4, -1, -2], dtype="<f4").tobytes()).hexdigest()
    assert again.describe(3).sums == (expected,)
    again.close()


def test_appending_to_altered_rows_is_refused(array, path):
    array.append(ONE_TO_SIX, at=0)
    stored = array.describe(3)
    array.append(np.zeros((1, 2), dtype=np.float32), at=1)
    with pytest.raises(IndexDamaged, match=r"vectors\.generation-1\.f32 was altered"):
        ArrayFile(path, PAIRS, stored)


def test_rows_read_stay_readable_when_the_file_is_gone(array, path):
    array.append(ONE_TO_SIX, at=0)
    rows = array.read(3)
    array.close()
    path.unlink()
    np.testing.assert_array_equal(rows, ONE_TO_SIX)


@pytest.mark.parametrize("wanted", [[7, 2, 7], (7, 2, 7), np.array([7, 2, 7])])
def test_positions_come_in_the_order_asked_for(wanted):
    assert positions_of(wanted, IDS, INDEX).tolist() == [2, 0, 2]


def test_nothing_asked_for_is_no_position():
    assert positions_of([], IDS, INDEX).tolist() == []
    assert positions_of([], IDS[:0], INDEX).tolist() == []


@pytest.mark.parametrize("unknown", [-1, 3, 8])
def test_unknown_ids_are_named(unknown):
    with pytest.raises(IdsUnknown, match=rf"index photos/\.retrieve holds no vector with id {unknown}:"):
        positions_of([2, unknown], IDS, INDEX)


def test_an_empty_index_knows_no_id():
    with pytest.raises(IdsUnknown, match="id 0"):
        positions_of([0], IDS[:0], INDEX)


def test_removed_ids_are_not_alive_and_unknown():
    alive = alive_mask(IDS, np.array([5, 9]))
    assert alive.tolist() == [True, False, True]
    assert positions_of([7], IDS, INDEX, alive).tolist() == [2]
    with pytest.raises(IdsUnknown, match="id 5:"):
        positions_of([2, 5], IDS, INDEX, alive)
