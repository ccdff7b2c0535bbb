"""Compression that keeps neighbours, against plain NumPy."""

import numpy as np
import pytest
from scipy.optimize import check_grad

from retrieval.autoencoder.solved import compression
from retrieval.autoencoder.solved.compression import keep_neighbors
from retrieval.autoencoder.solved.lda import compress, unit
from retrieval.autoencoder.solved.neighbors import nearest_others


def make_vectors(n=300, *, kinds=12, dims=40, fine=20, seed=0):
    """Pictures of 12 kinds, which vary most, and pairs of pictures alike in what varies little."""
    rng = np.random.default_rng(seed)
    kind = rng.normal(size=(kinds, dims))[np.arange(n) % kinds]
    pair = rng.normal(size=(n // 2 + 1, fine))[np.arange(n) // 2]
    return unit(np.concatenate([kind, 0.7 * pair], axis=1).astype(np.float32))


def blocks(vectors):
    """Of seven rows, the last of fewer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compression, "_ROWS_A_BLOCK", 7)
        return [compression._block(vectors, begin) for begin in range(0, len(vectors), 7)]


def test_the_loss_is_of_neighbors_and_inner_products():
    rng = np.random.default_rng(0)
    vectors, results = unit(rng.normal(size=(20, 6))).astype(float), rng.normal(size=(20, 3))

    def neighbors(each):
        cosines = unit(each).astype(float) @ unit(each).astype(float).T
        shares = np.exp(cosines / 0.05) * (1 - np.eye(20))
        return shares / shares.sum(axis=1, keepdims=True)

    wanted, found = neighbors(vectors), neighbors(results)
    cross_entropy = -(wanted * np.log(found + np.eye(20))).sum() / 20
    wrong = np.square(results @ results.T - vectors @ vectors.T).mean()
    loss, _ = compression._loss(results, blocks(vectors))
    assert loss == pytest.approx(cross_entropy + 100 * wrong, rel=1e-4)


def test_the_gradient_is_that_of_the_loss():
    rng = np.random.default_rng(1)
    known = blocks(unit(rng.normal(size=(15, 6))).astype(float))

    def loss(flat):
        return compression._loss(flat.reshape(15, 3), known)[0]

    def gradient(flat):
        return compression._loss(flat.reshape(15, 3), known)[1].ravel()

    start = rng.normal(size=45)
    assert check_grad(loss, gradient, start) < 1e-3 * np.linalg.norm(gradient(start))


@pytest.mark.parametrize("dim", [10, 14])
def test_more_neighbors_are_kept_than_by_the_inner_products_alone(dim):
    vectors = make_vectors()
    near = nearest_others(vectors, 1)

    def kept(linear):
        return (nearest_others(vectors @ linear.weights, 1) == near).mean()

    assert kept(keep_neighbors(vectors, dim)) > kept(compress(vectors, dim)) + 0.05


def test_it_holds_for_pictures_it_was_not_solved_on():
    vectors = make_vectors(600)
    solved_on, others = vectors[:300], vectors[300:]
    near = nearest_others(others, 5)

    def kept(linear):
        found = nearest_others(others @ linear.weights, 5)
        return (found[:, :, None] == near[:, None, :]).any(axis=2).mean()

    assert kept(keep_neighbors(solved_on, 12)) >= kept(compress(solved_on, 12)) - 0.01


def test_where_nothing_is_lost_it_is_the_rotation():
    vectors = make_vectors(n=50, dims=5, fine=3)
    whole = vectors @ keep_neighbors(vectors, 20).weights
    np.testing.assert_allclose(whole @ whole.T, vectors @ vectors.T, atol=1e-5)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_result_does_not_depend_on_threads(threads, monkeypatch):
    vectors = make_vectors()
    first = keep_neighbors(vectors, 6).weights
    monkeypatch.setenv("RETRIEVE_THREADS", str(threads))
    np.testing.assert_array_equal(keep_neighbors(vectors, 6).weights, first)


@pytest.mark.parametrize("vectors", [np.eye(2, 9), np.ones((5, 9)) / 3, np.eye(9)[[0, 0, 1]]])
def test_few_or_equal_pictures_have_finite_weights(vectors):
    assert np.isfinite(keep_neighbors(vectors.astype(np.float32), 2).weights).all()
