"""The traps: whom a query may find, and what makes a search look better than it is."""

import numpy as np
import pytest

from retrieval.evaluation import MetricChoice
from retrieval.evaluation.trial import Trial, content_numbers

CHOICE = MetricChoice(cutoffs=(1, 3), neighbours=1)


def precision(trial):
    return trial.measure("line", "l2", CHOICE).values["precision_at_1"].tolist()


def test_a_picture_is_never_among_its_own_answers(collection):
    # Each is nearest to itself, and then to one of the other class.
    pictures = collection([0, 1, 10, 11], ["a", "b", "a", "b"])
    assert precision(Trial.leave_one_out(pictures)) == [0.0] * 4


def test_a_query_that_is_a_file_of_the_database_does_not_find_itself(collection, tmp_path):
    database = collection([0, 1, 10, 11], ["a", "b", "a", "b"], folder=tmp_path / "all")
    (tmp_path / "all").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "all")
    queries = collection([0, 1, 10, 11], ["a", "b", "a", "b"], folder=tmp_path / "link")
    trial = Trial.with_queries(database, queries)
    assert trial.own_rows.tolist() == [0, 1, 2, 3]
    assert precision(trial) == [0.0] * 4


def test_a_query_of_the_same_name_elsewhere_is_another_picture(collection):
    database = collection([0, 1, 10, 11], ["a", "b", "a", "b"])
    trial = Trial.with_queries(database, collection([0, 10], ["a", "a"], folder="queries"))
    assert trial.own_rows.tolist() == [-1, -1]
    assert precision(trial) == [1.0, 1.0]


def test_copies_across_the_split_answer_unless_they_are_excluded(collection):
    database = collection([0, 1, 10, 11], ["a", "b", "a", "b"], contents=["w", "x", "y", "z"])
    queries = collection([0, 10], ["a", "a"], contents=["w", "y"], folder="queries")
    assert precision(Trial.with_queries(database, queries)) == [1.0, 1.0]
    assert precision(Trial.with_queries(database, queries, without_copies=True)) == [0.0, 0.0]


def test_copies_within_the_pictures_answer_unless_they_are_excluded(collection):
    pictures = collection([0, 1, 0, 1], ["a", "b", "a", "b"], contents=["w", "x", "w", "x"])
    assert precision(Trial.leave_one_out(pictures)) == [1.0] * 4
    strict = Trial.leave_one_out(pictures, without_copies=True)
    measured = strict.measure("line", "l2", CHOICE)
    # The copy was all there was to find.
    assert measured.num_relevant.tolist() == [0] * 4
    assert np.isnan(measured.values["precision_at_1"]).all()


def test_pictures_without_a_class_are_searched_but_not_asked(collection):
    pictures = collection([0, 1, 2], ["a", None, "a"])
    trial = Trial.leave_one_out(pictures)
    assert trial.queries.paths == ("p0.png", "p2.png")
    # The one in the middle is in the way of both.
    assert precision(trial) == [0.0, 0.0]


def test_queries_without_a_class_are_not_asked(collection):
    trial = Trial.with_queries(collection([0, 1], ["a", "b"]), collection([0, 1], [None, "b"], folder="q"))
    assert (trial.queries.paths, trial.own_rows.tolist()) == (("p1.png",), [-1])


def test_a_class_of_one_picture_has_nothing_to_find_and_counts_for_nothing(collection):
    measured = Trial.leave_one_out(collection([0, 1, 5], ["a", "a", "b"])).measure("line", "l2", CHOICE)
    assert measured.values["precision_at_1"].tolist() == pytest.approx([1.0, 1.0, np.nan], nan_ok=True)
    assert measured.micro("precision_at_1").left_out == 1


def test_a_class_that_only_queries_have_counts_for_nothing(collection):
    trial = Trial.with_queries(collection([0, 1], ["a", "a"]), collection([0, 1], ["a", "new"], folder="q"))
    assert trial.classes == ("a", "new")
    assert precision(trial) == pytest.approx([1.0, np.nan], nan_ok=True)


def test_fewer_pictures_than_asked_for_lower_the_cut_off(collection):
    pictures = collection([0, 1, 5], ["a", "a", "b"])
    assert Trial.leave_one_out(pictures).measure("line", "l2", CHOICE).used_cutoffs == {1: 1, 3: 2}


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [5, 3, 1, 0, 2, 4]])
def test_a_method_that_cannot_tell_pictures_apart_gains_nothing_from_the_order_of_folders(collection, order):
    labels = [["a", "a", "a", "b", "b", "b"][place] for place in order]
    points = np.zeros((6, 1))
    shares = []
    for seed in range(200):
        trial = Trial.leave_one_out(collection(points, labels), seed=seed)
        shares.append(np.mean(precision(trial)))
    assert np.mean(shares) == pytest.approx(2 / 5, abs=0.03)


def test_ties_are_broken_the_same_way_for_every_method(collection):
    pictures = collection(np.zeros((8, 1)), list("aabbccdd"))
    pictures = pictures.with_vectors("other", np.ones((8, 5), dtype=np.float32))
    trial = Trial.leave_one_out(pictures, seed=4)
    first, second = (
        trial.measure(name, metric, CHOICE) for name, metric in (("line", "l2"), ("other", "cosine"))
    )
    np.testing.assert_array_equal(first.nearest_rows, second.nearest_rows)


def test_bytes_and_floats_are_searched_alike(collection):
    random = np.random.default_rng(0)
    points = random.integers(0, 256, (30, 40))
    pictures = collection(points, list("abcde" * 6)).with_vectors("bytes", points.astype(np.uint8))
    trial = Trial.leave_one_out(pictures)
    for metric in ("l2", "l1", "cosine"):
        floats, whole = (trial.measure(name, metric, CHOICE) for name in ("line", "bytes"))
        np.testing.assert_array_equal(floats.nearest_rows, whole.nearest_rows)


def test_contents_are_numbered():
    assert content_numbers(()).tolist() == []
    assert content_numbers(("b", "a", "b")).tolist() == [1, 0, 1]
