"""The layers after pooling, against plain NumPy."""

from dataclasses import replace

import numpy as np
import pytest

from retrieval.autoencoder.solved.config import choose_config
from retrieval.autoencoder.solved.gathering import worth
from retrieval.autoencoder.solved.last_layers import solve_last_layers, solve_part
from retrieval.autoencoder.solved.lda import apply
from retrieval.autoencoder.solved.lookalikes import Lookalikes
from retrieval.autoencoder.solved.neighbors import nearest_others
from retrieval.autoencoder.solved.whole import last_vectors

CONFIG = replace(choose_config(32, aligned=False), leading_dims=6, part_dims=8, joint_dims=10)


def make_features(rng, *, n=200, dims=30):
    """Pictures of 20 kinds in turn, six views each."""
    kind = rng.normal(size=(20, 1, dims))[np.arange(n) % 20]
    own = rng.normal(size=(n, 1, dims)) * 1.5
    return (kind + own + rng.normal(size=(n, 6, dims))).astype(np.float16)


@pytest.fixture(scope="module")
def parts():
    rng = np.random.default_rng(0)
    return [solve_part(branch, make_features(rng), CONFIG) for branch in CONFIG.branches]


def latents(parts, last):
    """The latent vectors before they get unit length, and the vectors that they are made of."""
    whole = [part.views[:, :1] for part in parts]
    joined = np.concatenate(whole, axis=2)
    leading = [part[:, 0, : last.leading_dims] for part in whole]
    known = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in leading]
    known += [apply(linear, joined)[:, 0] for linear in (last.joint, last.neighbors, last.gathering)]
    return np.concatenate(known, axis=1) @ last.latent.weights + last.latent.bias, known


def test_parts_have_unit_length_and_the_dims_asked_for(parts):
    assert [part.views.shape for part in parts] == [(200, 6, 8)] * 3
    np.testing.assert_allclose(np.linalg.norm(parts[0].views, axis=2), 1, atol=1e-5)


@pytest.mark.parametrize("most", [0.25, 10.0])
def test_the_latent_keeps_the_inner_products_of_its_parts(parts, most):
    weights = np.array([1.0, 0.5, 1.0], dtype=np.float32)
    last = solve_last_layers(parts, weights, replace(CONFIG, most_gathering=most), dim=1000)
    found, known = latents(parts, last)
    leading = sum(share * each @ each.T for share, each in zip([4, 1, 4], known, strict=False)) / 9
    joint, neighbors, gathering = (each @ each.T for each in known[3:])
    expected = leading + joint + neighbors + worth(last.gathering_foretold, most) ** 2 * gathering
    np.testing.assert_allclose(found @ found.T, expected, atol=1e-4)


def test_a_part_of_no_weight_changes_nothing(parts):
    without = solve_last_layers(parts[:2], np.ones(2, dtype=np.float32), CONFIG, dim=7)
    ignored = solve_last_layers(parts, np.array([1, 1, 0], dtype=np.float32), CONFIG, dim=7)
    first, second = latents(parts[:2], without)[0], latents(parts, ignored)[0]
    # A ridge of a share of the mean variance is smaller where there are more numbers.
    similar = np.corrcoef((first @ first.T).ravel(), (second @ second.T).ravel())[0, 1]
    assert similar > 0.99


def test_neighbors_bring_pictures_of_a_kind_together(parts):
    last = solve_last_layers(parts, np.ones(3, dtype=np.float32), CONFIG, dim=16)
    joint, neighbors, gathering = latents(parts, last)[1][3:]
    same = np.arange(200)[:, None] % 20 == np.arange(200) % 20

    def contrast(vectors):
        cosines = vectors @ vectors.T
        return cosines[same].mean() - cosines[~same].mean()

    assert contrast(neighbors) > contrast(joint)
    assert contrast(gathering) > contrast(neighbors)


