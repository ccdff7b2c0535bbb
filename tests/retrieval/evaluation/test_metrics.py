import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import average_precision_score, ndcg_score

from retrieval.evaluation import (
    average_precision,
    interpolated_precision,
    ndcg,
    precision_at,
    recall_at,
    reciprocal_rank,
)
from retrieval.evaluation.metrics import Relevance, check_k

SAME_SIGNATURE = [precision_at, recall_at, average_precision, reciprocal_rank, ndcg, interpolated_precision]

# Found at ranks 2, 3 and 6 of 6; a fourth relevant item is behind the end of the list.
LIST = np.array([[False, True, True, False, False, True]])
TOTAL = np.array([4])


def test_values_worked_by_hand_on_a_cut_list():
    assert precision_at(LIST, TOTAL, k=5) == pytest.approx([2 / 5])
    assert recall_at(LIST, TOTAL, k=5) == pytest.approx([2 / 4])
    assert reciprocal_rank(LIST, TOTAL) == pytest.approx([1 / 2])
    assert average_precision(LIST, TOTAL) == pytest.approx([(1 / 2 + 2 / 3 + 3 / 6) / 4])
    gained = 1 / math.log2(3) + 1 / math.log2(4) + 1 / math.log2(7)
    best = 1 + 1 / math.log2(3) + 1 / math.log2(4) + 1 / math.log2(5)
    assert ndcg(LIST, TOTAL) == pytest.approx([gained / best])


def test_with_k_only_the_nearest_k_count():
    assert average_precision(LIST, TOTAL, k=3) == pytest.approx([(1 / 2 + 2 / 3) / 4])
    assert reciprocal_rank(LIST, TOTAL, k=1).tolist() == [0.0]
    best_two = 1 + 1 / math.log2(3)
    assert ndcg(LIST, TOTAL, k=2) == pytest.approx([1 / math.log2(3) / best_two])


def test_queries_are_measured_one_by_one():
    lists = np.array([[True, False, True], [False, False, False], [False, True, False]])
    totals = np.array([2, 1, 1])
    assert average_precision(lists, totals) == pytest.approx([(1 + 2 / 3) / 2, 0.0, 1 / 2])
    assert reciprocal_rank(lists, totals).tolist() == [1.0, 0.0, 0.5]
    assert precision_at(lists, totals, k=2).tolist() == [0.5, 0.0, 0.5]


def test_fewer_answers_than_k_precision_still_divides_by_k():
    relevant = np.array([[True, True, False]])
    assert precision_at(relevant, np.array([2]), k=10).tolist() == [0.2]
    assert recall_at(relevant, np.array([2]), k=10).tolist() == [1.0]
    assert ndcg(relevant, np.array([2]), k=10).tolist() == [1.0]


@pytest.mark.parametrize("metric", SAME_SIGNATURE)
def test_a_query_with_nothing_to_find_has_no_value_and_one_that_found_nothing_has_zero(metric):
    values = metric(np.zeros((2, 4), dtype=bool), np.array([0, 3]), k=2)
    assert np.isnan(values[0]).all()
    assert (values[1] == 0.0).all()


@pytest.mark.parametrize("metric", SAME_SIGNATURE)
def test_an_empty_ranking_and_no_queries_at_all_are_measured_too(metric):
    alone = metric(np.zeros((1, 0), dtype=bool), np.array([0]))
    assert len(alone) == 1
    assert np.isnan(alone).all()
    assert len(metric(np.zeros((0, 5), dtype=bool), np.zeros(0, dtype=np.int64))) == 0


@pytest.mark.parametrize("metric", SAME_SIGNATURE)
@pytest.mark.parametrize(
    ("relevant", "total", "k", "error", "words"),
    [
        ([True, False], [1], None, ValueError, r"shape \(2,\).*np\.newaxis"),
        ([[1, 0]], [1], None, TypeError, "int64, expected bool"),
        ([[True, False]], [1, 1], None, ValueError, r"shape \(2,\), expected \(1,\)"),
        ([[True, False]], [1.0], None, TypeError, "float64, expected integers"),
        ([[True, True]], [1], None, ValueError, "query 0 has 2 relevant answers but num_relevant says 1"),
        ([[True, False]], [1], 0, ValueError, "k is 0, expected at least 1"),
    ],
)
def test_all_metrics_refuse_the_same_things(metric, relevant, total, k, error, words):
    with pytest.raises(error, match=words):
        metric(np.array(relevant), np.array(total), k=k)


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_and_ndcg_agree_with_scikit_learn(seed):
    random = np.random.default_rng(seed)
    relevant = random.random((20, 50)) < 0.2
    relevant[:, 7] = True  # scikit-learn has no value for a query with nothing to find
    scores = np.broadcast_to(-np.arange(50.0), relevant.shape)
    totals = relevant.sum(axis=1)
    ours = average_precision(relevant, totals)
    theirs = [average_precision_score(row, score) for row, score in zip(relevant, scores, strict=True)]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)
    for k in (None, 1, 10, 50, 80):
        expected = [
            ndcg_score(row[None], score[None], k=k) for row, score in zip(relevant, scores, strict=True)
        ]
        np.testing.assert_allclose(ndcg(relevant, totals, k=k), expected, rtol=0, atol=1e-9)


