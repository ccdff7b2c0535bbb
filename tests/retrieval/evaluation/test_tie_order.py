import numpy as np

from retrieval.evaluation.tie_order import TieOrder


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
