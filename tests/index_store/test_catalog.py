import dataclasses
import sqlite3
import threading

import numpy as np
import pytest

from index_store import Catalog, IdsUnknown, IndexClosed, IndexDamaged, RejectedFile, RowsInvalid, catalog
from index_store.catalog import CatalogDraft

ODD_PATHS = ["ä/ü.png", "not-utf8-\udcff.png", "lone-\ud800.png", "a'b\"c.png", "line\nbreak.png", " "]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "catalog # 1?.generation-1.sqlite"


@pytest.fixture
def filled(path, make_row):
    """Rows 3, 4 and 5 and two rejected files, saved and open for reading."""
    draft = CatalogDraft.create(path)
    draft.add([make_row(f"{name}.png", at) for at, name in enumerate("abc")], 3)
    draft.reject(RejectedFile("z.svg", "not a picture"))
    draft.reject(RejectedFile("y.png", "empty", size=7, mtime_ns=np.int64(10**18)))
    draft.close()
    return Catalog.open(path)


def test_rows_come_in_the_order_of_their_ids(filled, make_row):
    rows = list(filled.rows())
    assert [(row.id, row.path) for row in rows] == [(3, "a.png"), (4, "b.png"), (5, "c.png")]
    assert (rows[1].size, rows[1].mtime_ns, rows[1].sha256) == (101, 10**18 + 1, f"{1:064x}")
    assert (rows[1].width, rows[1].height) == (8, 6)


def test_rows_come_in_pages(filled, monkeypatch):
    monkeypatch.setattr(catalog, "_PAGE", 2)
    assert [row.id for row in filled.rows()] == [3, 4, 5]


def test_a_row_by_id_and_by_path(filled):
    assert filled.rows_of([4])[0].path == "b.png"
    assert filled.find("c.png").id == 5
    assert filled.find("nowhere.png") is None


def test_many_rows_in_one_go_in_the_order_asked_for(filled):
    assert [row.id for row in filled.rows_of([5, 3, 4, 3])] == [5, 3, 4, 3]
    assert [row.id for row in filled.rows_of([3, 4] * 50_000)] == [3, 4] * 50_000
    assert filled.rows_of([]) == []


def test_ids_without_a_row_are_named(filled):
    with pytest.raises(IdsUnknown, match=r"has no row for id 2, 9:") as caught:
        filled.rows_of([3, 2, 9])
    assert isinstance(caught.value, LookupError)


def test_rejected_files_come_in_the_order_of_their_paths(filled):
    assert list(filled.rejected()) == [
        RejectedFile("y.png", "empty", size=7, mtime_ns=10**18),
        RejectedFile("z.svg", "not a picture"),
    ]


def test_a_rejected_file_by_its_path(filled):
    assert filled.find_rejected("y.png") == RejectedFile("y.png", "empty", size=7, mtime_ns=10**18)
    assert filled.find_rejected("a.png") is None


def test_the_count_of_rejected_files(filled):
    assert filled.num_rejected() == 2


@pytest.mark.parametrize("odd", ODD_PATHS)
def test_paths_come_back_as_they_went_in(path, make_row, odd):
    draft = CatalogDraft.create(path)
    draft.add([make_row(odd)], 0)
    draft.reject(RejectedFile(f"rejected {odd}", f"{odd} cannot be read"))
    draft.close()
    opened = Catalog.open(path)
    assert opened.rows_of([0])[0].path == opened.find(odd).path == odd
    assert list(opened.rejected()) == [RejectedFile(f"rejected {odd}", f"{odd} cannot be read")]


def test_a_catalog_may_be_read_from_another_thread(filled):
    found = []
    thread = threading.Thread(target=lambda: found.append(filled.find("a.png").path))
    thread.start()
    thread.join()
    assert found == ["a.png"]


def test_a_reader_cannot_write(filled):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        filled._connection.execute("DELETE FROM row")


def test_a_closed_catalog_says_so(filled):
    filled.close()
    with pytest.raises(IndexClosed, match="is closed: open the index again"):
        filled.num_rejected()


def test_a_missing_catalog_is_named(path):
    with pytest.raises(IndexDamaged, match=r"generation-1\.sqlite is not a sound catalog"):
        Catalog.open(path)


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_a_file_that_is_no_catalog_is_named(path, content):
    path.write_bytes(content)
    with pytest.raises(IndexDamaged, match=r"generation-1\.sqlite is not a sound catalog"):
        Catalog.open(path)


def test_a_catalog_with_a_wrecked_page_is_damage_where_it_is_read(path, filled):
    filled.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(IndexDamaged, match="is not a sound catalog"):
        list(Catalog.open(path).rows())


@pytest.fixture
def draft(tmp_path):
    draft = CatalogDraft.create(tmp_path / "catalog.generation-1.sqlite")
    yield draft
    draft.close()


def paths(draft):
    return {row.id: row.path for row in draft.rows()}


def test_what_was_added_can_be_read_at_once(draft, make_row):
    draft.add([make_row("a.png"), make_row("b.png")], 0)
    draft.add([make_row("c.png")], 2)
    assert paths(draft) == {0: "a.png", 1: "b.png", 2: "c.png"}


def test_a_path_that_has_a_row_is_refused_with_all_that_came_with_it(draft, make_row):
    draft.add([make_row("a.png")], 0)
    with pytest.raises(RowsInvalid, match=r"path 'a\.png' has a row already"):
        draft.add([make_row("b.png"), make_row("a.png")], 1)
    assert paths(draft) == {0: "a.png"}


def test_rows_of_an_add_that_was_not_counted_make_room(draft, make_row):
    draft.add([make_row("a.png"), make_row("b.png")], 0)
    draft.add([make_row("b.png"), make_row("a.png")], 0)
    assert paths(draft) == {0: "b.png", 1: "a.png"}
    draft.forget_from(1)
    assert paths(draft) == {0: "b.png"}


def test_a_file_is_a_row_or_rejected_never_both(draft, make_row):
    draft.reject(RejectedFile("a.png", "empty"))
    draft.reject(RejectedFile("a.png", "cut short"))
    assert list(draft.rejected()) == [RejectedFile("a.png", "cut short")]
    draft.add([make_row("a.png")], 0)
    assert list(draft.rejected()) == []
    with pytest.raises(RowsInvalid, match=r"path 'a\.png' has a row"):
        draft.reject(RejectedFile("a.png", "empty"))
    assert len(paths(draft)) == 1


def test_numbers_of_numpy_are_taken(draft, make_row):
    draft.add([dataclasses.replace(make_row("a.png"), width=np.int64(7))], 0)
    assert draft.find("a.png").width == 7


def test_a_row_with_a_field_missing_is_refused(draft, make_row):
    with pytest.raises(RowsInvalid, match=r"row\.sha256.*give every field"):
        draft.add([dataclasses.replace(make_row("a.png"), sha256=None)], 0)
    assert len(paths(draft)) == 0


def test_a_file_that_is_no_catalog_cannot_be_gone_on_with(tmp_path):
    path = tmp_path / "catalog.generation-1.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(IndexDamaged, match="is not a sound catalog"):
        CatalogDraft.resume(path)
