from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index_store import Index, RejectedFile, Row, RowsInvalid
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


@pytest.mark.parametrize(
    "facts",
    [
        {"size": "x"},
        {"size": None},
        {"size": 3.7},
        {"size": np.array([3])},
        {"mtime_ns": 2**63},
        {"path": Path("a.png")},
        {"metadata": [1]},
        {"metadata": {"\ud800": 1}},
    ],
)
def test_facts_of_another_kind_are_refused_and_nothing_is_added(directory, make_row, facts):
    with Index.create(directory, 2) as index:
        with pytest.raises(RowsInvalid):
            index.add([[1, 0]], [replace(make_row("a.png"), **facts)])
        assert len(index) == 0


@pytest.mark.parametrize("row_id", [0.7, "0", None, 2**63])
def test_ids_that_are_none_change_no_row(directory, make_row, row_id):
    with Index.create(directory, 2) as index:
        index.add([[1, 0]], [make_row("a.png")])
        with pytest.raises(RowsInvalid, match=r"id of 'x\.png' is"):
            index.update_rows([replace(make_row("x.png"), id=row_id)])
        assert index.catalog.find("a.png").id == 0


@pytest.mark.parametrize(
    "rejected",
    [
        "x",
        RejectedFile(Path("a.png"), "why"),
        RejectedFile("a.png", None),
        RejectedFile("a.png", "why", "x"),
        RejectedFile("a.png", "why", 2**63),
    ],
)
def test_what_is_said_of_a_rejected_file_is_checked(directory, rejected):
    with Index.create(directory, 2) as index, pytest.raises(RowsInvalid, match="expected"):
        index.reject(rejected)
