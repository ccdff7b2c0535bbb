"""Where a brute-force search in float32 goes wrong, the flat searcher must not."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from index_store import ExactSearcher, FlatSearcher
from index_store.searchers import flat


@pytest.fixture(autouse=True)
def with_faiss(monkeypatch):
    """Else work as small as this is left to NumPy."""
    monkeypatch.setattr(flat, "_NUMPY_NUMBERS", 0)


def rounded_knn(queries, vectors, k):
    """|q|² + |x|² - 2qx in float32, as FAISS computes it on some systems and in some of its versions."""
    squares = (queries**2).sum(axis=1)[:, None] + (vectors**2).sum(axis=1) - 2 * queries @ vectors.T
    positions = np.argsort(-squares, axis=1, kind="stable")[:, ::-1][:, :k]
    return np.take_along_axis(squares, positions, axis=1), positions


@pytest.fixture(params=["faiss", "rounded"])
def knn(request, monkeypatch):
    """The search that candidates come from."""
    if request.param == "rounded":
        monkeypatch.setattr(flat, "load_faiss", lambda: SimpleNamespace(knn=rounded_knn))


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


def test_numbers_whose_squares_float32_cannot_hold():
    vectors = np.random.default_rng(2).normal(size=(60, 4)).astype(np.float32) * np.float32(1e25)
    assert_exact(vectors, vectors[:25], 3)


def test_the_candidates_are_trusted_where_rounding_cannot_matter(monkeypatch):
    vectors = np.random.default_rng(3).normal(size=(300, 8)).astype(np.float32)
    searcher = FlatSearcher.build(vectors, "l2")
    monkeypatch.setattr(searcher, "_exact", None)
    assert searcher.search(vectors[:30], 1)[1].ravel().tolist() == list(range(30))


def test_small_work_is_done_without_faiss(monkeypatch):
    monkeypatch.setattr(flat, "_NUMPY_NUMBERS", 12)
    monkeypatch.setitem(sys.modules, "faiss", None)
    searcher = FlatSearcher.build(np.float32([[0, 0], [3, 4]]), "l2")
    assert searcher.search(np.float32([[0, 0]] * 3), 2)[0].tolist() == [[0, 5]] * 3
    with pytest.raises(ImportError):
        searcher.search(np.float32([[0, 0]] * 4), 2)
