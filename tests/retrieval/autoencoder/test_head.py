import keras
import numpy as np
import pytest
from keras import layers

from retrieval.autoencoder.head import HeadOptions, fit_head
from retrieval.autoencoder.pretrained import PretrainedEncoder
from retrieval.encoder import EncoderDescription, Model
from retrieval.errors import EncoderInvalid, NoPictures
from retrieval.sample import draw_head_sample


@pytest.fixture(scope="module")
def pretrained():
    """Mean and 4 × 4 pixels, 51 numbers: some tell pictures apart, some only where in a picture one looks."""
    pictures = keras.Input((16, 16, 3))
    grid = layers.Flatten()(layers.AveragePooling2D(4)(pictures))
    network = keras.Model(pictures, layers.Concatenate()([layers.GlobalAveragePooling2D()(pictures), grid]))
    return PretrainedEncoder(network, EncoderDescription("means", 16, 51, scale=(255.0,)))


def ratio(model, pictures):
    """Scatter of codes between pictures over scatter within, of two views cut by hand."""
    halves = [np.repeat(pictures[:, :, cut], 2, axis=2) for cut in (np.s_[:8], np.s_[8:])]
    codes = np.stack([model.encoder.encode(half) for half in halves])
    codes /= np.linalg.norm(codes, axis=-1, keepdims=True)
    return codes.mean(axis=0).var(axis=0).sum() / codes.var(axis=0).mean(axis=0).sum()


def test_views_of_a_picture_agree_better_with_the_head(pretrained, blobs):
    headed = pretrained.with_head(blobs, options=HeadOptions(dim=8))
    assert ratio(headed.model(), blobs) > 1.5 * ratio(pretrained.model(), blobs)


def test_the_result_is_one_encoder_of_unit_vectors(pretrained, blobs, tmp_path):
    model = pretrained.with_head(blobs, options=HeadOptions(dim=8)).model()
    description = model.encoder.description
    assert (description.name, description.size, description.dim) == ("means+head", 16, 8)
    assert description.details["head"] == {"fitted_on": 40, "dims_before": 51, "seed": 0}
    codes = model.encoder.encode(blobs)
    np.testing.assert_allclose(np.linalg.norm(codes, axis=1), 1, atol=1e-5)
    model.save(tmp_path)
    np.testing.assert_array_equal(Model.open(tmp_path).encoder.encode(blobs), codes)


def test_the_layer_is_that_of_the_generalised_eigenproblem(pretrained, blobs):
    from retrieval.autoencoder.head import _extended

    kernel = np.random.default_rng(0).normal(size=(51, 5)).astype(np.float32)
    bias = np.arange(5, dtype=np.float32)
    given = blobs.astype(np.float32) / 255
    codes = pretrained.network(given).numpy()
    expected = codes / np.linalg.norm(codes, axis=1, keepdims=True) @ kernel + bias
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(
        _extended(pretrained.network, kernel, bias)(given).numpy(), expected, atol=1e-5
    )


def test_the_seed_decides(pretrained, blobs):
    kernels = [
        fit_head(pretrained.network, pretrained.description, blobs, options=HeadOptions(4, 4, seed))[0]
        .get_layer("head")
        .kernel.numpy()
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert (kernels[0] != kernels[2]).any()


def test_fewer_pictures_than_dims_give_fewer_dims(pretrained, blobs):
    assert pretrained.with_head(blobs[:5], options=HeadOptions(dim=64)).description.dim == 4


def test_one_picture_is_too_few(pretrained, blobs):
    with pytest.raises(ValueError, match=r"\(1, 16, 16, 3\), expected .* 2 or more"):
        pretrained.with_head(blobs[:1])


def test_a_head_goes_on_top_of_a_model_of_ours(model, blobs):
    model = PretrainedEncoder.of(model).with_head(blobs, options=HeadOptions(dim=6)).model()
    assert model.encoder.encode(blobs).shape == (40, 6)
    assert model.encoder.description.details["code_shape"] == [6]


def test_a_tflite_file_takes_no_head(model):
    bare = Model(model.encoder)
    with pytest.raises(EncoderInvalid, match=r"mine cannot be used: nothing can be added to a \.tflite file"):
        PretrainedEncoder.of(bare, name="mine")


def test_the_sample_is_bounded_and_leaves_out_what_cannot_be_read(folder):
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    assert draw_head_sample(folder, paths, size=16).pictures.shape == (12, 32, 32, 3)
    assert draw_head_sample(folder, paths, size=224).pictures.shape == (12, 224, 224, 3)
    with pytest.raises(NoPictures, match="0 distinct can be read"):
        draw_head_sample(folder, ["cut.png", "missing.png"], size=16)
