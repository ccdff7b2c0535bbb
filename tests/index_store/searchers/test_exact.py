import sys

import numpy as np
import pytest

from index_store.searchers import distances, exact, masks, products
from index_store.searchers.distances import distances_to, first_nearest, nearest_among
from index_store.searchers.exact import ExactSearcher, FlatSearcher


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
    found, positions = nearest_among(vectors[[0, 2]], vectors, np.array([[3, 2, 1], [-1, 0, -1]]), 2, "l2")
    assert (found.tolist(), positions.tolist()) == ([[1, 1], [2, np.inf]], [[1, 3], [0, -1]])


# Where a brute-force search in float32 goes wrong, the flat searcher must not.


@pytest.fixture(params=["small", "of many parts"])
def blocks(request, monkeypatch):
    """Blocks of 16 vectors, or of 1,024 whose products are taken by parts."""
    vectors = 16 if request.param == "small" else 1_024
    monkeypatch.setattr(products, "_LEAST_VECTORS", vectors)
    monkeypatch.setattr(products, "_BLOCK_SCORES", vectors)
    if request.param != "small":
        monkeypatch.setattr(products, "_GEMM_PRODUCTS", 2_500)
        monkeypatch.setattr(products, "_GEMV_NUMBERS", 100)


def assert_exact(vectors, queries, k, metric="l2", among=None):
    searcher = FlatSearcher(vectors, metric)
    expected = ExactSearcher(vectors, metric).search(queries, k, among)
    for _ in ("first", "with what is known from the first"):
        found = searcher.search(queries, k, among)
        np.testing.assert_array_equal(found[1], expected[1])
        np.testing.assert_array_equal(found[0], expected[0])


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("num_queries", [1, 2, 7, 40])
@pytest.mark.parametrize("spread", [0.0, 1e-7, 1e-4, 0.01, 1.0])
def test_lengths_that_hardly_differ_and_those_that_do(num_queries, spread):
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(1_531, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors *= (1 + spread * rng.random((len(vectors), 1))).astype(np.float32)
    assert_exact(
        vectors, vectors[:num_queries], 9, among=None if num_queries % 2 else rng.random(1_531) < 0.5
    )


@pytest.mark.usefixtures("blocks")
def test_more_copies_than_are_fetched_come_in_the_order_of_their_positions():
    vectors = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    vectors[50:200] = vectors[0]
    assert_exact(vectors, np.repeat(vectors[:1], 30, axis=0), 5)


@pytest.mark.usefixtures("blocks")
def test_small_differences_far_from_the_origin():
    vectors = np.random.default_rng(1).normal(size=(400, 8)).astype(np.float32) + np.float32(3000)
    assert_exact(vectors, vectors[:30], 3)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("scale", [1e18, 1e19, 1e20, 1e25, 1e37])
def test_numbers_whose_squares_float32_cannot_hold(scale):
    vectors = np.random.default_rng(2).normal(size=(60, 4)).astype(np.float32)
    vectors[::2] *= np.float32(scale)
    assert_exact(vectors, vectors[:25], 3)


@pytest.mark.usefixtures("blocks")
def test_a_row_that_grows_nearer_and_nearer():
    vectors = np.arange(500, 0, -1, dtype=np.float32).reshape(-1, 1)
    assert_exact(vectors, np.float32([[0], [250]]), 7)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("share", [0.01, 0.2, 0.9])
def test_only_those_that_may_be_answered_are(share, monkeypatch):
    monkeypatch.setattr(masks, "_FEW", 0)
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(500, 8)).astype(np.float32)
    assert_exact(vectors, vectors[:20], 10, among=rng.random(500) < share)


def test_the_candidates_are_trusted_where_rounding_cannot_matter(monkeypatch):
    vectors = np.random.default_rng(3).normal(size=(300, 8)).astype(np.float32)
    monkeypatch.setattr(exact, "ExactSearcher", None)
    found = FlatSearcher(vectors, "l2").search(vectors[:30], 1)
    assert found[1].ravel().tolist() == list(range(30))


def test_exact_search_is_done_without_faiss(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    searcher = FlatSearcher(np.float32([[0, 0], [3, 4]]), "l2")
    assert searcher.search(np.float32([[0, 0]] * 3), 2)[0].tolist() == [[0, 5]] * 3
