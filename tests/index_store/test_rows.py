import pytest

from index_store import Row, RowsInvalid
from index_store.rows import UNASSIGNED, check_path, check_rows


def test_a_row_has_no_id_before_it_is_added(make_row):
    assert make_row("a.png").id == UNASSIGNED == -1
    assert Row("a.png", 1, 2, "c", 3, 4, id=5).id == 5


def test_one_row_a_vector(make_row):
    check_rows([make_row("a.png"), make_row("b.png")], 2)
    with pytest.raises(RowsInvalid, match="got 1 rows for 2 vectors"):
        check_rows([make_row("a.png")], 2)


def test_a_path_that_comes_twice_is_named(make_row):
    with pytest.raises(RowsInvalid, match=r"path 'a\.png' comes twice"):
        check_rows([make_row("a.png"), make_row("b.png"), make_row("a.png")], 3)


@pytest.mark.parametrize("path", ["", "/photos/a.png"])
def test_paths_are_relative(path):
    with pytest.raises(RowsInvalid, match="expected a path relative to the indexed folder"):
        check_path(path)
