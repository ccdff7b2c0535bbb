"""The vector for copies, behind an encoder that is hardly one."""

import keras
import numpy as np
import pytest
from keras import layers

from retrieval.autoencoder.solved import copies
from retrieval.autoencoder.solved.copies import with_copies, with_details
from retrieval.autoencoder.solved.features import run
from retrieval.autoencoder.solved.layout import layout_features
from retrieval.autoencoder.solved.pictures import WHOLE

LATENT, COPIES = slice(12), slice(12, None)


@pytest.fixture(scope="module")
def encoder():
    """Pictures of 32 pixels to the colours of their quarters."""
    pictures = keras.Input((32, 32, 3), name="pictures")
    x = layers.Flatten()(layers.AveragePooling2D(16)(pictures))
    # Black has a direction too, as it has to the real encoder.
    parts = layers.UnitNormalization(name="parts")(layers.Rescaling(1.0, offset=0.1)(x))
    return keras.Model(pictures, parts, name="encoder")


@pytest.fixture(scope="module")
def pictures():
    """40 pictures of smooth spots, all different."""
    spots = np.random.default_rng(0).random((40, 4, 4, 3))
    return np.rint(spots.repeat(8, axis=1).repeat(8, axis=2) * 200 + 20).astype(np.uint8)


@pytest.fixture(scope="module")
def both(encoder, pictures):
    return with_copies(encoder, pictures, seed=1)


def found_first(queries, vectors):
    return float((np.argmax(queries @ vectors.T, axis=1) == np.arange(len(queries))).mean())


def test_both_vectors_have_length_one_and_the_first_is_the_latent_one(both, encoder, pictures):
    # As many directions as 40 pictures can differ in.
    assert both.output_shape == (None, 12 + 39)
    vectors = run(both, pictures)
    np.testing.assert_allclose(vectors[:, :12], run(encoder, pictures), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors[:, 12:], axis=1), 1.0, atol=1e-5)


def test_peaks_are_solved_on_as_the_layers_make_them(pictures):
    known = layout_features(pictures, [WHOLE])[:, 0]
    places = keras.Input(known.shape[1:])
    made = keras.Model(places, copies.peaks(places)).predict(known, verbose=0)
    solved_on = copies._with_peaks(known)
    np.testing.assert_array_equal(solved_on[:, : known.shape[1]], known)
    np.testing.assert_allclose(solved_on[:, known.shape[1] :], made, atol=1e-6)


def test_what_runs_equals_keras(both, pictures):
    expected = both.predict(pictures.astype(np.float32) / 255, verbose=0)
    np.testing.assert_allclose(run(both, pictures), expected, atol=1e-4)


def test_edited_pictures_find_their_originals_where_latent_vectors_do_not(both, pictures):
    originals = run(both, pictures)
    rng = np.random.default_rng(2)
    tinted = np.clip(pictures + rng.integers(-50, 50, size=(40, 1, 1, 3)), 0, 255).astype(np.uint8)
    noisy = np.clip(pictures + rng.normal(0, 60, size=pictures.shape), 0, 255).astype(np.uint8)
    mirrored = pictures[:, :, ::-1]
    for changed in (tinted, noisy, mirrored):
        assert found_first(run(both, changed)[:, COPIES], originals[:, COPIES]) > 0.95
    assert found_first(run(both, mirrored)[:, LATENT], originals[:, LATENT]) < 0.5


def parts_of(model):
    names = (layer.name.rpartition("_") for layer in model.layers)
    return [number for name, _, number in names if name == "edit_agreement"]


def test_noisy_dots_are_told_by_their_peaks_alone_where_those_find_more(encoder, both, monkeypatch):
    dots = np.full((60, 32, 32, 3), 250, dtype=np.uint8)
    places = np.random.default_rng(3).permutation(14 * 14)[:60]
    for dot, place in zip(dots, places.tolist(), strict=True):
        top, left = 2 * (place // 14) + 1, 2 * (place % 14) + 1
        dot[top : top + 2, left : left + 2] = 10
    assert parts_of(both) == ["0", "1", "2"]
    # To this encoder, unlike the real one, the parts of dots are all the same and in nobody's way.
    monkeypatch.setattr(copies, "_MORE", -1.0)
    told = with_copies(encoder, dots, seed=0)
    assert parts_of(told) == ["2"]
    noisy = dots + np.random.default_rng(4).normal(0, 60, size=dots.shape)
    noisy = np.clip(noisy, 0, 255).astype(np.uint8)
    assert found_first(run(told, noisy)[:, COPIES], run(told, dots)[:, COPIES]) > 0.95


def test_with_details_the_latent_vector_is_made_of_both(both, encoder, pictures):
    detailed, latents = with_details(both, pictures, dim=12)
    again = run(with_copies(detailed, pictures, seed=9), pictures)
    # The second vector is the one that is in the first already, whatever the seed.
    np.testing.assert_allclose(again[:, COPIES], run(both, pictures)[:, COPIES], atol=1e-5)
    assert latents.shape == (40, 12)
    assert (again[:, LATENT] * latents).sum(axis=1).min() > 0.99
    mirrored = pictures[:, :, ::-1]
    plain, knowing = (found_first(run(each, mirrored), run(each, pictures)) for each in (encoder, detailed))
    assert knowing > plain + 0.2


def test_the_second_vector_counts_half(both, pictures, monkeypatch):
    plain = run(both, pictures)[:, LATENT]
    monkeypatch.setattr(copies, "_DETAILS", 0.0)
    without = with_details(both, pictures, dim=12)[1]
    # Only turned: what pictures have in common with each other is the same.
    np.testing.assert_allclose(without @ without.T, plain @ plain.T, atol=0.02)


def test_flat_and_equal_pictures_have_finite_vectors(encoder, both):
    flat = np.full((3, 32, 32, 3), 0, dtype=np.uint8)
    flat[1:] = [[[[255]]], [[[7]]]]
    assert np.isfinite(run(both, flat)).all()
    for pictures in (flat, flat[[1, 1]]):
        assert np.isfinite(run(with_copies(encoder, pictures, seed=0), pictures)).all()
