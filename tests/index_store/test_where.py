from __future__ import annotations

import itertools
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index_store import Index, IndexDamaged, OptionInvalid, RejectedFile, Row
from index_store.where import COLUMNS, Where

# Path, bytes, time of change, width, height, metadata; the last one is removed later.
ROWS = [
    ("zero.png", 1, 0, 1, 1, {"label": "zero"}),
    ("a/b/one.png", 900, 1_700_000_000, 640, 480, {"label": "glass", "my price": 3}),
    ("a/two.png", 500, 1_600_000_000, 320, 240, {"label": "paper", "it's": 0.5}),
    ("three.png", 100, 0, 1000, 10, {}),
    (os.fsdecode(b"caf\xe9/four.png"), 100, 0, 64, 48, {"label": "glass"}),
    ("a/gone.png", 100, 0, 64, 48, {"label": "gone", "former": 1}),
]


@pytest.fixture
def index(tmp_path):
    with Index.create(tmp_path / "index", dim=2, metric="l2") as index:
        rows = [
            Row(path, size, mtime * 10**9, "ab" * 32, width, height, metadata=metadata)
            for path, size, mtime, width, height, metadata in ROWS
        ]
        index.add(np.arange(12).reshape(6, 2), rows)
        index.reject(RejectedFile("secret.png", "why"))
        index.save()
        index.remove([0, 5])
        index.save()
        yield index


@pytest.fixture
def catalog(index):
    return index.catalog.path


@pytest.fixture
def where(index):
    with Where.open(index.catalog.path, index.catalog.generation) as where:
        yield where


def test_the_columns_are_those_of_the_rows_and_of_the_metadata_of_rows_that_are_alive(where):
    assert where.columns == (*COLUMNS, "it's", "label", "my price")
    assert set(COLUMNS) == {"id", "path", "folder", "name", "size", "mtime", "width", "height"}


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ("label = 'glass' and width > 600", [1]),
        ("label = 'glass'", [1, 4]),
        ("LABEL like 'GL%' or label is null", [1, 3, 4]),
        ("label collate nocase in ('GLASS', 'PAPER')", [1, 2, 4]),
        ('"my price" >= 3', [1]),
        ("[it's] < 1", [2]),
        ("folder = 'b'", [1]),
        ("folder = ''", [3]),
        ("folder like 'caf%'", [4]),
        ("name = 'two.png' or path = 'a/b/one.png'", [1, 2]),
        ("mtime > '2023-01-01'", [1]),
        ("mtime = '2020-09-13 12:26:40'", [2]),
        ("mtime < datetime('now', '-1 year')", [1, 2, 3, 4]),
        ("size between 100 and 500 and not height = 10", [2, 4]),
        ("abs(width - 330) <= 10 -- a comment", [2]),
        ("id in (4, 3, 5)", [3, 4]),
        ("1", [1, 2, 3, 4]),
        ("0", []),
        ("'; drop table row'", []),
    ],
)
def test_conditions_and_the_rows_they_hold_for(where, condition, ids):
    assert where.ids(condition).tolist() == ids
    assert where.ids(condition).dtype == "int64"


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("labl = 'glass'", "no such column: labl; the columns are id, path, folder, name, size,"),
        ('label = "glass"', "no such column: glass, text goes between single quotes"),
        ("alive = 0", "no such column: alive"),
        ("rowid = 1", "no such column: ROWID"),
        ("row.id = 1", "no such column: row.id"),
        ("former = 1", "no such column: former"),
        ("", "it is empty"),
        ("  \n", "it is empty"),
        ("width >", 'near ")": syntax error'),
        ("'glass", "unrecognized token"),
        ("1 /*", "incomplete input"),
        ("1\0", "no text"),
        ("label = '\udc80'", "no text"),
        ("width > ?", "nothing is given for its parameters"),
        ("abs(-9223372036854775808) > 0", "integer overflow"),
        ("(" * 3000 + "1" + ")" * 3000, "parser stack overflow"),
        # An injection, in whatever way it leaves the brackets.
        ("1; drop table row", 'near ";": syntax error'),
        ("1); drop table row; --", "at a time|more than one statement|syntax error"),
        ("1) union select path from rejected where (1", "more than the columns of one picture"),
        ("1) limit (1", 'near "limit": syntax error'),
        ("1)) or ((1", 'near ")": syntax error'),
        # Other tables, the same table past its view, tables made on the spot.
        ("path in (select path from rejected)", "more than the columns of one picture"),
        ("id in rejected", "more than the columns of one picture"),
        ("id in (select rowid from row)", "more than the columns of one picture"),
        ("id in (select x from (select id as x from row) as picture)", "more than the columns"),
        ("id in rows", "more than the columns of one picture"),
        ("path in rejections", "more than the columns of one picture"),
        ("exists (select 1)", "more than the columns of one picture"),
        ("id in (values (1))", "more than the columns of one picture"),
        ("id in (select value from json_each('[1]'))", "more than the columns of one picture"),
        ("1 in (select 1 from sqlite_master)", "more than the columns of one picture"),
        ("1 in (select 1 from pragma_table_info('row'))", "more than"),
        (
            "1 in (with recursive t(n) as (select 1 union all select n + 1 from t) select n from t)",
            "more than",
        ),
        # Functions that read, write, or take memory without bound.
        ("load_extension('x')", "no such function: load_extension; the functions are abs, coalesce"),
        ("length(zeroblob(1000000000)) > 0", "no such function: zeroblob"),
        ("printf('%1000000000d', 1) > 0", "no such function: printf"),
        ("count(*) > 1", "no such function: count"),
        ("nonsense(1)", "no such function: nonsense"),
        ("path regexp 'a'", "no such function: regexp"),
    ],
)
def test_whatever_is_more_than_a_condition_is_refused_in_one_sentence(where, catalog, condition, reason):
    before = catalog.read_bytes()
    with pytest.raises(OptionInvalid, match=f"^where .* cannot be used: .*({_literal(reason)})") as refused:
        where.ids(condition)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 450
    assert catalog.read_bytes() == before
    assert where.ids("label = 'paper'").tolist() == [2]


