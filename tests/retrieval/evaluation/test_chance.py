import itertools

import numpy as np
import pytest

from retrieval.evaluation import (
    MetricChoice,
    average_precision,
    knn_labels,
    ndcg,
    precision_at,
    recall_at,
    reciprocal_rank,
)
from retrieval.evaluation.chance import chance_curve, chance_values, chance_votes

CHOICE = MetricChoice(cutoffs=(1, 3), neighbours=3)


def every_order(relevant, answers):
    places = list(itertools.combinations(range(answers), relevant))
    orders = np.zeros((len(places), answers), dtype=bool)
    for row, columns in zip(orders, places, strict=True):
        row[list(columns)] = True
    return orders, np.full(len(places), relevant)


@pytest.mark.parametrize(("relevant", "answers"), [(1, 1), (1, 5), (2, 5), (4, 6), (5, 5), (3, 9), (1, 2)])
def test_expected_values_are_the_means_over_every_order(relevant, answers):
    orders, totals = every_order(relevant, answers)
    values = chance_values(np.array([relevant]), np.array([answers]), CHOICE)
    expected = {
        "map": average_precision(orders, totals),
        "mrr": reciprocal_rank(orders, totals),
        "ndcg": ndcg(orders, totals),
        "precision_at_1": precision_at(orders, totals, k=1),
        "precision_at_3": precision_at(orders, totals, k=min(3, answers)),
        "recall_at_3": recall_at(orders, totals, k=min(3, answers)),
        "ndcg_at_3": ndcg(orders, totals, k=min(3, answers)),
    }
    for name, over_orders in expected.items():
        assert values[name].tolist() == pytest.approx([np.mean(over_orders)], rel=1e-12), name


def test_queries_come_in_their_order_and_those_with_nothing_to_find_have_no_value():
    values = chance_values(np.array([3, 0, 1]), np.array([4, 4, 4]), CHOICE)
    assert values["precision_at_1"].tolist() == pytest.approx([0.75, np.nan, 0.25], nan_ok=True)
    assert all(np.isnan(values[name][1]) for name in values)


def test_more_right_answers_than_answers_are_refused():
    with pytest.raises(ValueError, match="more relevant answers than answers"):
        chance_values(np.array([3]), np.array([2]), CHOICE)


def test_votes_are_near_the_mean_over_every_draw():
    database = np.array([0, 0, 0, 1, 1, 2, -1])
    drawn = np.array(list(itertools.permutations([0, 0, 1, 1, 2, -1], 3)))
    expected = np.mean(knn_labels(drawn) == 0)
    votes = chance_votes(np.array([0, 1, -1]), database, np.array([2, 1, 0]), neighbours=3)
    assert votes[0] == pytest.approx(expected, abs=0.04)
    assert np.isnan(votes[2])


def test_no_picture_votes_twice():
    # One other picture of class 0 among 81: were it drawn twice, it would outvote those of other classes.
    database = np.concatenate([[0, 0], np.arange(1, 81)])
    votes = chance_votes(np.array([0]), database, np.array([1]), neighbours=4)
    # It is among the four drawn in 4/81 of the cases, and then wins where it is drawn first.
    assert votes.tolist() == pytest.approx([1 / 81], abs=0.008)


def test_the_curve_of_guessing_is_that_of_rankings_at_random():
    # By 4,000 simulated rankings: 9 right ones of 59, at recall 0, .5 and 1.
    curve = chance_curve(np.array([9, 9]), np.array([59, 59]), levels=21)
    np.testing.assert_allclose(curve[[0, 10, 20]], [0.40, 0.206, 0.169], atol=0.04)
    assert (np.diff(curve) <= 0).all()


def test_the_curve_of_guessing_weighs_queries_alike():
    both = chance_curve(np.array([1, 1, 1]), np.array([1, 1, 1000]), levels=2)
    assert both[0] == pytest.approx(2 / 3, abs=0.02)
