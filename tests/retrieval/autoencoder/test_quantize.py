"""Weights of one byte: near the network of single precision, and smaller."""

import keras
import numpy as np
import pytest
from keras import layers

from retrieval.autoencoder.export import to_litert
from retrieval.encoder import Network


@pytest.fixture
def pictures():
    return np.random.default_rng(0).random((4, 12, 12, 3), dtype=np.float32)


def network(channels=128, *, side=5):
    """Patches of `side`, 1×1 convolutions to `channels` and to 256, and a dense layer to 64."""
    keras.utils.set_random_seed(0)
    entry = keras.Input((12, 12, 3))
    x = layers.Conv2D(128, side, name="patches")(entry)
    x = layers.Conv2D(channels, 1, activation="relu", name="codes")(x)
    x = layers.Conv2D(256, 1, name="contents")(x)
    return keras.Model(entry, layers.Dense(64, name="last")(layers.GlobalAveragePooling2D()(x)))


def test_results_stay_near_and_the_file_gets_a_third(pictures):
    model = network()
    whole, small = to_litert(model), to_litert(model, quantized=True)
    expected, found = Network(whole).run(pictures), Network(small).run(pictures)
    difference = np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)
    assert 0 < difference.max() < 0.02
    assert len(small) < 0.45 * len(whole)


def test_convolutions_of_patches_and_small_matrices_keep_their_precision(pictures):
    entry = keras.Input((12, 12, 3))
    x = layers.Conv2D(128, 9, name="patches")(entry)  # 31,104 weights
    x = layers.Conv2D(64, 1, name="codes")(x)  # 8,192 weights
    model = keras.Model(entry, layers.Flatten()(x))
    whole, small = to_litert(model), to_litert(model, quantized=True)
    np.testing.assert_array_equal(Network(small).run(pictures), Network(whole).run(pictures))


def test_equal_matrices_and_zeros_are_rounded_each_for_itself(pictures):
    model = network(256)
    for name in ("codes", "contents"):
        kernel, bias = model.get_layer(name).get_weights()
        model.get_layer(name).set_weights([np.zeros_like(kernel), bias])
    zeros = model.get_layer("last").get_weights()[1]
    np.testing.assert_array_equal(Network(to_litert(model, quantized=True)).run(pictures), [zeros] * 4)


def test_the_same_network_gives_the_same_bytes():
    model = network()
    assert to_litert(model, quantized=True) == to_litert(model, quantized=True)
