import keras
import numpy as np
import pytest

from retrieval.autoencoder.architectures import ARCHITECTURES, NetworkConfig
from retrieval.autoencoder.export import export
from retrieval.autoencoder.networks import build, unbounded
from retrieval.encoder import EncoderDescription

EVERY = [
    (name, way)
    for name, architecture in ARCHITECTURES.items()
    for way in (("up-sampling", "transposed") if architecture.filters else (None,))
]


def in_unit_range(pictures):
    return pictures.astype(np.float32) / 255


def test_dense_has_the_473_636_parameters_of_the_tutorial():
    # 784·256 + 256, 256·128 + 128, 128·20 + 20, and back 20·128 + 128, 128·256 + 256, 256·784 + 784.
    network = build(NetworkConfig(ARCHITECTURES["dense"], size=28, channels=1))
    assert network.count_params() == 200_960 + 32_896 + 2_580 + 2_688 + 33_024 + 201_488 == 473_636


def test_conv_strided_has_the_parameters_of_its_kernels():
    # 5·5 kernels of 1 → 16 → 32 maps, and back 32 → 16 → 1, each map with a bias.
    network = build(NetworkConfig(ARCHITECTURES["conv-strided"], size=28, channels=1))
    assert network.count_params() == (25 * 16 + 16) + (25 * 16 * 32 + 32) + (25 * 32 * 16 + 16) + (
        25 * 16 + 1
    )


@pytest.mark.parametrize(("name", "way"), EVERY)
def test_litert_equals_keras(name, way, grey_blobs):
    keras.utils.set_random_seed(1)
    config = NetworkConfig(ARCHITECTURES[name], size=16, channels=1, upscaling=way)
    network = build(config)
    model = export(network, EncoderDescription(name, 16, config.dim, scale=(255.0,)))
    codes = np.asarray(network.get_layer("encoder")(in_unit_range(grey_blobs[:5])))
    np.testing.assert_allclose(model.encoder.encode(grey_blobs[:5]), codes, atol=1e-4, rtol=0)
    assert np.ptp(codes) > 0.01
    pictures = np.asarray(network(in_unit_range(grey_blobs[:5]))) * 255
    # The running decoder gives whole levels.
    np.testing.assert_allclose(model.decoder.decode(codes), pictures, atol=0.5 + 255e-4, rtol=0)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize(("size", "channels"), [(20, 3), (28, 1), (64, 3)])
def test_pictures_of_any_allowed_size_come_back_as_pictures(name, size, channels):
    network = build(NetworkConfig(ARCHITECTURES[name], size=size, channels=channels))
    assert network.input_shape == network.output_shape == (None, size, size, 3)
    result = np.asarray(network(np.zeros((2, size, size, 3), dtype=np.float32)))
    assert result.min() >= 0
    assert result.max() <= 1
    assert len(network.get_layer("encoder").output_shape) == 2


def test_a_grey_network_sees_and_gives_grey(blobs):
    network = build(NetworkConfig(ARCHITECTURES["conv-pool"], size=16, channels=1))
    result = np.asarray(network(in_unit_range(blobs)))
    grey = np.asarray(network(in_unit_range(blobs).mean(axis=-1, keepdims=True).repeat(3, axis=-1)))
    np.testing.assert_array_equal(result[..., 0], result[..., 2])
    np.testing.assert_allclose(result, grey, atol=1e-5)


@pytest.mark.parametrize(
    ("loss", "bounded"), [("bce", lambda x: 1 / (1 + np.exp(-x))), ("mse", lambda x: np.clip(x, 0, 1))]
)
def test_the_loss_decides_how_values_are_bounded(loss, bounded):
    decoder = build(NetworkConfig(ARCHITECTURES["dense"], 8, 1, chosen_loss=loss)).get_layer("decoder")
    codes = np.random.default_rng(0).normal(0, 9, (4, 20)).astype(np.float32)
    values = np.asarray(unbounded(decoder)(codes))
    assert values.min() < 0
    np.testing.assert_allclose(np.asarray(decoder(codes))[..., :1], bounded(values), atol=1e-5)
