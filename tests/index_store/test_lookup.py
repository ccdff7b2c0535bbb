import dataclasses
import sqlite3
import zlib

import pytest

from index_store import lookup
from index_store.lookup import SCHEMA, Lookup, content_hashes, path_hashes


@pytest.fixture
def hashes(monkeypatch):
    monkeypatch.setattr(lookup, "_ROWS", 4)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(SCHEMA)
    yield Lookup(connection)
    connection.close()


def rows(make_row, ids):
    return [make_row(f"{row_id}.png", row_id) for row_id in ids]


def found(hashes, path):
    return hashes.ids_of("paths", path_hashes([path]))


def blobs(hashes):
    return hashes._connection.execute("SELECT first_id, length(paths) / 4 FROM lookup").fetchall()


def test_hashes_are_of_four_bytes():
    assert path_hashes(["", "a", "\udcff"]).tolist() == [0, 0xE8B7BE43, zlib.crc32(b"\xed\xb3\xbf")]
    assert content_hashes(["00000001" + "f" * 56]).tolist() == [1]


def test_ids_are_found_by_path_and_contents_wherever_they_lie(hashes, make_row):
    for ids in ([0, 1, 2], [3, 4, 5, 6, 7, 8, 9], [10], [50, 51], [53, 60]):
        hashes.add(ids, rows(make_row, ids))
    for row_id in (0, 3, 4, 9, 10, 50, 53, 60):
        assert found(hashes, f"{row_id}.png") == [row_id]
    assert found(hashes, "11.png") == []
    wanted = [make_row("", row_id).sha256 for row_id in (2, 51)]
    assert set(hashes.ids_of("contents", content_hashes(wanted))) >= {2, 51}


def test_blobs_are_filled_up_and_long_gaps_begin_another(hashes, make_row):
    for ids in ([0], [1, 2], [3, 4], [40], [42]):
        hashes.add(ids, rows(make_row, ids))
    assert blobs(hashes) == [(0, 4), (4, 1), (40, 1), (42, 1)]


def test_whole_blobs_that_follow_each_other_become_one(hashes, make_row, monkeypatch):
    monkeypatch.setattr(lookup, "_MERGED", 3)
    hashes.add(range(10), rows(make_row, range(10)))
    assert blobs(hashes) == [(0, 4), (4, 4), (8, 2)]
    hashes.add(range(10, 27), rows(make_row, range(10, 27)))
    assert blobs(hashes) == [(0, 12), (12, 12), (24, 3)]
    hashes.add(range(100, 116), rows(make_row, range(100, 116)))
    assert blobs(hashes) == [(0, 12), (12, 12), (24, 3), (100, 12), (112, 4)]
    for row_id in (*range(27), *range(100, 116)):
        assert found(hashes, f"{row_id}.png") == [row_id]
    assert hashes.num_unfound([dataclasses.replace(row, id=100) for row in rows(make_row, [100])]) == 0


def test_many_at_once_are_found_like_each_alone(hashes, make_row):
    hashes.add(range(1000), rows(make_row, range(1000)))
    paths = [f"{number}.png" for number in range(900, 1100)]
    assert sorted(hashes.ids_of("paths", path_hashes(paths))) == list(range(900, 1000))
    assert hashes.ids_of("paths", path_hashes([])) == []


@pytest.mark.parametrize("first", range(10))
@pytest.mark.parametrize("merged", [2, 32])
def test_what_was_forgotten_makes_room(hashes, make_row, monkeypatch, first, merged):
    monkeypatch.setattr(lookup, "_MERGED", merged)
    hashes.add(range(9), rows(make_row, range(9)))
    hashes.forget_from(first)
    assert found(hashes, "8.png") == ([8] if first == 9 else [])
    again = [make_row(f"again-{row_id}.png", row_id) for row_id in range(first, 12)]
    hashes.add(range(first, 12), again)
    assert [found(hashes, row.path) for row in again] == [[row_id] for row_id in range(first, 12)]
    assert [found(hashes, f"{row_id}.png") for row_id in range(first)] == [
        [row_id] for row_id in range(first)
    ]


def test_a_changed_row_is_found_by_both_paths(hashes, make_row):
    hashes.add([7], rows(make_row, [7]))
    hashes.change([dataclasses.replace(make_row("new.png", 8), id=7)])
    assert found(hashes, "new.png") == found(hashes, "7.png") == [7]


def test_rows_without_their_hashes_are_counted(hashes, make_row):
    ids = [3, 4, 9]
    here = [dataclasses.replace(row, id=row_id) for row_id, row in zip(ids, rows(make_row, ids), strict=True)]
    assert hashes.num_unfound(here) == 3
    hashes.add(ids[:2], here[:2])
    assert hashes.num_unfound(here) == 1
    hashes.change(here[2:])
    assert hashes.num_unfound(here) == 0


@pytest.mark.parametrize("damaged", [b"123", "text"])
def test_hashes_that_are_none_are_damage(hashes, make_row, damaged):
    hashes.add([0, 1], rows(make_row, [0, 1]))
    hashes._connection.execute("UPDATE lookup SET paths = ?", (damaged,))
    hashes.forget_loaded()
    with pytest.raises(sqlite3.DatabaseError, match="hashes of paths or contents are none"):
        found(hashes, "0.png")
