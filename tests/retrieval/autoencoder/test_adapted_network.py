import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from retrieval.autoencoder.adapted_network import AdaptedLayers, adapted_network, squashing
from retrieval.autoencoder.export import to_litert
from retrieval.autoencoder.solved.lda import Linear, unit
from retrieval.encoder import EncoderDescription, Network


def colors(size, cells):
    """The mean colours of cells × cells parts of the picture, of length 1."""
    pictures = keras.Input((size, size, 3))
    found = layers.Flatten()(layers.AveragePooling2D(size // cells)(pictures))
    return keras.Model(pictures, layers.UnitNormalization()(found))


def test_squashing_is_what_pillow_does():
    line = np.random.default_rng(0).random((1, 21), dtype=np.float32)
    expected = np.asarray(Image.fromarray(line).resize((8, 1), Image.Resampling.BICUBIC))
    np.testing.assert_allclose(line @ squashing(21, 8), expected, atol=1e-6)


@pytest.mark.parametrize(("network_size", "solved_size"), [(16, 8), (8, 16), (16, 16)])
def test_it_computes_both_and_rotates_them(network_size, solved_size):
    random = np.random.default_rng(1)

    def linear(entries, results):
        return Linear(
            *(random.normal(size=size).astype(np.float32) for size in ((entries, results), results))
        )

    weights = AdaptedLayers(linear(12, 5), linear(12, 5), linear(10, 4), linear(4 + 3, 6))
    description = EncoderDescription("theirs", network_size, 12, (10.0, 20.0, 30.0), (50.0, 60.0, 70.0))
    theirs, ours = colors(network_size, 2), colors(solved_size, 1)
    pictures = random.integers(0, 256, (4, 16, 16, 3)).astype(np.float32)

    def squashed(size):
        if size == 16:
            return pictures
        return np.einsum("bhwc,hi,wj->bijc", pictures, squashing(16, size), squashing(16, size))

    vector = theirs((squashed(network_size) - [10, 20, 30]) / [50, 60, 70]).numpy()
    known = [unit(vector @ each.weights + each.bias) for each in weights[:2]]
    found = unit(np.concatenate(known, axis=1) @ weights.compression.weights + weights.compression.bias)
    joined = np.concatenate([found, ours(squashed(solved_size) / 255).numpy()], axis=1)
    expected = unit(joined @ weights.latent.weights + weights.latent.bias)
    network = adapted_network(theirs, description, ours, weights)
    assert network.input_shape[1:] == (16, 16, 3)
    np.testing.assert_allclose(network(pictures / 255).numpy(), expected, atol=1e-4)
    np.testing.assert_allclose(Network(to_litert(network)).run(pictures / 255), expected, atol=1e-4)


def test_vectors_for_copies_are_passed_on():
    random = np.random.default_rng(1)

    def linear(entries, results):
        shapes = ((entries, results), results)
        return Linear(*(random.normal(size=shape).astype(np.float32) for shape in shapes))

    weights = AdaptedLayers(linear(12, 5), linear(12, 5), linear(10, 4), linear(4 + 3, 6))
    theirs, ours = colors(16, 2), colors(16, 1)
    pictures = keras.Input((16, 16, 3))
    both = keras.Model(pictures, [ours(pictures), layers.Flatten()(layers.AveragePooling2D(4)(pictures))])
    description = EncoderDescription("theirs", 16, 12)
    alone = adapted_network(theirs, description, ours, weights)
    together = adapted_network(theirs, description, both, weights)
    given = random.random((2, 16, 16, 3), dtype=np.float32)
    found = Network(to_litert(together)).run(given)
    np.testing.assert_allclose(found[:, :6], alone(given).numpy(), atol=1e-4)
    cells = given.reshape(2, 4, 4, 4, 4, 3).mean(axis=(2, 4)).reshape(2, -1)
    np.testing.assert_allclose(found[:, 6:], cells, atol=1e-5)


def test_a_vector_of_zeros_gives_numbers():
    weights = AdaptedLayers(*(Linear(np.eye(2, dtype=np.float32), np.zeros(2, np.float32)) for _ in range(4)))
    weights = weights._replace(
        agreement=Linear(np.ones((3, 2), np.float32), np.zeros(2, np.float32)),
        neighbors=Linear(np.ones((3, 2), np.float32), np.zeros(2, np.float32)),
        compression=Linear(np.ones((4, 2), np.float32), np.zeros(2, np.float32)),
        latent=Linear(np.ones((5, 2), np.float32), np.zeros(2, np.float32)),
    )
    pictures = keras.Input((8, 8, 3))
    theirs = keras.Model(pictures, layers.GlobalAveragePooling2D()(pictures))
    ours = keras.Model(pictures, layers.Rescaling(1.0, 1.0)(layers.GlobalAveragePooling2D()(pictures)))
    network = adapted_network(theirs, EncoderDescription("theirs", 8, 3), ours, weights)
    found = Network(to_litert(network)).run_one(np.zeros((8, 8, 3), dtype=np.float32))
    np.testing.assert_allclose(found, np.sqrt([0.5, 0.5]), atol=1e-5)
