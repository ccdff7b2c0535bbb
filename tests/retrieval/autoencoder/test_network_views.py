import keras
import numpy as np
import pytest
from keras import layers

from retrieval.autoencoder.network_views import see
from retrieval.autoencoder.pretrained import PretrainedEncoder
from retrieval.autoencoder.solved.lda import unit
from retrieval.autoencoder.solved.pictures import WHOLE, View
from retrieval.encoder import EncoderDescription
from retrieval.errors import NoPictures
from retrieval.images import load
from retrieval.progress import Progress

HALF = View(0.0, 1.0, 0.0, 0.5)


@pytest.fixture
def paths(folder):
    """The twelve pictures by their names, and the file that is none."""
    found = [path.relative_to(folder).as_posix() for path in folder.rglob("*.png")]
    return sorted(found, key=lambda path: (path == "cut.png", path[-6:]))


def network_of(pool):
    pictures = keras.Input((16, 16, 3))
    maps = layers.AveragePooling2D(4)(pictures)
    vector = layers.Dense(5, kernel_initializer=keras.initializers.RandomNormal(seed=3))(pool(maps))
    return PretrainedEncoder(
        keras.Model(pictures, vector), EncoderDescription("mine", 16, 5, (7.0,), (100.0,))
    )


def test_a_view_is_what_the_network_makes_of_a_part_of_its_map(folder, paths):
    pretrained = network_of(layers.GlobalAveragePooling2D())
    vectors, rows = see(pretrained, folder, paths, views=[WHOLE, HALF], progress=Progress())
    pictures = (np.stack([load(folder / path, 16) for path in paths[:12]]) - 7.0) / 100.0
    kernel, bias = pretrained.network.layers[-1].get_weights()
    expected = [part.mean(axis=(1, 2)) @ kernel + bias for part in (pictures, pictures[:, :, :8])]
    np.testing.assert_allclose(vectors, unit(np.stack(expected, axis=1)), atol=1e-5)
    assert rows.tolist() == list(range(12))


def test_without_a_map_the_whole_picture_is_the_only_view(folder, paths):
    pretrained = network_of(layers.Flatten())
    vectors, _ = see(pretrained, folder, paths, views=[WHOLE, HALF], progress=Progress())
    pictures = (np.stack([load(folder / path, 16) for path in paths[:12]]) - np.float32(7)) / np.float32(100)
    expected = unit(pretrained.network(pictures).numpy())[:, None]
    np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_what_can_no_longer_be_read_is_left_out(folder, paths):
    pretrained = network_of(layers.GlobalAveragePooling2D())
    found = see(pretrained, folder, [paths[-1], *paths[:2]], views=[WHOLE], progress=Progress())
    assert found.rows.tolist() == [1, 2]
    with pytest.raises(NoPictures, match="1 of 2 looked at can be read, expected 2 or more to adapt to"):
        see(pretrained, folder, paths[-2:], views=[WHOLE], progress=Progress())
