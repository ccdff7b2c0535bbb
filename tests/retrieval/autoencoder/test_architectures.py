import pytest

from retrieval.autoencoder.architectures import ARCHITECTURES, NetworkConfig


@pytest.mark.parametrize(
    ("name", "size", "shape"),
    [
        ("dense", 28, (20,)),
        ("dense", 64, (20,)),
        ("conv-pool", 28, (7, 7, 32)),
        ("conv-pool", 64, (8, 8, 16)),
        ("conv-strided", 28, (7, 7, 32)),
        ("conv-strided", 64, (16, 16, 32)),
        ("conv", 64, (64,)),
    ],
)
def test_codes_have_the_shapes_of_the_tutorials(name, size, shape):
    assert ARCHITECTURES[name].code_shape(size) == shape


def test_a_latent_dim_makes_any_code_flat():
    assert ARCHITECTURES["conv-strided"].code_shape(28, 50) == (50,)


@pytest.mark.parametrize(
    ("size", "stages"), [(64, (32, 64, 128, 128)), (28, (32, 64)), (36, (32, 64)), (8, (32,)), (9, ())]
)
def test_a_stage_never_leaves_half_a_pixel_nor_too_few(size, stages):
    assert ARCHITECTURES["conv"].stages(size) == stages


def test_each_goes_by_its_name():
    assert all(name == architecture.name for name, architecture in ARCHITECTURES.items())


def test_a_config_takes_what_the_architecture_says():
    config = NetworkConfig(ARCHITECTURES["conv-pool"], size=28, channels=1)
    assert (config.dim, config.enlarging, config.loss) == (7 * 7 * 32, "up-sampling", "bce")


def test_a_config_takes_what_is_chosen_instead():
    config = NetworkConfig(ARCHITECTURES["conv-pool"], 28, 1, 50, "transposed", "mse")
    assert (config.dim, config.enlarging, config.loss) == (50, "transposed", "mse")
