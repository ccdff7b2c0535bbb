"""The layout of pictures: of views in NumPy, and of whole pictures as layers."""

import keras
import numpy as np
import pytest

from retrieval.autoencoder.export import to_litert
from retrieval.autoencoder.solved.layout import layout_features
from retrieval.autoencoder.solved.network import layout
from retrieval.autoencoder.solved.pictures import WHOLE, View
from retrieval.encoder import Network


@pytest.fixture(scope="module")
def network():
    pictures = keras.Input((64, 64, 3))
    return keras.Model(pictures, layout(pictures))


def test_it_knows_no_tint_brightness_or_contrast(network):
    spots = (
        np.random.default_rng(0).random((2, 8, 8, 3), dtype=np.float32).repeat(8, axis=1).repeat(8, axis=2)
    )
    first, second = network.predict(spots, verbose=0)
    changed = network.predict(spots * np.float32(0.3) + np.float32([0.1, 0.5, 0.2]), verbose=0)
    np.testing.assert_allclose(changed, [first, second], atol=2e-3)
    assert first.shape == (32 * 32 + 8 * 8 * 3,)
    assert first @ second < 0.5


def test_layers_and_litert_give_what_numpy_does(network):
    pictures = np.random.default_rng(0).integers(256, size=(130, 64, 64, 3), dtype=np.uint8)
    expected = layout_features(pictures, [WHOLE])[:, 0]
    values = pictures.astype(np.float32) / 255
    np.testing.assert_allclose(network.predict(values, verbose=0), expected, atol=1e-5)
    np.testing.assert_allclose(Network(to_litert(network)).run(values[:3]), expected[:3], atol=1e-5)


@pytest.mark.parametrize("size", [32, 64])
def test_a_view_is_the_layout_of_what_it_shows(size):
    spots = np.random.default_rng(0).integers(256, size=(3, size // 16, size // 16, 3), dtype=np.uint8)
    pictures = spots.repeat(16, axis=1).repeat(16, axis=2)
    half = View(0.0, 0.5, 0.5, 1.0)
    shown = pictures[:, : size // 2, size // 2 :].repeat(2, axis=1).repeat(2, axis=2)
    features = layout_features(pictures, [WHOLE, half, half._replace(mirrored=True)])
    assert features.shape == (3, 3, 1216)
    np.testing.assert_allclose(features[:, 1], layout_features(shown, [WHOLE])[:, 0], atol=1e-5)
    np.testing.assert_allclose(features[:, 2], layout_features(shown[:, :, ::-1], [WHOLE])[:, 0], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(features, axis=2), 1.0, atol=1e-5)


def test_flat_pictures_have_a_layout():
    flat = np.full((2, 32, 32, 3), 7, dtype=np.uint8)
    assert np.isfinite(layout_features(flat, [WHOLE])).all()
