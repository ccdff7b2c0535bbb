"""The traps: whom a query may find, and what makes a search look better than it is."""

import numpy as np
import pytest

from retrieval.evaluation import Labelling, MetricChoice
from retrieval.evaluation.task import CorpusFacts, Duplicates, RetrievalTask, content_numbers

CHOICE = MetricChoice(cutoffs=(1, 3), neighbours=1)


def precision(task):
    return task.measure("line", "l2", CHOICE).values["precision_at_1"].tolist()


def test_a_picture_is_never_among_its_own_answers(dataset):
    # Each is nearest to itself, and then to one of the other class.
    pictures = dataset([0, 1, 10, 11], ["a", "b", "a", "b"])
    assert precision(RetrievalTask.leave_one_out(pictures)) == [0.0] * 4


def test_a_query_that_is_a_file_of_the_database_does_not_find_itself(dataset, tmp_path):
    database = dataset([0, 1, 10, 11], ["a", "b", "a", "b"], folder=tmp_path / "all")
    (tmp_path / "all").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "all")
    queries = dataset([0, 1, 10, 11], ["a", "b", "a", "b"], folder=tmp_path / "link")
    task = RetrievalTask.with_queries(database, queries)
    assert task.own_rows.tolist() == [0, 1, 2, 3]
    assert precision(task) == [0.0] * 4


def test_a_query_of_the_same_name_elsewhere_is_another_picture(dataset):
    database = dataset([0, 1, 10, 11], ["a", "b", "a", "b"])
    task = RetrievalTask.with_queries(database, dataset([0, 10], ["a", "a"], folder="queries"))
    assert task.own_rows.tolist() == [-1, -1]
    assert precision(task) == [1.0, 1.0]


def test_copies_across_the_split_answer_unless_they_are_excluded(dataset):
    database = dataset([0, 1, 10, 11], ["a", "b", "a", "b"], contents=["w", "x", "y", "z"])
    queries = dataset([0, 10], ["a", "a"], contents=["w", "y"], folder="queries")
    assert precision(RetrievalTask.with_queries(database, queries)) == [1.0, 1.0]
    assert precision(RetrievalTask.with_queries(database, queries, without_copies=True)) == [0.0, 0.0]


def test_copies_within_the_pictures_answer_unless_they_are_excluded(dataset):
    pictures = dataset([0, 1, 0, 1], ["a", "b", "a", "b"], contents=["w", "x", "w", "x"])
    assert precision(RetrievalTask.leave_one_out(pictures)) == [1.0] * 4
    strict = RetrievalTask.leave_one_out(pictures, without_copies=True)
    measured = strict.measure("line", "l2", CHOICE)
    # The copy was all there was to find.
    assert measured.num_relevant.tolist() == [0] * 4
    assert np.isnan(measured.values["precision_at_1"]).all()


def test_pictures_without_a_class_are_searched_but_not_asked(dataset):
    pictures = dataset([0, 1, 2], ["a", None, "a"])
    task = RetrievalTask.leave_one_out(pictures)
    assert task.queries.paths == ("p0.png", "p2.png")
    # The one in the middle is in the way of both.
    assert precision(task) == [0.0, 0.0]


def test_queries_without_a_class_are_not_asked(dataset):
    task = RetrievalTask.with_queries(dataset([0, 1], ["a", "b"]), dataset([0, 1], [None, "b"], folder="q"))
    assert (task.queries.paths, task.own_rows.tolist()) == (("p1.png",), [-1])


def test_a_class_of_one_picture_has_nothing_to_find_and_counts_for_nothing(dataset):
    measured = RetrievalTask.leave_one_out(dataset([0, 1, 5], ["a", "a", "b"])).measure("line", "l2", CHOICE)
    assert measured.values["precision_at_1"].tolist() == pytest.approx([1.0, 1.0, np.nan], nan_ok=True)
    assert measured.micro("precision_at_1").left_out == 1


def test_a_class_that_only_queries_have_counts_for_nothing(dataset):
    task = RetrievalTask.with_queries(dataset([0, 1], ["a", "a"]), dataset([0, 1], ["a", "new"], folder="q"))
    assert task.classes == ("a", "new")
    assert precision(task) == pytest.approx([1.0, np.nan], nan_ok=True)


def test_fewer_pictures_than_asked_for_lower_the_cut_off(dataset):
    pictures = dataset([0, 1, 5], ["a", "a", "b"])
    assert RetrievalTask.leave_one_out(pictures).measure("line", "l2", CHOICE).used_cutoffs == {1: 1, 3: 2}


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [5, 3, 1, 0, 2, 4]])
def test_a_method_that_cannot_tell_pictures_apart_gains_nothing_from_the_order_of_folders(dataset, order):
    labels = [["a", "a", "a", "b", "b", "b"][place] for place in order]
    points = np.zeros((6, 1))
    shares = []
    for seed in range(200):
        task = RetrievalTask.leave_one_out(dataset(points, labels), seed=seed)
        shares.append(np.mean(precision(task)))
    assert np.mean(shares) == pytest.approx(2 / 5, abs=0.03)


