import keras
import numpy as np
import pytest

from retrieval.autoencoder.agreement import Agreement
from retrieval.autoencoder.architectures import ARCHITECTURES
from retrieval.autoencoder.design import Design
from retrieval.autoencoder.networks import build


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return build(Design(ARCHITECTURES["conv-pool"], 16, 3, chosen_loss="mse"))


@pytest.fixture
def clean(blobs):
    return blobs[:8].astype(np.float32) / 255


def test_whole_views_agree_as_numpy_says(network, clean):
    objective = Agreement(network, least_side=1.0, mirror=False, weight=0.5, seed=0)
    loss, mse = objective(clean, clean, training=False)
    codes = network.get_layer("encoder")(clean).numpy()
    codes /= np.linalg.norm(codes, axis=1, keepdims=True)
    similar = np.exp(codes @ codes.T / 0.1)
    apart = -np.log(np.diag(similar) / similar.sum(axis=1)).mean()
    assert float(mse) == pytest.approx(np.mean((network(clean).numpy() - clean) ** 2), rel=1e-4)
    assert float(loss) == pytest.approx(float(mse) + 0.5 * apart, rel=1e-3)


def test_measured_views_are_the_same_each_time_trained_ones_are_not(network, clean):
    objective = Agreement(network, least_side=0.5, mirror=True, weight=0.5, seed=0)
    measured = {float(objective(clean, clean, training=False)[0]) for _ in range(3)}
    trained = {float(objective(clean, clean, training=True)[0]) for _ in range(3)}
    assert (len(measured), len(trained)) == (1, 3)


def test_a_view_is_a_part_of_the_picture_mirrored_or_not():
    import tensorflow as tf

    ramp = np.tile(np.arange(16, dtype=np.float32)[:, None], (2, 16, 1, 3))
    network = build(Design(ARCHITECTURES["dense"], 16, 3))
    objective = Agreement(network, least_side=0.5, mirror=True, weight=1.0, seed=0)
    # Half the height, the full width; at the top and left; one mirrored, one not.
    numbers = tf.constant([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0], [0.1, 0.9]])
    mirrored, plain = objective._view(ramp, numbers).numpy()[..., 0]
    np.testing.assert_allclose(plain[0], np.arange(16), atol=1e-4)
    np.testing.assert_allclose(mirrored[0], np.arange(16)[::-1], atol=1e-4)
    rows = np.tile(np.arange(16, dtype=np.float32)[:, None, None], (2, 1, 16, 3))
    assert objective._view(rows, numbers).numpy().max() == pytest.approx(7.5)
