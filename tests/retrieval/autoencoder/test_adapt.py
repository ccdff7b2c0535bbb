import keras
import numpy as np
import pytest
from keras import layers

from retrieval.autoencoder.adapt import WEIGHT, AdaptOptions, adapt, solve_adapted
from retrieval.autoencoder.export import export
from retrieval.autoencoder.pretrained import PretrainedEncoder
from retrieval.autoencoder.solved.config import choose_config
from retrieval.autoencoder.solved.lda import unit
from retrieval.encoder import EncoderDescription, Model
from retrieval.errors import EncoderInvalid
from retrieval.sample import draw_sample

CONFIG = choose_config(32, aligned=False)


def latents_of(weights, views, solved):
    known = [unit(views[:, 0] @ each.weights + each.bias) for each in weights[:2]]
    found = unit(np.concatenate(known, axis=1) @ weights.compression.weights)
    return unit(np.concatenate([found, solved], axis=1) @ weights.latent.weights)


def nearest(vectors):
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -np.inf)
    return similarities.argmax(axis=1)


@pytest.fixture(scope="module")
def kinds():
    """Views (200, 10, 100) and solved latents (200, 8) of 200 pictures of 20 kinds.

    In 4 dims of the views kinds differ a little, in the others views of one picture differ much. The latents
    tell kinds, with some noise.
    """
    random = np.random.default_rng(0)
    labels = np.arange(200) % 20
    views = random.normal(size=(200, 10, 100))
    views[..., :4] = random.normal(size=(20, 4))[labels][:, None] + random.normal(size=(200, 1, 4)) / 8
    latents = random.normal(size=(20, 8))[labels] + random.normal(size=(200, 8)) / 2
    return unit(views.astype(np.float32)), unit(latents.astype(np.float32)), labels


def test_what_views_agree_on_counts(kinds):
    views, solved, labels = kinds
    weights = solve_adapted(views, solved, CONFIG, dim=8)
    found = latents_of(weights, views, solved)
    assert found.shape == (200, 8)
    before = (labels[nearest(views[:, 0])] == labels).mean()
    after = (labels[nearest(found)] == labels).mean()
    assert before < 0.3
    assert after > 0.9
    # The leading directions look at the dims that tell kinds.
    leading = np.abs(weights.agreement.weights[:, :3]).sum(axis=1)
    assert leading[:4].min() > 2 * leading[4:].max()


def test_with_all_dims_nothing_of_either_half_is_lost(kinds):
    views, solved = unit(kinds[0][..., :20]), kinds[1]
    weights = solve_adapted(views, solved, CONFIG, dim=64)
    known = [unit(views[:, 0] @ each.weights + each.bias) for each in weights[:2]]
    found = unit(np.concatenate(known, axis=1) @ weights.compression.weights)
    joined = unit(np.concatenate([found, WEIGHT * solved], axis=1))
    latents = latents_of(weights, views, solved)
    np.testing.assert_allclose(latents @ latents.T, joined @ joined.T, atol=1e-5)


def test_vectors_of_whole_pictures_alone_are_solved_for_linked_pictures(kinds):
    views, solved, labels = kinds
    whole = views.mean(axis=1, keepdims=True)
    weights = solve_adapted(unit(whole), solved, CONFIG, dim=8)
    found = unit(unit(whole)[:, 0] @ weights.neighbors.weights + weights.neighbors.bias)
    same = labels[:, None] == labels
    cosines = found @ found.T
    plain = unit(whole)[:, 0] @ unit(whole)[:, 0].T
    assert cosines[same].mean() - cosines[~same].mean() > plain[same].mean() - plain[~same].mean()


@pytest.fixture(scope="module")
def solved():
    """A stand-in for the solved encoder: the mean colours of 4 × 4 cells, of length 1."""
    pictures = keras.Input((32, 32, 3))
    found = layers.Flatten()(layers.AveragePooling2D(8)(pictures))
    network = keras.Model(pictures, layers.UnitNormalization()(found), name="encoder")
    details = {"aligned": False, "colors": True}
    return export(network, EncoderDescription("solved", 32, 48, scale=(255.0,), details=details))


@pytest.fixture(scope="module")
def pretrained():
    """The mean of 20 random contents of 3 × 3 pixels."""
    pictures = keras.Input((16, 16, 3))
    kernel = keras.initializers.RandomNormal(seed=1)
    maps = layers.Conv2D(20, 3, activation="relu", kernel_initializer=kernel)(pictures)
    network = keras.Model(pictures, layers.GlobalAveragePooling2D()(maps))
    return PretrainedEncoder(network, EncoderDescription("theirs", 16, 20, scale=(255.0,)))


@pytest.fixture
def sample(folder):
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    return draw_sample(folder, paths)


def test_the_result_is_one_encoder_of_unit_vectors(pretrained, solved, sample, folder, tmp_path):
    model = adapt(pretrained, solved, sample, folder, options=AdaptOptions(dim=8))
    description = model.encoder.description
    assert (description.name, description.size, description.dim) == ("theirs-adapted", 32, 8)
    assert description.details["adapted"] == {"fitted_on": 12, "views": 10, "dims_before": 20, "seed": 0}
    assert description.details["aligned"] is False
    pictures = sample.pictures[:5]
    codes = model.encoder.encode(pictures)
    np.testing.assert_allclose(np.linalg.norm(codes, axis=1), 1, atol=1e-5)
    model.save(tmp_path)
    np.testing.assert_array_equal(Model.open(tmp_path).encoder.encode(pictures), codes)


def test_the_seed_decides(pretrained, solved, sample, folder):
    codes = [
        adapt(pretrained, solved, sample, folder, options=AdaptOptions(dim=8, seed=seed)).encoder.encode(
            sample.pictures[:5]
        )
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(codes[0], codes[1])
    assert (codes[0] != codes[2]).any()


def test_a_model_of_ours_is_adapted_by_its_whole_vector(model, solved, sample, folder):
    adapted = adapt(PretrainedEncoder.of(model), solved, sample, folder, options=AdaptOptions(dim=6))
    assert adapted.encoder.encode(sample.pictures[:5]).shape == (5, 6)
    assert adapted.encoder.description.details["adapted"]["views"] == 1


def test_a_tflite_file_cannot_be_adapted(model):
    bare = Model(model.encoder)
    with pytest.raises(EncoderInvalid, match=r"mine cannot .* nothing can be joined to a \.tflite"):
        PretrainedEncoder.of(bare, name="mine")
