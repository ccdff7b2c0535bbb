import numpy as np
import pytest

from index_store.searchers import distances
from index_store.searchers.distances import distances_to, first_nearest, nearest_among


def test_euclidean_distances():
    found = distances_to(np.float32([1, 1]), np.float32([[1, 1], [4, 5], [1, 0]]), "l2")
    assert found.dtype == np.float32
    assert found.tolist() == [0, 5, 1]


def test_cosine_distances_of_vectors_of_length_1():
    vectors = np.float32([[1, 0], [0, 1], [-1, 0], [0.6, 0.8]])
    np.testing.assert_allclose(distances_to(vectors[0], vectors, "cosine"), [0, 1, 2, 0.4], rtol=1e-6)


def test_a_cosine_distance_is_never_above_2():
    vector = np.float32([[0.6, 0.8]]) * np.float32(1 + 5e-7)
    assert distances_to(vector[0], -vector, "cosine").tolist() == [2]


def test_near_vectors_far_from_the_origin_keep_their_distances():
    vectors = np.float32([[10_000, 0], [10_000, 0.001]])
    np.testing.assert_allclose(distances_to(vectors[0], vectors, "l2"), [0, 0.001], rtol=1e-6)


@pytest.mark.parametrize("metric", ["l2", "cosine"])
def test_blocks_change_nothing(metric, monkeypatch):
    vectors = np.random.default_rng(0).normal(size=(23, 5)).astype(np.float32)
    whole = distances_to(vectors[0], vectors, metric)
    monkeypatch.setattr(distances, "_BLOCK_NUMBERS", 20)
    np.testing.assert_array_equal(distances_to(vectors[0], vectors, metric), whole)


@pytest.mark.parametrize(
    ("k", "expected"),
    [(0, []), (1, [1]), (2, [1, 3]), (3, [1, 3, 4]), (4, [1, 3, 4, 2]), (9, [1, 3, 4, 2, 0])],
)
def test_equal_distances_come_in_the_order_of_their_positions(k, expected):
    assert first_nearest(np.float32([3, 1, 2, 1, 1]), k).tolist() == expected


def test_the_nearest_of_some_candidates():
    vectors = np.float32([[0], [1], [2], [1]])
    found, positions = nearest_among(np.float32([0]), vectors, np.array([3, 2, 1]), 2, "l2")
    assert (found.tolist(), positions.tolist()) == ([1, 1], [1, 3])
