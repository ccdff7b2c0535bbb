"""Where pictures gather, against plain Python."""

import numpy as np
import pytest

from retrieval.autoencoder.solved import gathering
from retrieval.autoencoder.solved.gathering import gathered, solve_gathering, worth
from retrieval.autoencoder.solved.lda import scatter_of_views


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.mark.parametrize(("least", "pictures_a_neighbor"), [(4, 100), (1, 7)])
def test_a_picture_moves_to_those_it_shares_neighbors_with(monkeypatch, least, pictures_a_neighbor):
    # Four neighbours of 30 pictures, one way or the other.
    monkeypatch.setattr(gathering, "_LEAST_NEIGHBORS", least)
    monkeypatch.setattr(gathering, "_PICTURES_A_NEIGHBOR", pictures_a_neighbor)
    monkeypatch.setattr(gathering, "_ROUNDS", 1)
    vectors = unit(np.random.default_rng(0).normal(size=(30, 3))).astype(np.float32)
    cosines = vectors @ vectors.T
    near = [set(np.argsort(-row)[:5]) for row in cosines]  # its own among them
    expected = []
    for mine in near:
        shares = np.array([len(mine & other) / len(mine | other) for other in near])
        shares[shares <= 0.1] = 0  # of one in common of nine in all, 0.11 counts
        expected.append(shares @ vectors)
    np.testing.assert_allclose(gathered(vectors), unit(np.array(expected)), atol=1e-5)


KINDS = np.arange(400) % 8


def make_views(rng, *, n=400, dims=30):
    """Pictures of eight kinds in turn, and four views of each."""
    middles = 2.0 * rng.normal(size=(8, dims))
    own = middles[KINDS[:n]][:, None] + rng.normal(size=(n, 1, dims))
    return (own + 0.2 * rng.normal(size=(n, 4, dims))).astype(np.float32)


def test_the_layer_moves_pictures_together_that_are_of_a_kind():
    views = make_views(np.random.default_rng(0))
    means = views.mean(axis=1)
    layer, foretold = solve_gathering(means, scatter_of_views(views), gathered(means), ridge=0.1)
    assert worth(foretold, 1.0) == 1.0
    cosines, before = (
        each @ each.T for each in (unit(means @ layer.weights + layer.bias), unit(means - means.mean(axis=0)))
    )
    same = KINDS[:, None] == KINDS
    assert cosines[same].mean() > before[same].mean() + 0.05
    assert cosines[same].mean() - cosines[~same].mean() > 0.9


def test_what_cannot_be_foretold_is_worth_nothing():
    rng = np.random.default_rng(0)
    views = make_views(rng)
    targets = rng.normal(size=(400, 5)).astype(np.float32)
    foretold = solve_gathering(views.mean(axis=1), scatter_of_views(views), targets, ridge=0.1)[1]
    assert worth(foretold, 1.0) == 0.0


def test_what_is_a_third_noise_is_worth_little():
    rng = np.random.default_rng(0)
    views = make_views(rng)
    means = views.mean(axis=1)
    signal = means[:, :5] / means[:, :5].std(axis=0)
    noisy = (signal + 0.7 * rng.normal(size=signal.shape)).astype(np.float32)
    # A share of 1 / 1.49 can be foretold, just worth 1, less what 200 pictures get wrong.
    foretold = solve_gathering(means, scatter_of_views(views), noisy, ridge=1e-3)[1]
    assert 0.1 < worth(foretold, 1.0) < 0.5


@pytest.mark.parametrize(("foretold", "most", "expected"), [(0.75, 1, 1), (0.75, 9, 2), (1, 9, 9), (0, 9, 0)])
def test_worth_is_what_is_right_beside_what_is_wrong(foretold, most, expected):
    assert worth(foretold, most) == pytest.approx(expected)


@pytest.mark.parametrize("n", [2, 3, 59])
def test_few_or_equal_pictures_give_finite_layers_of_no_worth(n):
    some = make_views(np.random.default_rng(0), n=n)
    for views in (some, np.ones_like(some)):
        means = views.mean(axis=1)
        layer, foretold = solve_gathering(means, scatter_of_views(views), gathered(means), ridge=0.1)
        assert np.isfinite(layer.weights).all()
        assert np.isfinite(layer.bias).all()
        assert (layer.bias != 0).all()  # LiteRT makes NaN of a vector of zeros
        assert worth(foretold, 1.0) == 0.0
