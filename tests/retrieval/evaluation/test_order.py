import numpy as np
import pytest

from retrieval.evaluation.order import TieOrder


def plain_order(distances, places):
    """Rows by distance and then by place, one query at a time; -1 for those infinitely far away."""
    return [
        [
            row if np.isfinite(each[row]) else -1
            for row in sorted(range(len(each)), key=lambda row: (each[row], places[row]))
        ]
        for each in distances
    ]


@pytest.fixture(params=[None, 7])
def ties(request):
    return TieOrder.of(40, request.param)


@pytest.fixture
def distances():
    """Few different ones, and some rows that are left out, of one query all."""
    random = np.random.default_rng(0)
    drawn = random.integers(0, 4, (30, 40)).astype(np.float32)
    drawn[random.random(drawn.shape) < 0.2] = np.inf
    drawn[3] = np.inf
    return drawn


def test_answers_come_by_distance_and_then_by_place(ties, distances):
    ranked = ties.ranked(5, distances, 40)
    assert ranked.order.tolist() == plain_order(distances, ties.places)
    np.testing.assert_array_equal(ranked.distances, np.sort(distances, axis=1))
    assert ranked.queries == slice(5, 35)


def test_the_first_answers_are_the_first_of_all(ties, distances):
    whole = ties.ranked(0, distances, 40)
    np.testing.assert_array_equal(whole.nearest(3).order, whole.order[:, :3])
    np.testing.assert_array_equal(ties.ranked(0, distances, 9).order, whole.order[:, :9])
    np.testing.assert_array_equal(ties.nearest(distances), whole.order[:, 0])


def test_what_is_known_of_rows_comes_in_the_order_of_the_answers(ties, distances):
    ranked, labels = ties.ranked(0, distances, 40), np.arange(40) // 7
    expected = [[-1 if row < 0 else labels[row] for row in rows] for rows in ranked.order.tolist()]
    assert ranked.of_rows(labels, missing=-1).tolist() == expected


def test_the_rank_of_a_target_is_its_place_in_the_order(ties, distances):
    few = np.delete(distances, 3, axis=0)
    targets = np.array([np.random.default_rng(1).choice(np.flatnonzero(np.isfinite(each))) for each in few])
    order = ties.ranked(0, few, 40).order
    np.testing.assert_array_equal(
        ties.ranks_of(targets, few), np.argmax(order == targets[:, None], axis=1) + 1
    )


def test_without_a_seed_the_place_is_the_position():
    ties = TieOrder.of(4, None)
    assert ties.places.tolist() == ties.rows.tolist() == [0, 1, 2, 3]


def test_a_seed_shuffles_the_same_way_every_time():
    ties, again, other = TieOrder.of(50, 3), TieOrder.of(50, 3), TieOrder.of(50, 4)
    assert ties.rows.tolist() == again.rows.tolist()
    assert ties.rows.tolist() != other.rows.tolist()
    assert sorted(ties.rows.tolist()) == list(range(50))


def test_rows_and_places_undo_each_other():
    ties = TieOrder.of(20, 0)
    np.testing.assert_array_equal(ties.rows[ties.places], np.arange(20))
