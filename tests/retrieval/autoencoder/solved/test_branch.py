"""Whitening and atoms: every direction counts the same; atoms are where patches gather."""

import numpy as np
import pytest

from retrieval.autoencoder.solved.branch import find_atoms, sparse_codes, whiten, whiten_colors

LIGHT = np.array([0.299, 0.587, 0.114])


@pytest.fixture
def patches():
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(12, 12)) * np.geomspace(1, 10, 12)
    return (rng.normal(size=(5000, 12)) @ mixing + 3).astype(np.float32)


def light_of(patches):
    return patches.reshape(len(patches), -1, 3) @ LIGHT


def test_directions_have_about_the_same_variance_and_no_correlation_within_light_and_colors(patches):
    whitening = whiten(patches, color_dims=8)
    whitened = patches @ whitening.kernel + whitening.bias
    assert whitened.shape == (5000, 11)
    light = light_of(patches.astype(np.float64))
    centred = np.sqrt(3) * (light - light.mean(axis=1, keepdims=True))
    colors = (patches.reshape(5000, 4, 3) - light[..., None]).reshape(5000, 12)
    of_light, of_colors = (np.linalg.eigvalsh(np.cov(each.T))[::-1] for each in (centred, colors))
    variances = of_light[:3], of_colors[:8]
    floor = 0.01 * np.concatenate(variances).mean()
    for own, found in zip(variances, (whitened[:, :3], whitened[:, 3:]), strict=True):
        covariance = np.cov(found.T)
        assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 1e-3
        np.testing.assert_allclose(np.diag(covariance), own / (own + floor), rtol=1e-3)


def test_light_and_colors_are_seen_apart(patches):
    kernel = whiten(patches, color_dims=8).kernel
    rng = np.random.default_rng(1)
    of_light = np.repeat(rng.normal(size=(5000, 4)), 3, axis=1)
    of_colors = rng.normal(size=(5000, 4, 3))
    of_colors = (of_colors - (of_colors @ LIGHT)[..., None]).reshape(5000, 12)
    by_light, by_colors = (np.abs(change @ kernel).max(axis=0) for change in (of_light, of_colors))
    assert by_light[:3].min() > 1_000 * by_light[3:].max()
    assert by_colors[3:].min() > 1_000 * by_colors[:3].max()


def test_pictures_in_grey_have_no_directions_of_color(patches):
    grey = np.repeat(light_of(patches), 3, axis=1).astype(np.float32)
    assert whiten(grey, color_dims=8).kernel.shape == (12, 3)


@pytest.mark.parametrize(("color_dims", "kept"), [(2, 5), (50, 11)])
def test_so_many_main_directions_of_color_are_kept(patches, color_dims, kept):
    kernel = whiten(patches, color_dims=color_dims).kernel
    np.testing.assert_array_equal(kernel, whiten(patches, color_dims=50).kernel[:, :kept])


def test_brightness_of_a_patch_changes_nothing(patches):
    whitening = whiten(patches, color_dims=8)
    np.testing.assert_allclose(whitening.apply(patches + 100), whitening.apply(patches), atol=1e-3)


def test_patches_come_out_of_unit_length(patches):
    lengths = np.linalg.norm(whiten(patches, color_dims=8).apply(patches), axis=1)
    np.testing.assert_allclose(lengths, 1.0, atol=1e-5)


def test_patches_that_are_all_alike_give_finite_numbers():
    flat = np.full((100, 12), 0.5, dtype=np.float32)
    assert np.isfinite(whiten(flat, color_dims=8).apply(flat)).all()
    assert np.isfinite(whiten_colors(flat).apply(flat)).all()


def test_the_mean_color_is_the_pole_and_brightness_counts():
    colors = np.random.default_rng(0).uniform(size=(1000, 3)).astype(np.float32)
    whitening = whiten_colors(colors)
    pole = whitening.apply(colors.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32))
    np.testing.assert_allclose(pole, [[0, 0, 0, 1]], atol=1e-4)
    dark, light = whitening.apply(np.array([[0.1] * 3, [0.9] * 3], dtype=np.float32))
    assert dark @ light < 0


def test_near_colors_stay_nearer_than_far_ones():
    colors = np.random.default_rng(0).uniform(size=(1000, 3)).astype(np.float32)
    red, reddish, blue = whiten_colors(colors).apply(
        np.array([[0.9, 0.1, 0.1], [0.8, 0.2, 0.1], [0.1, 0.1, 0.9]], dtype=np.float32)
    )
    assert red @ reddish > red @ blue


def test_atoms_are_the_directions_that_patches_come_from():
    rng = np.random.default_rng(0)
    patches = np.eye(5)[np.arange(1000) % 5] + rng.normal(scale=0.02, size=(1000, 5))
    atoms = find_atoms(patches.astype(np.float32), 5, seed=0)
    np.testing.assert_allclose(np.linalg.norm(atoms, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.sort(atoms.max(axis=1)), np.ones(5), atol=0.05)
    assert set(atoms.argmax(axis=1)) == set(range(5))


def test_few_patches_make_few_atoms():
    patches = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    assert find_atoms(patches, 2048, seed=0).shape == (2, 4)


def test_a_code_is_what_exceeds_the_threshold():
    atoms = np.array([[1, 0], [0, 1], [-1, 0]], dtype=np.float32)
    codes = sparse_codes(np.array([[0.8, 0.6], [0.1, 0.995]], dtype=np.float32), atoms, 0.2)
    np.testing.assert_allclose(codes, [[0.6, 0.4, 0], [0, 0.795, 0]], atol=1e-6)
