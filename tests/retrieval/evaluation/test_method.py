import shutil

import numpy as np
import pytest

from retrieval.errors import EncoderInvalid
from retrieval.evaluation import Method
from retrieval.evaluation.method import PIXEL_METHODS, fixed_methods


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
    assert set(PIXEL_METHODS) < set(kinds)


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


def test_what_is_no_encoder_is_refused(tmp_path):
    with pytest.raises(EncoderInvalid, match="there is no such file or folder"):
        Method.open(tmp_path / "missing")
    with pytest.raises(EncoderInvalid, match=r"encoder\.tflite"):
        Method.open(tmp_path)
