import keras
import numpy as np
import pytest
from keras import layers

from retrieval.autoencoder.export import to_keras_file
from retrieval.autoencoder.pretrained import PretrainedEncoder
from retrieval.encoder import EncoderDescription
from retrieval.errors import EncoderInvalid
from retrieval.models import open_model


def network_of(value):
    pictures = keras.Input((16, 16, 3))
    return keras.Model(pictures, value(pictures))


@pytest.fixture
def mine(tmp_path):
    """A .keras file of somebody: the mean of each colour; pixel values from -1 to 1."""
    network = network_of(layers.GlobalAveragePooling2D())
    (tmp_path / "mine.keras").write_bytes(to_keras_file(network))
    (tmp_path / "mine.json").write_text(
        '{"name": "mine", "size": 16, "dim": 3, "mean": 127.5, "scale": 127.5}'
    )
    return tmp_path / "mine.keras"


def test_a_keras_file_encodes_as_its_description_says(mine, blobs):
    model = open_model(mine)
    expected = blobs.mean(axis=(1, 2)) / 127.5 - 1
    np.testing.assert_allclose(model.encoder.encode(blobs), expected, atol=1e-5)
    assert model.encoder.description == EncoderDescription("mine", 16, 3, (127.5,), (127.5,))


def test_a_description_is_required_and_shown_by_an_example(mine):
    mine.with_suffix(".json").unlink()
    with pytest.raises(EncoderInvalid, match=r"mine\.json is missing.*as in \{.*\"dim\": 512"):
        PretrainedEncoder.open(mine)


def test_a_description_of_another_network_is_refused_with_both_shapes(mine):
    mine.with_suffix(".json").write_text('{"size": 16, "dim": 4}')
    with pytest.raises(EncoderInvalid, match=r"gives \(None, 3\), its description says .* and \(None, 4\)"):
        PretrainedEncoder.open(mine)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut"])
def test_a_damaged_file_is_named(mine, content):
    mine.write_bytes(content)
    with pytest.raises(EncoderInvalid, match=r"mine\.keras cannot be used: Keras cannot load it"):
        PretrainedEncoder.open(mine)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(EncoderInvalid, match=r"none\.keras cannot be used: there is no such file"):
        PretrainedEncoder.open(tmp_path / "none.keras")


def test_the_keras_file_of_a_run_is_its_encoder(finished, blobs):
    opened = open_model(finished[0].folder / "autoencoder.keras")
    np.testing.assert_allclose(opened.encoder.encode(blobs), finished[1].encoder.encode(blobs), atol=1e-5)


def test_an_unknown_name_is_told_what_there_is():
    with pytest.raises(EncoderInvalid, match=r"MobileNotV9 .*neither a file.*EfficientNetB0.*VGG16"):
        open_model("MobileNotV9")


def test_weights_that_cannot_be_had_are_one_sentence(monkeypatch):
    def refuse(*_, **__):
        raise OSError(
            "URL fetch failure on https://example.org/w.h5: None -- [Errno -2] Name or service not known"
        )

    monkeypatch.setattr("keras.src.applications.mobilenet_v2.file_utils.get_file", refuse)
    with pytest.raises(EncoderInvalid, match=r"MobileNetV2 .*cannot be had, \[Errno -2\] Name or") as caught:
        PretrainedEncoder.open("MobileNetV2")
    assert "without internet, copy that folder" in str(caught.value)


def test_an_application_prepares_pixels_its_own_way(monkeypatch):
    def body(*, include_top, pooling, weights, input_shape):
        assert (include_top, pooling, weights, input_shape) == (False, "avg", "imagenet", (224, 224, 3))
        pictures = keras.Input(input_shape)
        return keras.Model(pictures, layers.GlobalAveragePooling2D()(pictures))

    # VGG16 swaps red and blue and subtracts ImageNet's mean; the stand-in goes by its module.
    body.__module__ = keras.applications.VGG16.__module__
    monkeypatch.setattr(keras.applications, "VGG16", body)
    encoder = PretrainedEncoder.open("VGG16").model().encoder
    red = np.zeros((1, 224, 224, 3), dtype=np.uint8)
    red[..., 0] = 200
    np.testing.assert_allclose(encoder.encode(red)[0], [-103.939, -116.779, 200 - 123.68], atol=0.1)
