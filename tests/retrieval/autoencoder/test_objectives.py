import keras
import numpy as np
import pytest

from retrieval.autoencoder.architectures import ARCHITECTURES, NetworkConfig
from retrieval.autoencoder.networks import build, unbounded
from retrieval.autoencoder.objectives import Contrastive, Reconstruction


@pytest.fixture
def clean(blobs):
    return blobs[:6].astype(np.float32) / 255


def parts(loss, channels=3):
    keras.utils.set_random_seed(0)
    network = build(NetworkConfig(ARCHITECTURES["conv-pool"], 16, channels, chosen_loss=loss))
    return network, network.get_layer("encoder"), unbounded(network.get_layer("decoder"))


def test_squared_error_by_numpy(clean):
    network, encoder, decoder = parts("mse")
    loss, mse = Reconstruction(network, "mse")(clean, clean * 0.5, training=False)
    values = decoder(encoder(clean * 0.5)).numpy()
    assert float(loss) == pytest.approx(np.mean((clean - values) ** 2), rel=1e-5)
    assert float(mse) == pytest.approx(np.mean((clean - np.clip(values, 0, 1)) ** 2), rel=1e-5)
    assert float(mse) == pytest.approx(np.mean((clean - network(clean * 0.5).numpy()) ** 2), rel=1e-5)


def test_cross_entropy_by_numpy(clean):
    network, *_ = parts("bce")
    loss, mse = Reconstruction(network, "bce")(clean, clean, training=False)
    p = network(clean).numpy().astype(np.float64)
    assert float(loss) == pytest.approx(np.mean(-clean * np.log(p) - (1 - clean) * np.log(1 - p)), rel=1e-5)
    assert float(mse) == pytest.approx(np.mean((clean - p) ** 2), rel=1e-5)


def test_sparsity_adds_the_mean_absolute_code(clean):
    network, encoder, _ = parts("mse")
    loss, mse = Reconstruction(network, "mse")(clean, clean, training=False)
    more, same = Reconstruction(network, "mse", sparsity=0.5)(clean, clean, training=False)
    assert float(more - loss) == pytest.approx(0.5 * np.abs(encoder(clean).numpy()).mean(), rel=1e-4)
    assert float(mse) == float(same)


def test_grey_is_compared_with_grey(clean):
    network, *_ = parts("mse", channels=1)
    _, mse = Reconstruction(network, "mse")(clean, clean, training=False)
    grey = clean.mean(axis=-1)
    assert float(mse) == pytest.approx(np.mean((grey - network(clean).numpy()[..., 0]) ** 2), rel=1e-5)


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return build(NetworkConfig(ARCHITECTURES["conv-pool"], 16, 3, chosen_loss="mse"))


def test_whole_views_agree_as_numpy_says(network, clean):
    objective = Contrastive(network, least_side=1.0, mirror=False, weight=0.5, seed=0)
    loss, mse = objective(clean, clean, training=False)
    codes = network.get_layer("encoder")(clean).numpy()
    codes /= np.linalg.norm(codes, axis=1, keepdims=True)
    similar = np.exp(codes @ codes.T / 0.1)
    apart = -np.log(np.diag(similar) / similar.sum(axis=1)).mean()
    assert float(mse) == pytest.approx(np.mean((network(clean).numpy() - clean) ** 2), rel=1e-4)
    assert float(loss) == pytest.approx(float(mse) + 0.5 * apart, rel=1e-3)


def test_measured_views_are_the_same_each_time_trained_ones_are_not(network, clean):
    objective = Contrastive(network, least_side=0.5, mirror=True, weight=0.5, seed=0)
    measured = {float(objective(clean, clean, training=False)[0]) for _ in range(3)}
    trained = {float(objective(clean, clean, training=True, step=step)[0]) for step in (0, 1, 2, 2)}
    assert (len(measured), len(trained)) == (1, 3)


def test_a_view_is_a_part_of_the_picture_mirrored_or_not():
    import tensorflow as tf

    ramp = np.tile(np.arange(16, dtype=np.float32)[:, None], (2, 16, 1, 3))
    network = build(NetworkConfig(ARCHITECTURES["dense"], 16, 3))
    objective = Contrastive(network, least_side=0.5, mirror=True, weight=1.0, seed=0)
    # Half the height, the full width; at the top and left; one mirrored, one not.
    numbers = tf.constant([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0], [0.1, 0.9]])
    mirrored, plain = objective._view(ramp, numbers).numpy()[..., 0]
    np.testing.assert_allclose(plain[0], np.arange(16), atol=1e-4)
    np.testing.assert_allclose(mirrored[0], np.arange(16)[::-1], atol=1e-4)
    rows = np.tile(np.arange(16, dtype=np.float32)[:, None, None], (2, 1, 16, 3))
    assert objective._view(rows, numbers).numpy().max() == pytest.approx(7.5)
