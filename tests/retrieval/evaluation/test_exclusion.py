import numpy as np
import pytest

from retrieval.evaluation import Exclusion


def parsed(exclude, num_queries=2, num_rows=3):
    return Exclusion.parse(exclude, num_queries=num_queries, num_rows=num_rows)


def left_out(exclusion, num_rows=3):
    distances = np.zeros((len(exclusion.query_ids), num_rows), dtype=np.float32)
    exclusion.apply(distances, slice(0, len(distances)))
    return [np.flatnonzero(np.isinf(row)).tolist() for row in distances]


def test_one_row_a_query_and_minus_one_for_none():
    exclusion = parsed(np.array([2, -1]))
    assert left_out(exclusion) == [[2], []]
    assert exclusion.counts().tolist() == [1, 0]


def test_nothing_is_left_out_by_none():
    assert left_out(parsed(None)) == [[], []]
    assert parsed(None).counts().tolist() == [0, 0]


def test_all_copies_of_a_picture_are_left_out_by_their_common_id():
    exclusion = parsed(Exclusion(np.array([7, 9]), np.array([7, 9, 7])))
    assert left_out(exclusion) == [[0, 2], [1]]
    assert exclusion.counts().tolist() == [2, 1]


def test_negative_ids_match_nothing_not_even_each_other():
    exclusion = parsed(Exclusion(np.array([-1, 9]), np.array([-1, 9, -1])))
    assert left_out(exclusion) == [[], [1]]
    assert exclusion.counts().tolist() == [0, 1]


def test_a_part_of_the_queries_has_its_own_ids():
    distances = np.zeros((1, 3), dtype=np.float32)
    parsed(np.array([0, 1])).apply(distances, slice(1, 2))
    assert np.isinf(distances[0]).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("exclude", "error", "words"),
    [
        (np.array([0, 3]), ValueError, "row 3 of a database of 3 rows"),
        (np.array([0]), ValueError, r"exclude has shape \(1,\), expected \(2,\)"),
        (np.array([0.0, 1.0]), TypeError, "exclude holds float64"),
        (Exclusion(np.array([0]), np.array([0, 1, 2])), ValueError, "query_ids has shape"),
        (Exclusion(np.array([0, 1]), np.array([0, 1])), ValueError, "database_ids has shape"),
    ],
)
def test_what_does_not_fit_is_refused(exclude, error, words):
    with pytest.raises(error, match=words):
        parsed(exclude)
