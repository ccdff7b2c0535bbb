"""Linear discriminant analysis against plain NumPy, and the layers that it solves."""

import numpy as np
import pytest

from retrieval.autoencoder.solved.lda import (
    Scatter,
    apply,
    directions,
    eigenvectors,
    scatter_of_views,
    solve_agreement,
)
from retrieval.threads import use_threads


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


def make_views(rng, *, n=300, dims=20):
    """What pictures have in common with their views is in the first five numbers, the rest is chance."""
    own = rng.normal(size=(n, 1, dims)) * np.r_[np.ones(5), np.zeros(dims - 5)]
    return (own + rng.normal(size=(n, 6, dims)) * np.r_[np.full(5, 0.2), np.full(dims - 5, 3.0)]).astype(
        np.float32
    )


def test_agreement_finds_what_views_have_in_common():
    linear = solve_agreement(scatter_of_views(make_views(np.random.default_rng(0))), ridge=0.0, num=5)
    share = np.abs(linear.weights[:5]).sum() / np.abs(linear.weights).sum()
    assert share > 0.9


def test_agreement_makes_views_of_a_picture_nearer_than_before():
    views = make_views(np.random.default_rng(0))
    found = apply(solve_agreement(scatter_of_views(views), ridge=0.1, num=5), views)

    def first_finds_second(vectors):
        unit = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
        return (np.argmax(unit[:, 0] @ unit[:, 1].T, axis=1) == np.arange(len(unit))).mean()

    assert first_finds_second(views) < 0.1
    assert first_finds_second(found) > 0.5


def test_no_more_directions_than_pictures_can_differ_in():
    views = make_views(np.random.default_rng(0), n=4)
    assert solve_agreement(scatter_of_views(views), ridge=0.1, num=128).weights.shape == (20, 3)


def test_what_is_told_to_be_kept_apart_does_not_count():
    views = make_views(np.random.default_rng(0))
    scatter = scatter_of_views(views)
    linear = solve_agreement(scatter, ridge=0.0, num=4, apart=np.diag([1e3] + [0.0] * 19))
    assert np.abs(linear.weights[0]).max() < 0.01 * np.abs(linear.weights).max()


def test_an_indefinite_metric_still_has_finite_directions():
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    # What rounding in single precision makes of a covariance of rank 2.
    metric = rotation @ np.diag([1.0, 0.5, 1e-9, 0, -1e-5, -1.3e-4]) @ rotation.T
    signal = rotation @ np.diag([0.5, 0.5, 0, 0, 0, 0]) @ rotation.T
    values, vectors = eigenvectors(signal, metric, num=3)
    np.testing.assert_allclose(values, [1.0, 0.5, 0.0], atol=1e-9)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(vectors[:, :2].T @ metric @ vectors[:, :2], np.eye(2), atol=1e-9)


def test_members_far_from_zero_have_no_negative_variance():
    # Codes of clean pictures are nearly all alike: what varies is small beside what they have in common.
    rng = np.random.default_rng(0)
    members = np.full((4096, 256), 0.7, dtype=np.float32)
    members[:, :3] += rng.normal(scale=1e-2, size=(4096, 3)).astype(np.float32)
    scatter = Scatter(256, 32)
    for block in np.split(members, 4):
        scatter.add(block)
    trace = np.trace(scatter.total)
    assert np.linalg.eigvalsh(scatter.total)[0] > -1e-8 * trace
    assert np.linalg.eigvalsh(scatter.within)[0] > -1e-8 * trace


@pytest.mark.parametrize("threads", [2, 5])
def test_the_number_of_threads_changes_no_bit(threads):
    members = np.random.default_rng(0).normal(size=(640, 20)).astype(np.float32)
    scatters = []
    for count in (1, threads):
        use_threads(count)
        blocks = np.split(members, 8)
        scatters.append(Scatter.of(np.copy, blocks, dim=20, group_size=4))
    use_threads(None)
    np.testing.assert_array_equal(scatters[0].total, scatters[1].total)
