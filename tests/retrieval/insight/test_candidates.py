from __future__ import annotations

import numpy as np

from retrieval.insight.candidates import missing_pairs, near_pairs
from retrieval.insight.compared import ComparedPictures


def test_near_pairs_are_those_within_the_distance_nearest_first(photos, model):
    from retrieval import Retriever

    pictures = ComparedPictures.of(Retriever.build(photos, encoder=model))
    names = [picture.path.stem for picture in pictures.pictures]
    pairs = near_pairs(pictures, np.arange(len(pictures)), 0.3)
    told = [({names[one], names[other]}, number) for one, other, number in pairs.tolist()]
    assert told[0] == ({"red", "reddish"}, 0)
    # Blue and red are each at 0.29289 from violet; reddish is farther away.
    assert len(told) == 3
    assert ({"red", "violet"}, 0) in told
    assert ({"blue", "violet"}, 0) in told
    assert (pairs[:, 0] < pairs[:, 1]).all()


def test_the_one_to_keep_is_compared_with_all_that_are_linked_in_steps():
    linked = np.array([[4, 1], [1, 2], [5, 6]])
    seen = np.array([[1, 4, 0], [1, 2, 0], [5, 6, 0]])
    missing = missing_pairs(linked, seen, [0, 2, 1, 3, 4, 5, 6])
    assert missing.tolist() == [[2, 4, 0]]


def test_with_turns_it_is_compared_in_all_ways():
    missing = missing_pairs(
        np.array([[0, 1], [1, 2]]), np.array([[0, 1, 3], [1, 2, 0]]), [0, 1, 2], turned=True
    )
    assert missing.tolist() == [[0, 2, number] for number in range(8)]


def test_without_links_nothing_is_missing():
    assert missing_pairs(np.empty((0, 2), dtype=int), np.empty((0, 3), dtype=int), [0, 1]).shape == (0, 3)


def test_with_turns_two_that_lie_near_as_they_are_are_looked_at_so_as_well(photos, model):
    from retrieval import Retriever

    pictures = ComparedPictures.of(Retriever.build(photos, encoder=model))
    upright = near_pairs(pictures, np.arange(len(pictures)), 0.3)
    either = near_pairs(pictures, np.arange(len(pictures)), 0.3, turned=True)
    # The encoder averages over the picture: whichever way they are turned, they lie as near.
    assert {tuple(pair) for pair in upright.tolist()} <= {tuple(pair) for pair in either.tolist()}
    assert len(either) == 2 * len(upright)
