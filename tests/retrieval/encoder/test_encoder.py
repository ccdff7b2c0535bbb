"""The running encoder and decoder, with a model whose vectors can be worked out by hand."""

import json
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from retrieval.encoder import Decoder, Encoder, EncoderDescription
from retrieval.errors import EncoderInvalid


@pytest.fixture
def copied(model_folder, tmp_path):
    return shutil.copytree(model_folder, tmp_path / "model")


def quarters(*colors):
    """Pictures of 16 pixels whose quarters have these colours."""
    square = np.array(colors, dtype=np.uint8).reshape(1, 2, 2, 3)
    return square.repeat(8, axis=1).repeat(8, axis=2)


def test_vectors_are_those_of_the_network(model):
    (vector,) = model.encoder.encode(quarters((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)))
    expected = np.array([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1], dtype=np.float32)
    assert vector.dtype == np.float32
    np.testing.assert_allclose(vector / np.linalg.norm(vector), expected / 6**0.5, atol=1e-6)


def test_one_picture_gives_what_it_gives_among_others(model):
    pictures = np.random.default_rng(0).integers(256, size=(7, 16, 16, 3), dtype=np.uint8)
    together = model.encoder.encode(pictures)
    alone = np.concatenate([model.encoder.encode(picture[None]) for picture in pictures])
    np.testing.assert_array_equal(together, alone)


def test_no_picture_gives_no_vector(model):
    assert model.encoder.encode(np.empty((0, 16, 16, 3), dtype=np.uint8)).shape == (0, 12)


def test_several_threads_get_what_one_gets(model):
    pictures = np.random.default_rng(0).integers(256, size=(40, 16, 16, 3), dtype=np.uint8)
    expected = model.encoder.encode(pictures)
    with ThreadPoolExecutor(4) as threads:
        rows = list(threads.map(lambda picture: model.encoder.encode(picture[None])[0], pictures))
    np.testing.assert_array_equal(np.stack(rows), expected)


@pytest.mark.parametrize(
    "pictures",
    [
        np.zeros((16, 16, 3), dtype=np.uint8),
        np.zeros((1, 8, 8, 3), dtype=np.uint8),
        np.zeros((1, 16, 16, 1), dtype=np.uint8),
        np.zeros((1, 16, 16, 3), dtype=np.float32),
    ],
)
def test_pictures_of_another_shape_or_type_are_refused(model, pictures):
    with pytest.raises(ValueError, match=r"expected \(n, 16, 16, 3\) uint8"):
        model.encoder.encode(pictures)


def test_opened_from_files_it_is_the_same(model, copied):
    opened = Encoder.open(copied / "encoder.tflite")
    assert opened.fingerprint == model.encoder.fingerprint
    assert (opened.size, opened.dim) == (16, 12)


def test_a_network_that_gives_more_than_latent_vectors_gives_copy_vectors(model):
    pictures = np.random.default_rng(0).integers(256, size=(3, 16, 16, 3), dtype=np.uint8)
    description = replace(model.encoder.description, dim=7, copy_dim=5)
    encoder = Encoder(model.encoder.model, description)
    latents, copies = encoder.encode_both(pictures)
    whole = model.encoder.encode(pictures)
    np.testing.assert_array_equal(latents, whole[:, :7])
    np.testing.assert_array_equal(copies, whole[:, 7:])
    np.testing.assert_array_equal(encoder.encode(pictures), latents)
    assert (encoder.dim, encoder.copy_dim) == (7, 5)
    assert latents.flags.c_contiguous
    assert copies.flags.c_contiguous


def test_most_networks_have_no_copy_vectors(model):
    pictures = np.zeros((2, 16, 16, 3), dtype=np.uint8)
    latents, copies = model.encoder.encode_both(pictures)
    np.testing.assert_array_equal(latents, model.encoder.encode(pictures))
    assert (model.encoder.copy_dim, copies.shape) == (0, (2, 0))


def test_a_network_of_fewer_numbers_than_described_is_refused(model):
    description = replace(model.encoder.description, copy_dim=5)
    with pytest.raises(EncoderInvalid, match=r"gives \(12,\), its description says .* and \(17,\)"):
        Encoder(model.encoder.model, description)