def _literal(reason):
    return reason if "|" in reason else "".join(f"\\{sign}" if sign in '.()*?;"' else sign for sign in reason)


def test_a_condition_that_takes_too_long_is_ended(where, monkeypatch):
    monkeypatch.setattr("index_store.where.SECONDS", 0.0)
    monkeypatch.setattr("index_store.where._STEPS", 10)
    with pytest.raises(OptionInvalid, match="it takes more than 0 seconds"):
        where.ids(" or ".join(f"path like '%{number}%x'" for number in range(300)))


def test_a_damaged_catalog_is_named(tmp_path):
    (tmp_path / "catalog.sqlite").write_bytes(b"no catalog" * 1000)
    with (
        pytest.raises(IndexDamaged, match=r"catalog\.sqlite is not a sound catalog"),
        Where.open(tmp_path / "catalog.sqlite", 1),
    ):
        pass


def test_an_index_answers_with_the_nearest_of_those_that_meet_a_condition(index):
    assert index.columns() == (*COLUMNS, "it's", "label", "my price")
    ids = index.where("label = 'glass'")
    assert ids.tolist() == [1, 4]
    assert index.search([[6, 7]], k=3, among=ids).ids.tolist() == [[4, 1]]
    assert index.search([[6, 7]], k=3, among=index.where("0")).ids.shape == (1, 0)
    with pytest.raises(OptionInvalid, match="no such column: labl"):
        index.where("labl = 'glass'")


def test_a_reader_sees_the_rows_of_the_generation_that_it_opened(index):
    reader = Index.open(index.directory)
    index.remove([1])
    index.update_rows([Row("new.png", 1, 0, "cd" * 32, 1, 1, metadata={"other": 1}, id=4)])
    assert index.where("id = 1 or id = 4").tolist() == [4]
    index.save()
    assert reader.where("label = 'glass'").tolist() == [1, 4]
    assert "other" not in reader.columns()
    assert index.where("other = 1 and label is null").tolist() == [4]
    assert index.where("1").tolist() == [2, 3, 4]
    reader.close()


