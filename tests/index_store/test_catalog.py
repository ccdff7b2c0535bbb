import contextlib
import dataclasses
import sqlite3
import threading

import numpy as np
import pytest

from index_store import (
    Catalog,
    IdsUnknown,
    IndexClosed,
    IndexDamaged,
    IndexUnwritable,
    RejectedFile,
    catalog,
)
from index_store.catalog_draft import CatalogDraft
from index_store.catalog_schema import faults_named

ODD_PATHS = ["ä/ü.png", "not-utf8-\udcff.png", "lone-\ud800.png", "a'b\"c.png", "line\nbreak.png", " "]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "catalog # 1?.generation-1.sqlite"


@pytest.fixture
def filled(path, make_row):
    """Rows 3, 4 and 5 and two rejected files, saved and open for reading."""
    draft = CatalogDraft.create(path, 1)
    draft.add([make_row(f"{name}.png", at) for at, name in enumerate("abc")], [3, 4, 5])
    draft.reject(RejectedFile("z.svg", "not a picture"))
    draft.reject(RejectedFile("y.png", "empty", size=7, mtime_ns=np.int64(10**18)))
    draft.commit()
    draft.close()
    return Catalog.open(path, 1)


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
    draft = CatalogDraft.create(path, 1)
    draft.add([dataclasses.replace(make_row(odd), metadata={"title": odd})], [0])
    draft.reject(RejectedFile(f"rejected {odd}", f"{odd} cannot be read"))
    draft.commit()
    draft.close()
    opened = Catalog.open(path, 1)
    assert opened.rows_of([0])[0].path == opened.find(odd).path == odd
    assert opened.find(odd).metadata == {"title": odd}
    assert list(opened.rejected()) == [RejectedFile(f"rejected {odd}", f"{odd} cannot be read")]


def test_a_catalog_may_be_read_from_another_thread(filled):
    found = []
    thread = threading.Thread(target=lambda: found.append(filled.find("a.png").path))
    thread.start()
    thread.join()
    assert found == ["a.png"]


def test_a_reader_cannot_write(filled):
    with pytest.raises(IndexDamaged, match="readonly"):
        filled.select("DELETE FROM row")


def test_a_closed_catalog_says_so(filled):
    filled.close()
    with pytest.raises(IndexClosed, match="is closed: open the index again"):
        filled.num_rejected()


def test_a_missing_catalog_is_named(path):
    with pytest.raises(IndexDamaged, match=r"generation-1\.sqlite is not a sound catalog"):
        Catalog.open(path, 1)


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_a_file_that_is_no_catalog_is_named(path, content):
    path.write_bytes(content)
    with pytest.raises(IndexDamaged, match=r"generation-1\.sqlite is not a sound catalog"):
        Catalog.open(path, 1)


def test_a_catalog_with_a_wrecked_page_is_damage_where_it_is_read(path, filled):
    filled.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(IndexDamaged, match="is not a sound catalog"):
        list(Catalog.open(path, 1).rows())


def test_an_older_catalog_than_the_manifest_says_is_damage(path, filled):
    with pytest.raises(IndexDamaged, match="is of generation 1, the manifest of generation 2"):
        Catalog.open(path, 2)


def test_rows_by_their_contents(filled, make_row):
    found = filled.by_content([f"{2:064x}", f"{9:064x}", f"{0:064x}"])
    assert {sha256[-1]: [row.id for row in rows] for sha256, rows in found.items()} == {"2": [5], "0": [3]}
    assert filled.by_content([]) == {}


def test_the_views_show_the_generation(filled):
    assert filled.select("SELECT id, hex(sha256) FROM rows WHERE path = ?", "b.png") == [(4, f"{1:064x}")]
    assert filled.select("SELECT path FROM rejections WHERE size > 0") == [("y.png",)]
    assert filled.num_rows() == 3


def test_an_altered_row_is_damage_when_it_is_read(path, filled):
    filled.close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE row SET width = 9 WHERE id = 4")
        connection.execute("UPDATE rejected SET reason = 'other' WHERE path = 'z.svg'")
        connection.commit()
    opened = Catalog.open(path, 1)
    assert opened.rows_of([3])[0].path == "a.png"
    for read in (lambda: opened.rows_of([4]), lambda: list(opened.rows())):
        with pytest.raises(IndexDamaged, match=r"generation-1\.sqlite was altered: row 4 does not match"):
            read()
    with pytest.raises(IndexDamaged, match=r"rejected file 'z\.svg' does not match its checksum"):
        list(opened.rejected())


def test_a_catalog_whose_tables_cannot_be_read_is_damaged(path, filled):
    content = path.read_bytes()
    path.write_bytes(content.replace(b"CREATE TABLE past", b"CREATE \xff\xfeBLE past"))
    with pytest.raises(IndexDamaged, match="is not a sound catalog"):
        Catalog.open(path, 1)


def test_what_a_killed_writer_left_half_written_has_to_be_undone_where_that_can_be_written(path):
    journal = path.with_name(path.name + "-journal")
    with pytest.raises(IndexDamaged), faults_named(path):
        raise sqlite3.OperationalError("attempt to write a readonly database")
    journal.touch()
    with pytest.raises(IndexUnwritable, match="open the index once where it can be"), faults_named(path):
        raise sqlite3.OperationalError("attempt to write a readonly database")
