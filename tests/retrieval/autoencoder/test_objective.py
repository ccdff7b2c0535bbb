import keras
import numpy as np
import pytest

from retrieval.autoencoder.architectures import ARCHITECTURES
from retrieval.autoencoder.design import Design
from retrieval.autoencoder.networks import build, unbounded
from retrieval.autoencoder.objective import Reconstruction


@pytest.fixture
def clean(blobs):
    return blobs[:6].astype(np.float32) / 255


def parts(loss, channels=3):
    keras.utils.set_random_seed(0)
    network = build(Design(ARCHITECTURES["conv-pool"], 16, channels, chosen_loss=loss))
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