@pytest.mark.parametrize("golden", sorted((Path(__file__).parent / "golden").iterdir()))
def test_indexes_of_every_format_can_be_asked_by_conditions(golden):
    index = Index.open(golden)
    rows = list(index.catalog.rows())
    assert set(COLUMNS) <= set(index.columns())
    assert index.where("width > 0 and mtime > '1970'").tolist() == [row.id for row in rows if row.width > 0]
    assert index.where("name = 'x'").tolist() == []


@pytest.mark.parametrize("name", ["größe", "a\\b", "tab\tx", "it's", "价格", "plain"])
def test_a_column_may_have_any_name_that_can_be_quoted(directory, make_row, name):
    with Index.create(directory, 2) as index:
        rows = [replace(make_row(f"{n}.png", n), metadata={name: n}) for n in (5, 7)]
        index.add([[1, 0], [0, 1]], rows)
        index.save()
        assert name in index.columns()
        assert index.where(f'"{name}" > 6').tolist() == [1]


def test_names_that_differ_in_case_alone_are_one_column(directory, make_row):
    with Index.create(directory, 2) as index:
        rows = [
            replace(make_row(f"{name}.png", at), metadata={name: "x"})
            for at, name in enumerate(("Label", "label"))
        ]
        index.add([[1, 0], [0, 1]], rows)
        index.save()
        assert index.where("label = 'x'").tolist() == [0, 1]


def test_letters_beyond_ascii_tell_columns_apart_by_case(directory, make_row):
    with Index.create(directory, 2) as index:
        rows = [replace(make_row(f"{n}.png", n), metadata=each) for n, each in ((1, {"Ä": 1}), (2, {"ä": 3}))]
        index.add([[1, 0], [0, 1]], rows)
        index.save()
        assert index.where('"Ä" < 9').tolist() == [0]
        assert index.where('"ä" < 9').tolist() == [1]
        with pytest.raises(OptionInvalid, match="no such column: Ö"):
            index.where('"Ö" < 9')


def test_names_that_are_values_are_no_columns(directory, make_row):
    with Index.create(directory, 2) as index:
        index.add([[1, 0]], [replace(make_row("a.png"), metadata={"true": 1, "label": 1})])
        index.save()
        assert "true" not in index.columns()
        with pytest.raises(OptionInvalid, match="no such column: true"):
            index.where('"true" > 6')


def test_a_name_may_be_written_in_many_cases(directory, make_row):
    cases = ["".join(letters) for letters in itertools.product(*zip("labelled", "LABELLED", strict=True))]
    with Index.create(directory, 2) as index:
        rows = [replace(make_row(f"{n}.png", n), metadata={cases[n]: n}) for n in range(len(cases))]
        index.add(np.eye(2)[[0] * len(cases)], rows)
        index.save()
        assert index.where("labelled >= 254").tolist() == [254, 255]


def test_more_names_than_sqlite_has_columns_leave_the_others_to_be_asked(directory, make_row):
    with Index.create(directory, 2) as index:
        many = {f"n{number:04}": number for number in range(2_100)}
        index.add([[1, 0]], [replace(make_row("a.png"), metadata=many)])
        index.save()
        assert index.where("n0007 = 7").tolist() == [0]


def test_a_reader_asks_its_own_rows_where_another_index_has_taken_their_place(saved, directory, make_row):
    reader = Index.open(saved)
    shutil.rmtree(saved)
    with Index.create(saved, 2) as other:
        other.add([[1, 0]], [make_row("b.png", 7)])
        other.save()
    assert (saved / reader.catalog.path.name).exists()
    assert reader.where("name = 'b.png'").tolist() == [1]


def test_a_reader_can_be_asked_by_conditions_after_another_process_has_compacted(saved):
    reader = Index.open(saved)
    with Index.open(saved, writable=True) as writer:
        writer.remove([0])
        writer.compact()
    for _ in range(2):
        assert reader.where("name = 'a.png'").tolist() == [0]
    assert "path" in reader.columns()
    assert reader.catalog.find("b.png").id == 1
