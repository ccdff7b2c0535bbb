from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import LinAlgError

from retrieval.autoencoder.solved.lapack import largest_eigenvectors


def covariance(dim, seed, kind):
    values = np.random.default_rng(seed).normal(size=(3 * dim, dim)).astype(kind)
    return values.T @ values / len(values)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_vectors_solve_the_problem_and_have_length_one_in_the_metric(kind):
    matrix, metric = covariance(30, 0, kind), covariance(30, 1, kind)
    values, vectors = largest_eigenvectors(matrix, metric, 4)
    assert (values.dtype, vectors.dtype, vectors.shape) == (kind, kind, (30, 4))
    accuracy = 2e-4 if kind is np.float32 else 1e-9
    np.testing.assert_allclose(matrix @ vectors, metric @ vectors * values, atol=accuracy)
    np.testing.assert_allclose(vectors.T @ metric @ vectors, np.eye(4), atol=accuracy)
    every = np.sort(np.linalg.eigvals(np.linalg.solve(metric, matrix)).real)[::-1]
    np.testing.assert_allclose(values, every[:4], rtol=accuracy)


def test_all_of_them_can_be_had():
    values, vectors = largest_eigenvectors(np.diag([1.0, 6.0, 2.0]), np.diag([1.0, 2.0, 1.0]), 3)
    assert values.tolist() == pytest.approx([3.0, 2.0, 1.0])
    np.testing.assert_allclose(np.abs(vectors), [[0, 0, 1], [0.5**0.5, 0, 0], [0, 1, 0]], atol=1e-12)


def test_what_is_given_stays_as_it_is():
    matrix, metric = covariance(5, 0, np.float64), covariance(5, 1, np.float64)
    before = matrix.copy(), metric.copy()
    largest_eigenvectors(matrix, metric, 2)
    np.testing.assert_array_equal((matrix, metric), before)


def test_a_metric_that_is_not_positive_definite_is_refused():
    with pytest.raises(LinAlgError, match="3 dimensions"):
        largest_eigenvectors(np.eye(3), np.diag([1.0, -1.0, 1.0]), 1)
