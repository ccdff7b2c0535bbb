"""What every store has to do, the directory as Milvus: the same tests for each."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from index_store import (
    IdsUnknown,
    Index,
    IndexReadOnly,
    OptionInvalid,
    RejectedFile,
    Row,
    RowsInvalid,
    StoreUnreachable,
    VectorsInvalid,
)

needs_milvus = pytest.mark.skipif(
    importlib.util.find_spec("milvus_lite") is None or importlib.util.find_spec("pymilvus") is None,
    reason="Milvus Lite is not installed: pip install '.[milvus]'",
)
# What its client warns of when it is imported and when it is left to the collector is none of our making.
pytestmark = pytest.mark.filterwarnings("default")

RNG = np.random.default_rng(0)
VECTORS = RNG.standard_normal((40, 8)).astype(np.float32)
COPIES = RNG.standard_normal((40, 3)).astype(np.float32)
METADATA = [{"label": "glass", "price": 3}, {"label": 'it\'s "paper"'}, {"my weight": 0.5, "none": None}, {}]


def row(number):
    path = f"folder {number % 3}/{number}.png"
    content = f"{number % 20:064x}"
    return Row(path, number, number * 10**9, content, 100 + number, 50, metadata=METADATA[number % 4])


@pytest.fixture(params=["directory", pytest.param("milvus", marks=needs_milvus)])
def store(request, tmp_path):
    return None if request.param == "directory" else f"milvus:{tmp_path / 'milvus.db'}"


@pytest.fixture
def index(store, tmp_path):
    options = {"metric": "cosine", "encoder": "e" * 64, "settings": {"side": 64}, "copy_dim": 3}
    with Index.create(tmp_path / "index", 8, store=store, **options) as index:
        index.add(VECTORS, [row(number) for number in range(40)], copies=COPIES)
        index.reject(RejectedFile("broken.png", "cut short", 3, 4))
        index.attach("encoder.tflite", b"an encoder")
        index.save()
        yield index


def cosine_distances(queries, vectors):
    unit = [array / np.linalg.norm(array, axis=1, keepdims=True) for array in (queries, vectors)]
    return 1 - unit[0] @ unit[1].T


def without_none(row):
    known = {name: value for name, value in row.metadata.items() if value is not None}
    return dataclasses.replace(row, metadata=known)


def test_the_nearest_are_those_worked_out_by_hand(index):
    found = index.search(VECTORS[:5] + 0.1, k=7)
    expected = cosine_distances(VECTORS[:5] + 0.1, VECTORS)
    np.testing.assert_array_equal(found.ids, np.argsort(expected, axis=1)[:, :7])
    np.testing.assert_allclose(found.distances, np.sort(expected, axis=1)[:, :7], atol=1e-6)
    assert (found.ids.dtype, found.distances.dtype) == (np.int64, np.float32)
    assert index.search(VECTORS[:2], k=100).ids.shape == (2, 40)
    assert index.search(np.empty((0, 8)), k=3).ids.shape[0] == 0


def test_euclidean_distances(store, tmp_path):
    with Index.create(tmp_path / "l2", 2, metric="l2", store=store) as index:
        index.add([[0, 0], [3, 4], [6, 8]])
        found = index.search([[3, 3]], k=2)
    assert found.ids.tolist() == [[1, 0]]
    np.testing.assert_allclose(found.distances, [[1, np.sqrt(18)]], rtol=1e-6)


def test_only_those_among_which_to_search_are_answers(index):
    among = [3, 30, 31, 7]
    found = index.search(VECTORS[:3], k=10, among=among)
    order = np.argsort(cosine_distances(VECTORS[:3], VECTORS[among]), axis=1)
    np.testing.assert_array_equal(found.ids, np.array(among)[order])
    assert index.search(VECTORS[:3], k=10, among=[]).ids.shape == (3, 0)
    with pytest.raises(IdsUnknown, match="40"):
        index.search(VECTORS[:1], among=[3, 40])


def test_second_vectors_find_by_themselves(index):
    found = index.search_copies(COPIES[:4], k=3)
    expected = cosine_distances(COPIES[:4], COPIES)
    np.testing.assert_array_equal(found.ids, np.argsort(expected, axis=1)[:, :3])
    np.testing.assert_allclose(index.copies([5]), COPIES[5:6] / np.linalg.norm(COPIES[5]), atol=1e-6)


def test_vectors_and_ids_come_as_they_were_given(index):
    assert index.ids.tolist() == list(range(40))
    assert index.first_ids(3).tolist() == [0, 1, 2]
    assert len(index.first_ids(100)) == 40
    assert len(index) == 40
    unit = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    np.testing.assert_allclose(index.vectors(), unit, atol=1e-6)
    np.testing.assert_allclose(index.vectors([7, 3]), unit[[7, 3]], atol=1e-6)


def test_rows_are_found_by_id_by_path_and_by_contents(index):
    expected = [dataclasses.replace(without_none(row(number)), id=number) for number in range(40)]
    assert [without_none(each) for each in index.catalog.rows()] == expected
    assert [without_none(each) for each in index.catalog.rows_of([9, 4])] == [expected[9], expected[4]]
    assert without_none(index.catalog.find("folder 0/9.png")) == expected[9]
    assert index.catalog.find("folder 0/10.png") is None
    found = index.catalog.by_content([f"{3:064x}", f"{99:064x}"])
    assert {content: [each.id for each in rows] for content, rows in found.items()} == {f"{3:064x}": [3, 23]}
    with pytest.raises(IdsUnknown, match="41"):
        index.catalog.rows_of([1, 41])


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("label = 'glass'", lambda n: n % 4 == 0),
        ("LABEL = 'glass' AND width > 130", lambda n: n % 4 == 0 and n > 30),
        ("label = 'it''s \"paper\"'", lambda n: n % 4 == 1),
        ("label is null and not folder = 'folder 1'", lambda n: n % 4 > 1 and n % 3 != 1),
        ('"my weight" >= 0.5', lambda n: n % 4 == 2),
        ("name in ('3.png', '4.png') or path = 'folder 2/5.png'", lambda n: n in {3, 4, 5}),
        ("folder like 'folder 2%' and (size <> 5)", lambda n: n % 3 == 2 and n != 5),
        ("mtime >= '1970-01-01 00:00:30'", lambda n: n >= 30),
        ("price > 100", lambda n: n > 99),
    ],
)
def test_conditions(index, condition, wanted):
    ids = [number for number in range(40) if wanted(number)]
    found = index.where(condition)
    assert found.tolist() == ids
    assert sorted(index.search(VECTORS[:1], k=40, among=found).ids[0].tolist()) == ids


@pytest.mark.parametrize(
    "condition", ["labl = 'glass'", "", "width >", "1; drop table row", "id in (select 1)", 'label = "glass"']
)
def test_conditions_that_are_none_are_refused(index, condition):
    with pytest.raises(OptionInvalid, match=r"^where .* cannot be used: "):
        index.where(condition)


def test_the_columns_of_rows_and_metadata(index):
    columns = index.columns()
    assert columns[:8] == ("id", "path", "folder", "name", "size", "mtime", "width", "height")
    assert {"label", "price", "my weight"} <= set(columns[8:])


def test_what_is_removed_is_answered_no_more_and_ids_are_not_given_again(index):
    index.remove([0, 5])
    index.save()
    assert len(index) == 38
    assert not {0, 5} & set(index.search(VECTORS[:1], k=40).ids[0].tolist())
    assert index.catalog.find(row(5).path) is None
    with pytest.raises(IdsUnknown, match="5"):
        index.remove([6, 5])
    index.remove([39])
    assert index.add(VECTORS[:1], [row(5)], copies=COPIES[:1]).tolist() == [40]
    assert index.catalog.find(row(5).path).id == 40


@pytest.mark.parametrize(
    "act",
    [
        lambda index, ids: index.remove(ids),
        lambda index, ids: index.vectors(ids),
        lambda index, ids: index.copies(ids),
        lambda index, ids: index.search(VECTORS[:1], among=ids),
    ],
)
def test_what_are_no_ids_is_refused(index, act):
    with pytest.raises(OptionInvalid, match="expected whole numbers: of a mask"):
        act(index, np.arange(40) < 3)
    with pytest.raises(OptionInvalid, match="expected whole numbers: give a list"):
        act(index, [1.5])
    with pytest.raises(IdsUnknown, match="40"):
        act(index, [3, 40])
    assert len(index) == 40


def test_rows_are_replaced_and_vectors_stay(index):
    before = index.vectors([3])
    moved = Row("moved.png", 1, 2, "ab" * 32, 3, 4, metadata={"other": "x"}, id=3)
    index.update_rows([moved])
    index.save()
    assert index.catalog.rows_of([3]) == [moved]
    assert index.catalog.find(row(3).path) is None
    np.testing.assert_allclose(index.vectors([3]), before, atol=1e-6)
    assert index.where("other = 'x'").tolist() == [3]
    with pytest.raises(RowsInvalid, match="moved"):
        index.update_rows([dataclasses.replace(moved, id=4)])


def test_a_path_has_one_row(index):
    with pytest.raises(RowsInvalid, match=r"folder 0/3\.png"):
        index.add(VECTORS[:1], [row(3)], copies=COPIES[:1])
    assert len(index) == 40


def test_vectors_of_other_dims_are_refused(index):
    with pytest.raises(VectorsInvalid, match="8-dim"):
        index.add([[1, 2]], [row(50)], copies=COPIES[:1])
    with pytest.raises(VectorsInvalid, match="8-dim"):
        index.search([[1, 2]])


def test_names_that_are_not_utf8_come_back_as_they_are(index):
    odd = dataclasses.replace(row(50), path=os.fsdecode(b"caf\xe9/\xff.png"))
    index.add(VECTORS[:1], [odd], copies=COPIES[:1])
    index.save()
    assert index.catalog.find(odd.path).path == odd.path


def test_another_opens_what_was_saved(index):
    index.set_settings({"side": 32})
    index.save()
    reader = Index.open(index.directory)
    assert type(reader) is type(index)
    assert (len(reader), reader.settings["side"], reader.attachments) == (40, 32, ("encoder.tflite",))
    assert reader.attachment("encoder.tflite").read_bytes() == b"an encoder"
    assert list(reader.catalog.rejected()) == [RejectedFile("broken.png", "cut short", 3, 4)]
    np.testing.assert_array_equal(reader.search(VECTORS[:3]).ids, index.search(VECTORS[:3]).ids)
    with pytest.raises(IndexReadOnly):
        reader.remove([1])
    index.add(VECTORS[:1], [row(50)], copies=COPIES[:1])
    index.save()
    reader.refresh()
    assert len(reader) == 41
    reader.close()


def test_one_process_opens_what_another_has_saved(store, tmp_path):
    begin = "import sys; from index_store import Index; path, store = sys.argv[1:]; "
    codes = [
        "index = Index.create(path, 2, store=store or None); index.add([[0, 1], [1, 0]]); index.save()",
        "print(len(Index.open(path)), Index.open(path).search([[1, 0]]).ids.tolist())",
    ]
    *_, last = (
        subprocess.run(
            [sys.executable, "-c", begin + code, tmp_path / "index", store or ""],
            capture_output=True,
            text=True,
            check=True,
        )
        for code in codes
    )
    assert last.stdout == "2 [[1, 0]]\n"


def test_a_row_takes_the_place_of_a_rejected_file(index):
    index.add(VECTORS[:1], [dataclasses.replace(row(50), path="broken.png")], copies=COPIES[:1])
    assert index.catalog.num_rejected() == 0


def test_an_index_made_anew_takes_the_place_of_the_other(index, store):
    place = index.directory / "refit"
    with Index.create(place, 4, store=store, settings={"side": 16}) as fresh:
        fresh.add(np.eye(4), [row(number) for number in range(4)])
        fresh.save()
    index.adopt(place)
    assert (len(index), index.dim, index.settings["side"]) == (4, 4, 16)
    assert index.catalog.find(row(2).path).width == 102
    assert len(Index.open(index.directory)) == 4


@needs_milvus
def test_rows_that_a_killed_writer_left_are_there_and_their_ids_are_not_given_again(tmp_path):
    with Index.create(tmp_path / "index", 8, store=f"milvus:{tmp_path / 'milvus.db'}") as index:
        index.add(VECTORS[:2], [row(0), row(1)])
        index.save()
        index.add(VECTORS[2:3], [row(2)])
    with Index.open(tmp_path / "index", writable=True) as index:
        assert index.catalog.find(row(2).path).id == 2
        assert index.add(VECTORS[3:4], [row(3)]).tolist() == [3]


@needs_milvus
def test_a_server_that_is_not_there_is_one_sentence(tmp_path):
    store = "milvus:http://127.0.0.1:9"
    with (
        Index.create(tmp_path / "index", 8, store=store) as index,
        pytest.raises(StoreUnreachable, match=r"^milvus http://127\.0\.0\.1:9 refused: "),
    ):
        len(index)


@pytest.mark.parametrize("store", ["milvus:", "postgres:x", "", "milvus"])
def test_other_stores_are_refused(tmp_path, store):
    with pytest.raises(OptionInvalid, match=r"^store is .*, expected milvus:URI"):
        Index.create(tmp_path / "index", 8, store=store)
    assert not (tmp_path / "index").exists()
