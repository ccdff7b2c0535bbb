import math

import numpy as np
import pytest

from retrieval.evaluation import (
    Exclusion,
    LabelledVectors,
    Mean,
    MetricChoice,
    average_precision,
    exact_search,
    interpolated_precision,
    knn_labels,
    mean_over_classes,
    mean_over_queries,
    measure_ranking,
    ndcg,
    precision_at,
    recall_at,
    reciprocal_rank,
)
from retrieval.evaluation.order import TieOrder


def on_a_line(positions, labels):
    return LabelledVectors(np.array(positions, dtype=np.float32)[:, None], np.array(labels))


def leave_one_out(pictures, **options):
    return measure_ranking(pictures, pictures, exclude=np.arange(len(pictures.labels)), **options)


@pytest.fixture
def pictures():
    random = np.random.default_rng(4)
    labels = random.integers(0, 4, 90)
    return LabelledVectors((random.normal(size=(90, 5)) + labels[:, None]).astype(np.float32), labels)


def test_every_value_is_that_of_the_metric_on_the_whole_ranking(pictures, monkeypatch):
    distances = np.linalg.norm(pictures.vectors[:, None] - pictures.vectors, axis=2)
    np.fill_diagonal(distances, np.inf)
    order = np.argsort(distances, axis=1)[:, :-1]
    found = pictures.labels[order]
    relevant = found == pictures.labels[:, None]
    totals = relevant.sum(axis=1)
    monkeypatch.setattr(exact_search, "BLOCK_CELLS", 90 * 7)
    measured = leave_one_out(pictures, choice=MetricChoice(cutoffs=(1, 8), neighbours=3, levels=21))
    expected = {
        "map": average_precision(relevant, totals),
        "mrr": reciprocal_rank(relevant, totals),
        "ndcg": ndcg(relevant, totals),
        "precision_at_8": precision_at(relevant, totals, k=8),
        "recall_at_8": recall_at(relevant, totals, k=8),
        "ndcg_at_8": ndcg(relevant, totals, k=8),
        "knn_accuracy": (knn_labels(found, k=3) == pictures.labels).astype(float),
        "precision_at_1": relevant[:, 0].astype(float),
    }
    for name, values in expected.items():
        np.testing.assert_array_equal(measured.values[name], values, err_msg=name)
    np.testing.assert_array_equal(measured.curves, interpolated_precision(relevant, totals, levels=21))
    np.testing.assert_array_equal(measured.nearest, found[:, 0])
    np.testing.assert_array_equal(measured.nearest_rows, order[:, :8])
    np.testing.assert_array_equal(measured.num_relevant, totals)
    assert measured.micro("map").value == pytest.approx(np.mean(expected["map"]))
    by_class = [np.mean(expected["map"][pictures.labels == label]) for label in range(4)]
    assert measured.macro("map").value == pytest.approx(np.mean(by_class))


@pytest.mark.parametrize("tie_seed", [None, 5])
def test_many_ties_exclusions_and_missing_labels_are_those_of_a_plain_sort(tie_seed, monkeypatch):
    # Bits and bytes as perceptual hashes and pixels have them, with copies and pictures without a class.
    random = np.random.default_rng(8)
    vectors, labels = random.integers(0, 3, (120, 3), dtype=np.uint8), random.integers(-1, 4, 120)
    content = np.unique(vectors, axis=0, return_inverse=True)[1].reshape(-1)
    places = TieOrder.of(120, tie_seed).places
    monkeypatch.setattr(exact_search, "BLOCK_CELLS", 120 * 11)
    monkeypatch.setattr(exact_search, "RANKED_CELLS", 120 * 4)
    pictures = LabelledVectors(vectors, labels)
    exclude = Exclusion(content, content)
    measured = measure_ranking(pictures, pictures, metric="l1", exclude=exclude, tie_seed=tie_seed)
    for query in range(120):
        distances = np.abs(vectors.astype(int) - vectors[query]).sum(axis=1)
        order = sorted(
            np.flatnonzero(content != content[query]), key=lambda row: (distances[row], places[row])
        )
        relevant = (labels[order] == labels[query])[None] & (labels[query] >= 0)
        total = relevant.sum(axis=1)
        assert measured.values["map"][query] == pytest.approx(
            average_precision(relevant, total)[0], nan_ok=True
        )
        assert measured.values["ndcg_at_5"][query] == pytest.approx(
            ndcg(relevant, total, k=5)[0], nan_ok=True
        )
        assert measured.values["mrr"][query] == pytest.approx(
            reciprocal_rank(relevant, total)[0], nan_ok=True
        )
        assert measured.nearest_rows[query].tolist() == order[:10]
        assert measured.nearest[query] == labels[order[0]]


def test_without_leaving_the_query_out_it_would_find_itself(pictures):
    assert measure_ranking(pictures, pictures).micro("precision_at_1").value == 1.0
    assert leave_one_out(pictures).micro("precision_at_1").value < 1.0


