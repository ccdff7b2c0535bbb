import itertools
import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

from retrieval.evaluation import average_precision, average_precision_with_ties, ndcg, ndcg_with_ties


def tied_lists(seed, distinct, shape=(25, 40)):
    """Ranked lists of random relevance with `distinct` different distances."""
    random = np.random.default_rng(seed)
    distances = np.sort(random.integers(0, distinct, shape), axis=1) / 8.0
    relevant = random.random(shape) < 0.25
    relevant[:, 3] = True
    return relevant, distances, relevant.sum(axis=1)


@pytest.mark.parametrize("distinct", [1, 2, 5, 30, 10_000])
@pytest.mark.parametrize("seed", range(3))
def test_average_precision_agrees_with_scikit_learn(seed, distinct):
    relevant, distances, totals = tied_lists(seed, distinct)
    expected = [average_precision_score(*row) for row in zip(relevant, -distances, strict=True)]
    ours = average_precision_with_ties(relevant, distances, totals)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("distinct", [1, 2, 5, 30, 10_000])
@pytest.mark.parametrize("k", [None, 1, 10, 40, 100])
def test_ndcg_agrees_with_scikit_learn(distinct, k):
    relevant, distances, totals = tied_lists(7, distinct)
    pairs = zip(relevant, -distances, strict=True)
    expected = [ndcg_score(row[None], scores[None], k=k) for row, scores in pairs]
    ours = ndcg_with_ties(relevant, distances, totals, k=k)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9)


def test_without_ties_they_are_the_plain_metrics():
    relevant, _, totals = tied_lists(1, 3)
    distances = np.broadcast_to(np.arange(40.0), relevant.shape)
    plain = average_precision(relevant, totals)
    np.testing.assert_allclose(average_precision_with_ties(relevant, distances, totals), plain, atol=1e-12)
    np.testing.assert_allclose(
        ndcg_with_ties(relevant, distances, totals), ndcg(relevant, totals), atol=1e-12
    )


def test_ndcg_is_the_mean_over_all_orders_of_the_equals():
    relevant = np.array([[True, False, True, False]])
    distances = np.array([[1.0, 2.0, 2.0, 2.0]])
    orders = [[0, *rest] for rest in itertools.permutations([1, 2, 3])]
    expected = np.mean([ndcg(relevant[:, order], np.array([2])) for order in orders])
    assert ndcg_with_ties(relevant, distances, np.array([2])) == pytest.approx([expected])


def test_a_method_that_cannot_tell_pictures_apart_gets_the_share_of_relevant_ones():
    relevant = np.array([[True, True, False, False, False, False, False, False]])
    assert average_precision_with_ties(relevant, np.ones((1, 8)), np.array([2])).tolist() == [0.25]


def test_padding_at_infinite_distance_and_nothing_to_find():
    relevant = np.array([[True, False, False], [False, False, False]])
    distances = np.array([[1.0, np.inf, np.inf], [1.0, 2.0, np.inf]])
    for metric in (average_precision_with_ties, ndcg_with_ties):
        first, second = metric(relevant, distances, np.array([1, 0]))
        assert first == 1.0
        assert math.isnan(second)


@pytest.mark.parametrize("metric", [average_precision_with_ties, ndcg_with_ties])
@pytest.mark.parametrize(
    ("distances", "words"),
    [
        ([[1.0]], r"shape \(1, 1\), expected \(1, 2\)"),
        ([[2.0, 1.0]], "not ascending"),
        ([[1.0, math.nan]], "not ascending"),
    ],
)
def test_distances_must_fit_and_ascend(metric, distances, words):
    with pytest.raises(ValueError, match=words):
        metric(np.array([[True, False]]), np.array(distances), np.array([1]))
