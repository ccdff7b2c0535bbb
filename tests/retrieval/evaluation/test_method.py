import shutil
import time

import faiss
import numpy as np
import pytest

from retrieval import Retriever
from retrieval.errors import EncoderInvalid
from retrieval.evaluation import BASELINE_NAMES, Method
from retrieval.evaluation.method import (
    PIXEL_METHODS,
    encode_milliseconds,
    fixed_methods,
    own_methods,
    search_milliseconds,
)


def test_the_baselines_say_what_they_are():
    kinds = {
        method.name: (method.metric, method.bytes_per_image, method.encoder.dim) for method in fixed_methods()
    }
    assert kinds == {
        "pixel": ("l2", 3072, 3072),
        "pixel_l1": ("l1", 3072, 3072),
        "pixel_cosine": ("cosine", 3072, 3072),
        "color_histogram": ("l2", 256, 64),
        "phash": ("l1", 8, 64),
    }
    assert set(PIXEL_METHODS) < set(kinds) < set(BASELINE_NAMES)


@pytest.mark.parametrize("method", fixed_methods(), ids=lambda method: method.name)
def test_every_baseline_keeps_the_contract_of_an_encoder(method):
    encoder = method.encoder
    pictures = np.random.default_rng(0).integers(0, 256, (3, encoder.size, encoder.size, 3), dtype=np.uint8)
    vectors = encoder.encode(pictures)
    assert (vectors.shape, vectors.dtype) == ((3, encoder.dim), np.float32)
    np.testing.assert_array_equal(vectors[1:2], encoder.encode(pictures[1:2]))
    with pytest.raises(ValueError, match="expected"):
        encoder.encode(pictures[:, 1:])
    if method.whole_numbers:
        np.testing.assert_array_equal(vectors, vectors.astype(np.uint8))


def test_an_encoder_is_opened_from_its_folder_and_from_its_file(model_folder, tmp_path, model):
    folder = tmp_path / "runs" / "first"
    shutil.copytree(model_folder, folder)
    by_folder, by_file = Method.open(folder), Method.open(folder / "encoder.tflite")
    assert (by_folder.name, by_file.name) == ("first", "encoder")
    assert by_folder.encoder.fingerprint == by_file.encoder.fingerprint == model.encoder.fingerprint
    assert (by_folder.metric, by_folder.bytes_per_image) == ("cosine", 48)


def test_an_encoder_is_opened_from_an_indexed_folder(photos, model):
    Retriever.build(photos, encoder=model)
    method = Method.open(photos)
    assert (method.name, method.title) == ("photos", "quarters (photos)")
    assert method.encoder.fingerprint == model.encoder.fingerprint


def test_what_is_no_encoder_is_refused(tmp_path):
    with pytest.raises(
        EncoderInvalid, match=r"missing cannot be used: it is not there or holds no encoder\.tflite"
    ):
        Method.open(tmp_path / "missing")
    with pytest.raises(EncoderInvalid, match=r"encoder\.tflite"):
        Method.open(tmp_path)


class Sleeper:
    size, dim = 2, 1

    def __init__(self):
        self.calls = []

    def encode(self, pictures):
        self.calls.append(len(pictures))
        time.sleep(0.01 * len(pictures))
        return np.zeros((len(pictures), 1), dtype=np.float32)


def test_milliseconds_are_those_of_one_picture_after_a_first_call():
    encoder = Sleeper()
    assert 9.0 < encode_milliseconds(encoder, np.zeros((5, 2, 2, 3), np.uint8)) < 40.0
    assert encoder.calls == [1, 5]


@pytest.mark.parametrize("metric", ["l2", "l1", "cosine"])
def test_searching_is_timed_for_any_vectors_and_leaves_the_threads_alone(metric):
    threads = faiss.omp_get_max_threads()
    vectors = np.random.default_rng(0).integers(0, 256, (3, 8), dtype=np.uint8)
    assert 0.0 < search_milliseconds(vectors, vectors, metric) < 1000.0
    assert faiss.omp_get_max_threads() == threads


def test_the_method_is_that_of_the_index(retriever):
    [method] = own_methods(retriever)
    assert (method.name, method.title, method.metric) == ("latent", "latent (quarters)", "cosine")
    assert method.bytes_per_image == 48
    assert method.encoder is retriever.encoder


def test_vectors_for_copies_are_a_method_of_their_own_from_the_same_run(photos, model_with_copies, tmp_path):
    retriever = Retriever.build(photos, index=tmp_path / "index", encoder=model_with_copies)
    latent, copies = own_methods(retriever)
    assert (latent.name, copies.name, copies.metric) == ("latent", "copies", "cosine")
    assert (latent.encoder.dim, copies.encoder.dim, copies.bytes_per_image) == (3, 9, 36)
    pictures = np.random.default_rng(0).integers(256, size=(4, 16, 16, 3), dtype=np.uint8)
    expected = retriever.encoder.encode_both(pictures)
    for method, vectors in zip((latent, copies), expected, strict=True):
        assert method.encoder.size == 16
        np.testing.assert_array_equal(method.encoder.encode(pictures), vectors)
        np.testing.assert_array_equal(method.encoder.encode(pictures[1:]), vectors[1:])