def test_the_curve_by_hand():
    # Found at ranks 1, 3, 6 and 10 of four: precisions 1, 2/3, 1/2, 2/5 (Manning's way of interpolating).
    relevant = np.zeros((1, 12), dtype=bool)
    relevant[0, [0, 2, 5, 9]] = True
    expected = [1, 1, 1, 2 / 3, 2 / 3, 2 / 3, 1 / 2, 1 / 2, 2 / 5, 2 / 5, 2 / 5]
    assert interpolated_precision(relevant, np.array([4]))[0] == pytest.approx(expected)


def test_the_curve_takes_a_higher_precision_that_comes_later():
    relevant = np.array([[False, True, True, True]])  # 1/2, 2/3, 3/4
    assert interpolated_precision(relevant, np.array([3]), levels=4)[0] == pytest.approx([3 / 4] * 4)


def test_the_curve_is_zero_where_that_recall_was_not_reached():
    relevant = np.array([[True, False]])
    assert interpolated_precision(relevant, np.array([2]), levels=3).tolist() == [[1.0, 1.0, 0.0]]


def test_three_tenths_of_ten_items_are_three_items():
    assert 3 * 0.1 * 10 > 3  # what a computation in floating point would ask for
    relevant = np.zeros((1, 40), dtype=bool)
    relevant[0, :3] = True
    relevant[0, 30:37] = True
    curve = interpolated_precision(relevant, np.array([10]))[0]
    assert curve[3] == 1.0
    assert curve[4] < 1.0


def test_the_curve_needs_two_levels():
    with pytest.raises(ValueError, match="levels is 1"):
        interpolated_precision(LIST, TOTAL, levels=1)


rankings = hnp.arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 12)))


@given(rankings, st.integers(1, 15))
def test_values_lie_between_zero_and_one_and_a_perfect_ranking_has_one(relevant, k):
    totals = relevant.sum(axis=1)
    perfect = -np.sort(-relevant.astype(int), axis=1) == 1
    for metric in (average_precision, reciprocal_rank, ndcg):
        values, best = metric(relevant, totals, k=k), metric(perfect, totals)
        assert np.all(np.isnan(values) | ((values >= 0) & (values <= 1 + 1e-12)))
        assert np.all(np.isnan(best) | np.isclose(best, 1.0))


@given(rankings, st.integers(0, 5))
def test_answers_that_are_not_relevant_at_the_end_change_nothing(relevant, padding):
    totals = relevant.sum(axis=1)
    longer = np.pad(relevant, ((0, 0), (0, padding)))
    for metric in (average_precision, reciprocal_rank, ndcg, interpolated_precision, recall_at):
        np.testing.assert_array_equal(metric(longer, totals), metric(relevant, totals))


def test_relevant_answers_are_listed_by_query_and_rank():
    answers = np.array([[True, False, True], [False, False, False], [False, True, False]])
    checked = Relevance.parse(answers, np.array([2, 1, 1]), None)
    assert checked.query.tolist() == [0, 0, 2]
    assert checked.rank.tolist() == [1, 3, 2]
    assert checked.ordinal.tolist() == [1, 2, 1]
    assert checked.found.tolist() == [2, 0, 1]


def test_k_cuts_the_answers_but_not_the_number_of_relevant_items():
    checked = Relevance.parse(np.array([[True, False, True]]), np.array([2]), 2)
    assert checked.rank.tolist() == [1]
    assert checked.found.tolist() == [1]
    assert checked.num_relevant.tolist() == [2]


def test_dividing_by_nothing_to_find_gives_nan_without_a_warning():
    checked = Relevance.parse(np.array([[True], [False]]), np.array([1, 0]), None)
    recalls = checked.recall()
    assert recalls[0] == 1.0
    assert np.isnan(recalls[1])


def test_k_of_none_is_the_whole_list():
    assert check_k(None, 7) == 7
    assert check_k(9, 7) == 9
    with pytest.raises(ValueError, match="k is -1"):
        check_k(-1, 7)
