"""A model as files."""

import pytest

from retrieval.encoder import Model
from retrieval.errors import EncoderInvalid


def test_what_is_saved_is_opened(model, tmp_path):
    model.save(tmp_path / "runs" / "one")
    opened = Model.open(tmp_path / "runs" / "one")
    assert opened.files() == model.files()
    assert opened.encoder.fingerprint == model.encoder.fingerprint


def test_decoder_and_keras_may_be_missing(model, tmp_path):
    Model(model.encoder).save(tmp_path)
    opened = Model.open(tmp_path)
    assert opened.decoder is None
    assert opened.keras is None
    assert set(opened.files()) == {"encoder.tflite", "encoder.json"}


def test_a_folder_without_an_encoder_is_named(tmp_path):
    with pytest.raises(EncoderInvalid, match=r"encoder\.tflite"):
        Model.open(tmp_path)
