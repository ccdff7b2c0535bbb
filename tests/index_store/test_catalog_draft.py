import contextlib
import dataclasses
import sqlite3

import numpy as np
import pytest

from index_store import Catalog, IdsUnknown, IndexDamaged, RejectedFile, RowsInvalid, catalog_draft
from index_store.catalog_draft import CatalogDraft


@pytest.fixture
def path(tmp_path):
    return tmp_path / "catalog.generation-1.sqlite"


@pytest.fixture
def draft(path):
    draft = CatalogDraft.create(path, 1)
    yield draft
    draft.close()


@pytest.fixture
def second(path, make_row):
    """Generation 2 in the making, behind one with rows 0, 1 and 2 and a rejected file."""
    first = CatalogDraft.create(path, 1)
    first.add([make_row(f"{name}.png", at) for at, name in enumerate("abc")], [0, 1, 2])
    first.reject(RejectedFile("z.png", "empty"))
    first.commit()
    first.close()
    second = CatalogDraft.resume(path, 2, next_id=3)
    yield second
    second.close()


def paths(catalog):
    return {row.id: row.path for row in catalog.rows()}


def change_everything(draft, make_row):
    draft.remove([0])
    draft.update([dataclasses.replace(make_row("renamed.png", 1), id=1, metadata={"label": "cat", "n": 1.5})])
    draft.add([make_row("d.png", 3)], [3])
    draft.reject(RejectedFile("z.png", "cut short"))
    draft.reject(RejectedFile("y.png", "empty"))


def test_what_was_added_can_be_read_at_once(draft, make_row):
    draft.add([make_row("a.png"), make_row("b.png")], [0, 1])
    draft.add([make_row("c.png")], [2])
    assert paths(draft) == {0: "a.png", 1: "b.png", 2: "c.png"}
    assert [draft.find(path).id for path in ("c.png", "a.png")] == [2, 0]


def test_a_path_that_has_a_row_is_refused_with_all_that_came_with_it(draft, make_row):
    draft.add([make_row("a.png")], [0])
    with pytest.raises(RowsInvalid, match=r"path 'a\.png' has a row already"):
        draft.add([make_row("b.png"), make_row("a.png")], [1, 2])
    assert paths(draft) == {0: "a.png"}
    assert draft.find("b.png") is None


def test_rows_of_an_add_that_was_not_counted_make_room(draft, make_row):
    draft.add([make_row("a.png"), make_row("b.png")], [0, 1])
    draft.add([make_row("b.png"), make_row("a.png")], [0, 1])
    assert paths(draft) == {0: "b.png", 1: "a.png"}
    draft.forget_from(1)
    assert paths(draft) == {0: "b.png"}
    assert (draft.find("b.png").id, draft.find("a.png")) == (0, None)


def test_a_file_is_a_row_or_rejected_never_both(draft, make_row):
    draft.reject(RejectedFile("a.png", "empty"))
    draft.reject(RejectedFile("a.png", "cut short"))
    assert list(draft.rejected()) == [RejectedFile("a.png", "cut short")]
    draft.add([make_row("a.png")], [0])
    assert list(draft.rejected()) == []
    with pytest.raises(RowsInvalid, match=r"path 'a\.png' has a row"):
        draft.reject(RejectedFile("a.png", "empty"))
    assert len(paths(draft)) == 1


def test_numbers_of_numpy_are_taken(draft, make_row):
    draft.add([dataclasses.replace(make_row("a.png"), width=np.int64(7))], np.array([0]))
    assert draft.find("a.png").width == 7


def test_a_file_that_is_no_catalog_cannot_be_gone_on_with(path):
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(IndexDamaged, match="is not a sound catalog"):
        CatalogDraft.resume(path, 2, 0)


def test_changes_are_seen_in_the_generation_that_made_them_alone(second, path, make_row):
    change_everything(second, make_row)
    second.commit()
    for catalog in (second, Catalog.open(path, 2)):
        assert paths(catalog) == {1: "renamed.png", 2: "c.png", 3: "d.png"}
        assert catalog.find("renamed.png").metadata == {"label": "cat", "n": 1.5}
        assert (catalog.find("a.png"), catalog.find("b.png")) == (None, None)
        assert [one.reason for one in catalog.rejected()] == ["empty", "cut short"]
        assert catalog.removed().tolist() == [0]
        assert catalog.by_content([f"{1:064x}"])[f"{1:064x}"][0].path == "renamed.png"
    before = Catalog.open(path, 1)
    assert paths(before) == {0: "a.png", 1: "b.png", 2: "c.png"}
    assert (before.find("b.png").id, before.find("renamed.png"), before.find("d.png")) == (1, None, None)
    assert list(before.rejected()) == [RejectedFile("z.png", "empty")]
    assert before.removed().tolist() == []


def test_without_a_commit_nothing_is_changed(second, path, make_row):
    content = path.read_bytes()
    change_everything(second, make_row)
    second.close()
    assert path.read_bytes() == content