def test_gathering_once_more_brings_pictures_of_a_kind_closer(parts):
    same = np.arange(200)[:, None] % 20 == np.arange(200) % 20

    def contrast(gatherings):
        config = replace(CONFIG, gatherings=gatherings)
        last = solve_last_layers(parts, np.ones(3, dtype=np.float32), config, dim=16)
        assert last.gathering_foretold > 0.5
        gathering = latents(parts, last)[1][-1]
        cosines = gathering @ gathering.T
        return cosines[same].mean() - cosines[~same].mean()

    assert contrast(2) > contrast(1)


@pytest.mark.parametrize("dim", [2, 16, 38])
def test_the_latent_has_the_dims_asked_for(parts, dim):
    last = solve_last_layers(parts, np.ones(3, dtype=np.float32), CONFIG, dim=dim)
    assert last.latent.weights.shape == (3 * 6 + 2 * 10 + dim, dim)


@pytest.fixture(scope="module")
def with_layout(parts):
    """Two branches and a layout that gather in the same eight places, a fine place of each picture's own."""
    rng = np.random.default_rng(1)
    middles = 3 * rng.normal(size=(8, 1, 30))[np.arange(200) % 8]
    own = rng.normal(size=(200, 1, 30))
    views = [middles + own + 0.1 * rng.normal(size=(200, 6, 30)) for _ in range(3)]
    return [
        solve_part(branch, each.astype(np.float32), CONFIG)
        for branch, each in zip([*CONFIG.branches[:2], None], views, strict=True)
    ]


@pytest.mark.parametrize(("dim", "most"), [(5, 0.75), (1000, 0.75), (1000, 10.0)])
def test_with_a_layout_gathering_replaces_the_others_and_near_pictures_stay_apart(with_layout, dim, most):
    config = replace(CONFIG, most_gathering=most)
    last = solve_last_layers(with_layout, np.ones(3, dtype=np.float32), config, dim=dim)
    found, known = latents(with_layout, last)
    share = worth(last.gathering_foretold, most)
    assert share == most if most < 1 else share > 1
    counts = [3**-0.5] * 3 + [max(0, 1 - share)] * 2 + [share]
    vectors = np.concatenate([count * each for count, each in zip(counts, known, strict=True)], axis=1)
    differences = (vectors[nearest_others(vectors, 5)] - vectors[:, None]).reshape(-1, vectors.shape[1])
    shares = [each.T @ each / np.square(each).sum() for each in (vectors, differences)]
    kept = vectors @ np.linalg.eigh(sum(shares))[1][:, ::-1][:, :dim]
    np.testing.assert_allclose(found @ found.T, kept @ kept.T, atol=1e-3)


def test_what_lookalikes_differ_in_does_not_tell_pictures_apart():
    rng = np.random.default_rng(0)
    config = replace(CONFIG, part_dims=30)
    # What a thing is, 100 of them, in 12 of 30 numbers, and the style of it, of two, larger in all others.
    thing = np.tile(rng.normal(size=(100, 1, 12)), (2, 1, 1))
    style = 2.0 * rng.normal(size=(200, 1, 18))
    seen = np.concatenate([thing, style], axis=2) + 0.3 * rng.normal(size=(200, 6, 30))
    parts = [solve_part(branch, seen.astype(np.float16), config) for branch in config.branches[:2]]
    other = np.arange(200) + np.repeat([100, -100], 100)

    def found(lookalikes):
        last = solve_last_layers(parts, np.ones(2, dtype=np.float32), config, dim=16, lookalikes=lookalikes)
        vectors = last_vectors(parts, last)
        similar = vectors @ vectors.T
        np.fill_diagonal(similar, -1)
        return (similar.argmax(axis=1) == other).mean()

    # Every other pair is known; the rest follow.
    pairs = np.stack([np.arange(0, 100, 2), np.arange(100, 200, 2)], axis=1)
    assert found(Lookalikes(pairs, 0.5)) > found(None) + 0.2
