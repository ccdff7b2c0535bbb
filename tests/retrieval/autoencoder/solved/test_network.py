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
def maps():
    """Three maps of 12 × 12 places with 64 contents."""
    maps = np.random.default_rng(0).normal(size=(3, 144, 64)) * np.geomspace(1, 0.05, 64)
    return (maps / np.linalg.norm(maps, axis=2, keepdims=True)).astype(np.float32)


@pytest.fixture
def plain():
    return Pooling([WHOLE], (144, 64), grid=4)


def test_pairs_are_those_of_numpy_and_litert_equals_keras(maps, plain):
    entry = keras.Input((144, 64), name="map")
    network = keras.Model(entry, pairs(entry, "x"))
    predicted = network.predict(maps, verbose=0)
    expected = np.concatenate([plain.pairs(each) for each in maps])
    np.testing.assert_allclose(upper_triangle(predicted.reshape(3, 64, 64)), expected, atol=1e-5)
    np.testing.assert_allclose(Network(to_litert(network)).run(maps), predicted, atol=1e-5)


def test_cells_are_those_of_numpy_and_litert_equals_keras(maps, plain):
    entry = keras.Input((144, 64), name="map")
    network = keras.Model(entry, cells(entry, "x", 4))
    predicted = network.predict(maps, verbose=0)
    np.testing.assert_allclose(predicted, np.concatenate([plain.cells(each) for each in maps]), atol=1e-5)
    np.testing.assert_allclose(Network(to_litert(network)).run(maps), predicted, atol=1e-5)
