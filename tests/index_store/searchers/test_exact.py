import sys

import numpy as np
import pytest

from index_store import ExactSearcher, FlatSearcher
from index_store.searchers import exact
from index_store.searchers.exact import distances_to, first_nearest, nearest, nearest_among


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
    monkeypatch.setattr(exact, "_BLOCK_NUMBERS", 20)
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


# Where a brute-force search in float32 goes wrong, the flat searcher must not.


@pytest.fixture
def with_faiss(monkeypatch):
    """FlatSearcher uses FAISS: else work as small as this is left to NumPy."""
    monkeypatch.setattr(exact, "_NUMPY_NUMBERS", 0)


def rounded_knn(queries, vectors, k):
    """|q|² + |x|² - 2qx in float32, as FAISS computes it on some systems and in some of its versions."""
    squares = (queries**2).sum(axis=1)[:, None] + (vectors**2).sum(axis=1) - 2 * queries @ vectors.T
    positions = np.argsort(-squares, axis=1, kind="stable")[:, ::-1][:, :k]
    return np.take_along_axis(squares, positions, axis=1), positions


@pytest.fixture(params=["faiss", "rounded"])
def knn(request, monkeypatch, with_faiss):
    """The search that candidates come from."""
    if request.param == "rounded":
        monkeypatch.setattr("faiss.knn", rounded_knn)


def assert_exact(vectors, queries, k):
    found = FlatSearcher.build(vectors, "l2").search(queries, k)
    expected = ExactSearcher.build(vectors, "l2").search(queries, k)
    np.testing.assert_array_equal(found[1], expected[1])
    np.testing.assert_array_equal(found[0], expected[0])


@pytest.mark.usefixtures("knn")
def test_more_copies_than_are_fetched_come_in_the_order_of_their_positions():
    vectors = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    vectors[50:200] = vectors[0]
    assert_exact(vectors, np.repeat(vectors[:1], 30, axis=0), 5)


@pytest.mark.usefixtures("knn")
def test_small_differences_far_from_the_origin():
    vectors = np.random.default_rng(1).normal(size=(400, 8)).astype(np.float32) + np.float32(3000)
    assert_exact(vectors, vectors[:30], 3)


@pytest.mark.usefixtures("with_faiss")
def test_numbers_whose_squares_float32_cannot_hold():
    vectors = np.random.default_rng(2).normal(size=(60, 4)).astype(np.float32) * np.float32(1e25)
    assert_exact(vectors, vectors[:25], 3)


@pytest.mark.usefixtures("with_faiss")
def test_the_candidates_are_trusted_where_rounding_cannot_matter(monkeypatch):
    vectors = np.random.default_rng(3).normal(size=(300, 8)).astype(np.float32)
    searcher = FlatSearcher.build(vectors, "l2")

    def nearest_of_few(query, few, *options):
        assert len(few) < len(vectors)
        return nearest(query, few, *options)

    monkeypatch.setattr(exact, "nearest", nearest_of_few)
    assert searcher.search(vectors[:30], 1)[1].ravel().tolist() == list(range(30))


def test_small_work_is_done_without_faiss(monkeypatch):
    monkeypatch.setattr(exact, "_NUMPY_NUMBERS", 12)
    monkeypatch.setitem(sys.modules, "faiss", None)
    searcher = FlatSearcher.build(np.float32([[0, 0], [3, 4]]), "l2")
    assert searcher.search(np.float32([[0, 0]] * 3), 2)[0].tolist() == [[0, 5]] * 3
    with pytest.raises(ImportError):
        searcher.search(np.float32([[0, 0]] * 4), 2)