def test_the_fingerprint_covers_network_and_description(model):
    description = EncoderDescription.parse(model.encoder.description.to_json(), path="encoder.json")
    assert Encoder(model.encoder.model, description).fingerprint == model.encoder.fingerprint
    other = EncoderDescription(description.name, size=16, dim=12, scale=(128.0,))
    assert Encoder(model.encoder.model, other).fingerprint != model.encoder.fingerprint


def test_mean_and_scale_are_applied(model):
    pictures = quarters((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))
    mean, scale = model.encoder.description.mean, model.encoder.description.scale
    changed = EncoderDescription("x", size=16, dim=12, mean=(mean[0] - 51.0,), scale=scale)
    lighter = Encoder(model.encoder.model, changed).encode(pictures // 2)
    expected = Encoder(model.encoder.model, model.encoder.description).encode(pictures // 2 + np.uint8(51))
    np.testing.assert_allclose(lighter, expected, atol=1e-5)


@pytest.mark.parametrize("name", ["encoder.tflite", "encoder.json"])
def test_a_missing_file_is_named(copied, name):
    (copied / name).unlink()
    with pytest.raises(EncoderInvalid, match=name):
        Encoder.open(copied / "encoder.tflite")


def test_a_file_that_is_no_network_is_named(copied):
    (copied / "encoder.tflite").write_bytes(b"not a network")
    with pytest.raises(EncoderInvalid, match=r"encoder\.tflite cannot be used"):
        Encoder.open(copied / "encoder.tflite")


def test_a_truncated_network_is_named(copied):
    network = copied / "encoder.tflite"
    network.write_bytes(network.read_bytes()[:100])
    with pytest.raises(EncoderInvalid, match=r"encoder\.tflite"):
        Encoder.open(network)


def test_a_description_of_another_network_is_refused_with_both_shapes(copied):
    path = copied / "encoder.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "dim": 64}))
    with pytest.raises(EncoderInvalid, match=r"gives \(12,\), its description says .* \(64,\)"):
        Encoder.open(copied / "encoder.tflite")


def test_a_vector_becomes_the_picture_it_stands_for(model):
    pictures = np.full((2, 16, 16, 3), (255, 0, 0), dtype=np.uint8)
    decoded = model.decoder.decode(model.encoder.encode(pictures))
    assert decoded.shape == (2, 16, 16, 3)
    assert decoded.dtype == np.uint8
    red, green, blue = decoded[0].mean(axis=(0, 1))
    assert red > 100
    assert green == blue == 0


def test_vectors_of_another_length_are_refused_with_both_numbers(model):
    with pytest.raises(ValueError, match=r"\(1, 3\), expected \(n, 12\)"):
        model.decoder.decode([[1, 2, 3]])


def test_an_encoder_is_no_decoder(model):
    with pytest.raises(EncoderInvalid, match="not a decoder"):
        Decoder(model.encoder.model, name="encoder.tflite")


def test_a_folder_is_no_file_of_a_network_and_the_way_out_is_told(tmp_path):
    with pytest.raises(
        EncoderInvalid,
        match=r"it is a folder: name its encoder\.tflite, or take Retriever",
    ):
        Encoder.open(tmp_path)


def test_pictures_may_be_a_list_of_arrays(model):
    encoder = model.encoder
    pictures = np.full((2, encoder.size, encoder.size, 3), 7, dtype=np.uint8)
    np.testing.assert_array_equal(encoder.encode(list(pictures)), encoder.encode(pictures))
    with pytest.raises(ValueError, match=r"expected \(n, 16, 16, 3\) uint8"):
        encoder.encode("a.png")


def test_both_halves_can_be_sent_to_another_process(model):
    encoder, decoder = pickle.loads(pickle.dumps((model.encoder, model.decoder)))
    assert encoder.fingerprint == model.encoder.fingerprint
    vector = np.full((1, decoder.dim), 0.5)
    np.testing.assert_array_equal(decoder.decode(vector), model.decoder.decode(vector))