def test_ties_are_broken_the_same_way_for_every_method(dataset):
    pictures = dataset(np.zeros((8, 1)), list("aabbccdd"))
    pictures = pictures.with_vectors("other", np.ones((8, 5), dtype=np.float32))
    task = RetrievalTask.leave_one_out(pictures, seed=4)
    first, second = (
        task.measure(name, metric, CHOICE) for name, metric in (("line", "l2"), ("other", "cosine"))
    )
    np.testing.assert_array_equal(first.nearest_rows, second.nearest_rows)


def test_bytes_and_floats_are_searched_alike(dataset):
    random = np.random.default_rng(0)
    points = random.integers(0, 256, (30, 40))
    pictures = dataset(points, list("abcde" * 6)).with_vectors("bytes", points.astype(np.uint8))
    task = RetrievalTask.leave_one_out(pictures)
    for metric in ("l2", "l1", "cosine"):
        floats, whole = (task.measure(name, metric, CHOICE) for name in ("line", "bytes"))
        np.testing.assert_array_equal(floats.nearest_rows, whole.nearest_rows)


def test_contents_are_numbered():
    assert content_numbers(()).tolist() == []
    assert content_numbers(("b", "a", "b")).tolist() == [1, 0, 1]


def test_copies_within_the_pictures_are_counted_once_each(dataset):
    pictures = dataset([0, 1, 2, 3], ["a"] * 4, contents=["x", "y", "x", "x"])
    found = Duplicates.of(RetrievalTask.leave_one_out(pictures))
    assert (found.within, found.across, found.count) == (2, 0, 2)
    assert found.pairs == (("p2.png", "p0.png"), ("p3.png", "p0.png"))


def test_queries_that_are_among_the_pictures_are_counted(dataset):
    database = dataset([0, 1], ["a", "b"], contents=["x", "y"])
    queries = dataset([0, 1, 2], ["a", "a", "b"], contents=["x", "z", "y"], folder="queries", prefix="q")
    found = Duplicates.of(RetrievalTask.with_queries(database, queries))
    assert (found.within, found.across) == (0, 2)
    assert found.pairs == (("q0.png", "p0.png"), ("q2.png", "p1.png"))


def test_a_query_that_is_the_file_itself_is_no_duplicate(dataset):
    pictures = dataset([0, 1], ["a", "b"])
    assert Duplicates.of(RetrievalTask.with_queries(pictures, pictures)).count == 0


def test_classes_of_one_picture_are_named(dataset):
    pictures = dataset([0, 1, 2, 3], ["a", "b", "a", None])
    facts = CorpusFacts.of(RetrievalTask.leave_one_out(pictures), Labelling(), edited=0)
    assert facts.single_classes == ("b",)


@pytest.mark.parametrize("without_copies", [False, True])
@pytest.mark.parametrize("apart", [False, True])
def test_right_answers_are_counted_as_the_ranking_counts_them(dataset, without_copies, apart):
    contents = ["v", "w", "v", "x", "y", "w"]
    database = dataset(range(6), ["a", "a", "a", "b", None, "b"], contents=contents)
    task = RetrievalTask.leave_one_out(database, without_copies=without_copies)
    if apart:
        queries = dataset(
            range(4), ["a", "b", "c", "a"], contents=["v", "q", "x", "q"], folder="q", prefix="q"
        )
        task = RetrievalTask.with_queries(database, queries, without_copies=without_copies)
    assert task.num_relevant.tolist() == task.measure("line", "l2", CHOICE).num_relevant.tolist()


@pytest.mark.parametrize(
    ("labels", "queries", "obstacle"),
    [
        ([None, None], None, "the pictures have no classes"),
        (["a", "a"], None, "the pictures have only one class, a"),
        (["a", "b"], None, "no class has two pictures"),
        (["a", "b"], [None], "none of the queries has a class"),
        (["a", "b"], ["c"], "no query has a class that the pictures have"),
        (["a"], ["a", "b"], "there is only one picture to be found"),
        (["a", "b", "b"], None, None),
        (["a", "b"], ["b"], None),
    ],
)
def test_why_nothing_can_be_measured_by_class_is_told(dataset, labels, queries, obstacle):
    database = dataset(range(len(labels)), labels)
    task = RetrievalTask.leave_one_out(database)
    if queries is not None:
        task = RetrievalTask.with_queries(database, dataset(range(len(queries)), queries, folder="q"))
    assert task.obstacle == obstacle


def test_copies_that_are_left_out_can_be_all_there_was(dataset):
    pictures = dataset(range(4), ["a", "a", "b", "b"], contents=["v", "v", "w", "w"])
    assert RetrievalTask.leave_one_out(pictures).obstacle is None
    task = RetrievalTask.leave_one_out(pictures, without_copies=True)
    assert task.obstacle == "no class has two different pictures"


def test_rows_of_the_table_that_name_no_file_are_counted(dataset):
    labelling = Labelling(table={"p0.png": "a", "p1.png": "b", "q0.png": "a", "p9.png": "b", "P1.png": "b"})
    task = RetrievalTask.with_queries(
        dataset([0, 1], ["a", "b"]), dataset([0], ["a"], folder="queries", prefix="q")
    )
    facts = CorpusFacts.of(task, labelling, edited=0)
    assert facts.to_json()["unmatched_labels"] == {"count": 2, "first": ["p9.png", "P1.png"]}