@pytest.mark.parametrize("changes", [1, 2])
def test_what_was_committed_and_never_saved_is_undone_by_the_next_writer(second, path, make_row, changes):
    change_everything(second, make_row)
    second.commit()
    if changes == 2:
        second.update([dataclasses.replace(make_row("again.png", 1), id=1)])
        second.remove([2, 3])
        second.forget_rejected(["y.png", "z.png"])
        second.commit()
    second.close()
    third = CatalogDraft.resume(path, 2, next_id=3)
    assert paths(third) == {0: "a.png", 1: "b.png", 2: "c.png"}
    assert list(third.rejected()) == [RejectedFile("z.png", "empty")]
    assert third.removed().tolist() == []
    third.add([make_row("d.png", 8), make_row("renamed.png", 9)], [3, 4])
    assert [third.find(f"{name}.png").id for name in ("a", "b", "c", "d", "renamed")] == [0, 1, 2, 3, 4]
    third.commit()
    third.close()
    assert Catalog.open(path, 2).examine()[2] == 0


def test_files_may_swap_their_names(second, make_row):
    second.update(
        [dataclasses.replace(make_row(name, at), id=at) for at, name in enumerate(["b.png", "a.png"])]
    )
    assert paths(second) == {0: "b.png", 1: "a.png", 2: "c.png"}
    assert second.find("a.png").id == 1


def test_a_row_changed_twice_has_its_last_facts(second, make_row):
    for name in ("x.png", "y.png"):
        second.update([dataclasses.replace(make_row(name, 1), id=1)])
    assert paths(second) == {0: "a.png", 1: "y.png", 2: "c.png"}
    assert second.find("x.png") is None


def test_an_update_that_is_refused_changes_nothing(second, make_row):
    with pytest.raises(RowsInvalid, match=r"path 'c\.png' has a row already"):
        second.update([dataclasses.replace(make_row("c.png", 1), id=1)])
    with pytest.raises(IdsUnknown, match="no row for id 7:"):
        second.update([dataclasses.replace(make_row(f"{at}.png"), id=at) for at in (0, 7)])
    assert paths(second) == {0: "a.png", 1: "b.png", 2: "c.png"}


def test_a_path_is_free_again_when_its_file_is_removed(second, make_row):
    assert second.remove([1]) == 1
    second.add([make_row("b.png", 7)], [3])
    assert second.find("b.png").id == 3
    assert second.remove([9]) == 0


def test_many_changes_are_written_before_they_are_saved(second, path, make_row, monkeypatch):
    monkeypatch.setattr(catalog_draft, "_PENDING", 5)
    second.add([make_row(f"{number}.png", number) for number in range(9)], range(3, 12))
    second.add([make_row("more.png", 20)], [12])
    assert len(paths(Catalog.open(path, 2))) == 12
    assert len(paths(Catalog.open(path, 1))) == 3


def test_what_sqlite_undid_on_a_full_disk_is_made_again(second, path, make_row):
    change_everything(second, make_row)
    second._connection.execute("ROLLBACK")
    second.add([make_row("e.png", 8)], [4])
    second.commit()
    assert paths(Catalog.open(path, 2)) == {1: "renamed.png", 2: "c.png", 3: "d.png", 4: "e.png"}


def test_what_a_full_disk_keeps_from_being_written_is_not_half_made(second, path, make_row, monkeypatch):
    monkeypatch.setattr(catalog_draft, "_PENDING", 5)
    second.add([make_row(f"{number}.png", number) for number in range(9)], range(3, 12))

    def refuse(draft):
        draft._connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(catalog_draft.CatalogDraft, "commit", refuse)
        with pytest.raises(sqlite3.OperationalError, match="full"):
            second.remove([0, 1])
    assert second.find("a.png").id == 0
    second.commit()
    assert len(paths(Catalog.open(path, 2))) == 12


def test_a_transaction_that_cannot_begin_whole_is_begun_again(second, path, make_row, monkeypatch):
    second.remove([0])
    second._connection.execute("ROLLBACK")
    connection = second._connection

    class Refusing:
        """The connection, which cannot open its journal once."""

        refused = False

        def __getattr__(self, name):
            return getattr(connection, name)

        def execute(self, statement, *values):
            if statement.startswith("PRAGMA user_version") and not self.refused:
                self.refused = True
                raise sqlite3.OperationalError("unable to open database file")
            return connection.execute(statement, *values)

    second._connection = Refusing()
    with pytest.raises(sqlite3.OperationalError, match="unable"):
        second.remove([1])
    assert second.find("a.png") is None
    second.commit()
    assert paths(Catalog.open(path, 2)) == {1: "b.png", 2: "c.png"}


def test_what_a_caller_does_with_its_lists_later_changes_nothing(second, path, make_row):
    rows, ids, forgotten = [make_row("d.png", 3)], [0], ["no"]
    renamed = [dataclasses.replace(make_row("x.png", 1), id=1)]
    second.add(rows, [3])
    second.remove(ids)
    second.update(renamed)
    second.forget_rejected(forgotten)
    for each in (rows, ids, renamed, forgotten):
        each.clear()
    second._connection.execute("ROLLBACK")
    second.commit()
    assert paths(Catalog.open(path, 2)) == {1: "x.png", 2: "c.png", 3: "d.png"}


def test_a_writer_waits_until_a_reader_has_read(second, path, make_row):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM row").fetchall()
        second.add([make_row("d.png", 3)], [3])
        second._connection.execute("PRAGMA busy_timeout = 1")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            second.commit()
        reader.execute("COMMIT")
    second.commit()
    assert len(paths(Catalog.open(path, 2))) == 4
