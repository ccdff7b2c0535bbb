import numpy as np
import pytest

from retrieval.evaluation.relevance import Relevance, check_k


def test_hits_are_listed_by_query_and_rank():
    answers = np.array([[True, False, True], [False, False, False], [False, True, False]])
    hits = Relevance.parse(answers, np.array([2, 1, 1]), None).hits()
    assert hits.query.tolist() == [0, 0, 2]
    assert hits.rank.tolist() == [1, 3, 2]
    assert hits.ordinal.tolist() == [1, 2, 1]


def test_k_cuts_the_answers_but_not_the_number_of_relevant_items():
    checked = Relevance.parse(np.array([[True, False, True]]), np.array([2]), 2)
    assert checked.answers.tolist() == [[True, False]]
    assert checked.num_relevant.tolist() == [2]


def test_dividing_by_nothing_to_find_gives_nan_without_a_warning():
    checked = Relevance.parse(np.array([[True], [False]]), np.array([1, 0]), None)
    quotients = checked.divide(np.array([1.0, 0.0]), np.array([2, 0]))
    assert quotients[0] == 0.5
    assert np.isnan(quotients[1])


def test_k_of_none_is_the_whole_list():
    assert check_k(None, 7) == 7
    assert check_k(9, 7) == 9
    with pytest.raises(ValueError, match="k is -1"):
        check_k(-1, 7)
