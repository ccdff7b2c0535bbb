"""The Keras layers against plain NumPy, and LiteRT against Keras."""

import keras
import numpy as np
import pytest

from retrieval.autoencoder.export import to_litert
from retrieval.autoencoder.solved.network import cells, pairs
from retrieval.autoencoder.solved.pictures import WHOLE
from retrieval.autoencoder.solved.pooling import Pooling, upper_triangle
from retrieval.encoder import Network


@pytest.fixture
def contents():
    """Three maps of 12 × 12 places with 64 + 20 contents."""
    contents = np.random.default_rng(0).normal(size=(3, 12, 12, 84)) * np.geomspace(1, 0.05, 84)
    return contents.astype(np.float32)


def model(build):
    """A network of contents (12, 12, 84), which `build` is given of unit length."""
    entry = keras.Input((12, 12, 84), name="contents")
    return keras.Model(entry, build(keras.layers.UnitNormalization()(entry)))


def plain(contents, *, grid=4):
    features = contents.reshape(-1, 84)
    features = features / np.linalg.norm(features, axis=1, keepdims=True)
    return features, Pooling([WHOLE], (144, 84), grid=grid, pair_dims=64)


def test_pairs_are_those_of_numpy_and_litert_equals_keras(contents):
    network = model(lambda features: pairs(features, "x", 64))
    predicted = network.predict(contents, verbose=0)
    for picture, vector in zip(contents, predicted, strict=True):
        features, pooling = plain(picture)
        expected = pooling.pairs(features)
        np.testing.assert_allclose(upper_triangle(vector.reshape(1, 64, 64)), expected, atol=1e-5)
    np.testing.assert_allclose(Network(to_litert(network)).run(contents), predicted, atol=1e-5)


@pytest.mark.parametrize("grid", [4, 5], ids=["whole places", "shares of places"])
def test_cells_are_those_of_numpy_and_litert_equals_keras(contents, grid):
    network = model(lambda features: cells(features, "x", grid))
    predicted = network.predict(contents, verbose=0)
    for picture, vector in zip(contents, predicted, strict=True):
        features, pooling = plain(picture, grid=grid)
        np.testing.assert_allclose(vector[None], pooling.cells(features), atol=1e-5)
    np.testing.assert_allclose(Network(to_litert(network)).run(contents), predicted, atol=1e-5)