def test_copies_make_the_search_look_better_until_they_are_left_out():
    # Alternating classes: the nearest other picture is always wrong, but each picture is there twice.
    pictures = on_a_line([0, 1, 2, 3, 0, 1, 2, 3], [0, 1, 0, 1, 0, 1, 0, 1])
    content = np.array([0, 1, 2, 3, 0, 1, 2, 3])
    assert leave_one_out(pictures).micro("precision_at_1").value == 1.0
    strict = measure_ranking(pictures, pictures, exclude=Exclusion(content, content))
    assert strict.micro("precision_at_1").value == 0.0
    assert strict.num_relevant.tolist() == [2] * 8


def test_a_class_of_one_picture_is_left_out_of_the_means_and_counted():
    measured = leave_one_out(on_a_line([0, 1, 5], [0, 0, 1]))
    for name, values in measured.values.items():
        assert math.isnan(values[2]), name
        assert not np.isnan(values[:2]).any(), name
        assert (measured.micro(name).counted, measured.micro(name).left_out) == (2, 1)
    assert measured.macro("map").left_out == 1
    assert np.isnan(measured.curves[2]).all()


def test_fewer_others_than_k_lowers_k_and_says_so():
    measured = leave_one_out(on_a_line([0, 1, 2, 9], [0, 0, 0, 1]))
    assert measured.used_cutoffs == {1: 1, 5: 3, 10: 3}
    assert measured.values["precision_at_10"][:3] == pytest.approx([2 / 3] * 3)
    assert measured.nearest_rows.shape == (4, 3)


def test_a_single_picture_has_no_values_but_no_error_either():
    measured = leave_one_out(on_a_line([0], [0]))
    assert measured.micro("map").counted == 0
    assert measured.nearest.tolist() == [-1]


def test_pictures_without_a_label_are_in_the_way_but_never_right():
    queries, database = on_a_line([0.0, 5.0], [0, -1]), on_a_line([0.1, 0.2, 0.3], [-1, 0, -1])
    measured = measure_ranking(queries, database)
    assert measured.values["precision_at_1"][0] == 0.0
    assert measured.values["map"][0] == 0.5
    assert measured.values["knn_accuracy"][0] == 1.0
    assert all(math.isnan(values[1]) for values in measured.values.values())


def test_a_method_that_cannot_tell_pictures_apart_gets_chance_although_classes_are_sorted():
    labels = np.repeat(np.arange(10), 40)
    blind = LabelledVectors(np.ones((400, 3), dtype=np.float32), labels)
    in_folder_order = leave_one_out(blind, tie_seed=None).micro("map").value
    shuffled = leave_one_out(blind).micro("map").value
    assert in_folder_order > 0.2
    assert shuffled == pytest.approx(39 / 399, abs=0.02)


def test_the_same_twice(pictures):
    first, second = leave_one_out(pictures, metric="cosine"), leave_one_out(pictures, metric="cosine")
    for name, values in first.values.items():
        np.testing.assert_array_equal(values, second.values[name])


def test_labels_that_do_not_fit_are_refused(pictures):
    with pytest.raises(ValueError, match=r"labels of queries are int64 of shape \(2,\)"):
        measure_ranking(LabelledVectors(pictures.vectors, np.array([0, 1])), pictures)
    with pytest.raises(ValueError, match="labels of database are float64"):
        measure_ranking(pictures, LabelledVectors(pictures.vectors, pictures.labels / 2))
    with pytest.raises(ValueError, match="at least 1"):
        MetricChoice(cutoffs=(0, 5))


VALUES = np.array([1.0, 0.0, math.nan, 0.5, math.nan])


def test_micro_leaves_out_and_counts_queries_without_a_value():
    assert mean_over_queries(VALUES) == Mean(0.5, counted=3, left_out=2)


def test_macro_gives_every_class_the_same_weight():
    labels = np.array([4, 4, 4, 9, 2])
    # Class 4: (1 + 0) / 2; class 9: 0.5 ; class 2 has no query with a value.
    assert mean_over_classes(VALUES, labels) == Mean(0.5, counted=2, left_out=1)
    unequal = np.array([1.0, 1.0, 1.0, 0.0])
    assert mean_over_classes(unequal, np.array([0, 0, 0, 1])).value == 0.5
    assert mean_over_queries(unequal).value == 0.75


def test_pictures_without_a_label_are_no_class():
    assert mean_over_classes(np.array([1.0, 0.0]), np.array([0, -1])) == Mean(1.0, counted=1, left_out=0)


@pytest.mark.parametrize("values", [np.array([]), np.array([math.nan, math.nan])])
def test_nothing_to_average_is_nan_without_a_warning(values):
    assert math.isnan(mean_over_queries(values).value)
    assert math.isnan(mean_over_classes(values, np.zeros(len(values), dtype=int)).value)


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"shape \(1, 2\), expected \(queries,\)"):
        mean_over_queries(np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"labels has shape \(3,\), expected \(2,\)"):
        mean_over_classes(np.zeros(2), np.zeros(3, dtype=int))
