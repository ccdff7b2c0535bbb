import dataclasses

import numpy as np
import pytest

from index_store import IndexDamaged, RejectedFile, RowsInvalid
from index_store.catalog_draft import CatalogDraft


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
    assert draft.num_rows() == 1


def test_numbers_of_numpy_are_taken(draft, make_row):
    draft.add([dataclasses.replace(make_row("a.png"), width=np.int64(7))], 0)
    assert draft.row(0).width == 7


def test_a_row_with_a_field_missing_is_refused(draft, make_row):
    with pytest.raises(RowsInvalid, match=r"row\.sha256.*give every field"):
        draft.add([dataclasses.replace(make_row("a.png"), sha256=None)], 0)
    assert draft.num_rows() == 0


def test_a_file_that_is_no_catalog_cannot_be_gone_on_with(tmp_path):
    path = tmp_path / "catalog.generation-1.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(IndexDamaged, match="is not a sound catalog"):
        CatalogDraft.resume(path)
