"""Scatter and directions against plain NumPy."""

import numpy as np
import pytest

from retrieval.autoencoder.solved.discriminant import Scatter, directions


@pytest.fixture
def members():
    rng = np.random.default_rng(0)
    groups = rng.normal(size=(200, 1, 6)) * [5, 1, 1, 1, 1, 0.1]
    return (groups + rng.normal(size=(200, 4, 6)) * [5, 0.1, 1, 1, 1, 1] + 7).astype(np.float32)


def test_scatter_is_the_covariance_of_members_and_of_means(members):
    scatter = Scatter(6, 4)
    for block in np.split(members, 5):
        scatter.add(block.reshape(-1, 6))
    flat = members.reshape(-1, 6).astype(np.float64)
    np.testing.assert_allclose(scatter.mean, flat.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(scatter.total, np.cov(flat.T, bias=True), atol=1e-3)
    between = np.cov(members.mean(axis=1, dtype=np.float64).T, bias=True)
    np.testing.assert_allclose(scatter.between, between, atol=1e-3)
    np.testing.assert_allclose(scatter.within, np.cov(flat.T, bias=True) - between, atol=1e-3)


def test_the_first_direction_is_the_one_in_which_groups_differ_most_for_their_spread(members):
    scatter = Scatter(6, 4)
    scatter.add(members.reshape(-1, 6))
    first = directions(scatter.between, scatter.within, ridge=1e-6, num=3)[:, 0]
    # The second number varies a hundredth as much within groups as between them, the first just as much.
    assert np.abs(first).argmax() == 1


def test_noise_and_ridge_are_one_in_every_direction():
    noise = np.diag([4.0, 1.0, 1.0])
    found = directions(np.diag([8.0, 1.0, 0.5]), noise, ridge=0.5, num=2).astype(np.float64)
    # 0.5 times the mean variance of 2.
    np.testing.assert_allclose(found.T @ (noise + np.eye(3)) @ found, np.eye(2), atol=1e-4)
    np.testing.assert_allclose(np.abs(found[:, 0]), [5**-0.5, 0, 0], atol=1e-4)


def test_groups_that_are_all_alike_give_finite_directions():
    assert np.isfinite(directions(np.zeros((3, 3)), np.zeros((3, 3)), ridge=0.1, num=5)).all()
