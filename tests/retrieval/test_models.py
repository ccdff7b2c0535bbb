from __future__ import annotations

import shutil

import numpy as np
import pytest

from index_store import EncoderMismatch, Index, IndexDamaged
from retrieval import Retriever
from retrieval.encoder import Model
from retrieval.errors import DecoderMissing, EncoderInvalid
from retrieval.models import decoder_of, encoder_of, model_of, open_model


def test_a_model_an_encoder_and_the_paths_of_both_mean_the_same_encoder(model, model_folder):
    given = [model, model.encoder, model_folder, str(model_folder), model_folder / "encoder.tflite"]
    opened = [open_model(each) for each in given]
    assert {each.encoder.fingerprint for each in opened} == {model.encoder.fingerprint}
    assert [each.decoder is not None for each in opened] == [True, False, True, True, False]


def test_an_indexed_folder_lends_its_model(model, photos):
    Retriever.build(photos, encoder=model)
    for path in (photos, photos / ".retrieve"):
        assert open_model(path).files() == model.files()


def test_a_path_with_nothing_of_the_kind_is_refused_with_the_ways_out(tmp_path):
    with pytest.raises(EncoderInvalid, match=r"holds no encoder\.tflite: name the folder of a training run"):
        open_model(tmp_path)
    with pytest.raises(EncoderInvalid, match=r"there is no such file"):
        open_model(tmp_path / "missing.tflite")


def test_the_model_of_an_index_is_the_one_it_was_built_with(model, photos):
    index = Retriever.build(photos, encoder=model).index
    assert model_of(index).files() == model.files()
    assert encoder_of(index).fingerprint == model.encoder.fingerprint
    vector = np.linspace(0, 1, 12, dtype=np.float32)[None]
    np.testing.assert_array_equal(decoder_of(index).decode(vector), model.decoder.decode(vector))


def test_an_encoder_that_did_not_make_the_vectors_is_refused(model, tmp_path):
    with Index.create(tmp_path / "index", 12, encoder="f" * 64) as index:
        for name, content in model.files().items():
            index.attach(name, content)
        index.save()
    with pytest.raises(EncoderMismatch, match=r"vectors of encoder ffffffffffff, this is encoder"):
        encoder_of(Index.open(tmp_path / "index"))


def test_without_a_decoder_the_error_says_what_is_missing(model, photos):
    index = Retriever.build(photos, encoder=model.encoder).index
    assert model_of(index).decoder is None
    with pytest.raises(DecoderMissing, match=r"has no decoder, so it cannot reconstruct"):
        decoder_of(index)


def test_a_decoder_that_vanished_is_named(model, photos):
    index = Retriever.build(photos, encoder=model).index
    index.attachment("decoder.tflite").unlink()
    with pytest.raises(IndexDamaged, match=r"decoder.*\.tflite is gone since the index was opened"):
        decoder_of(index)


def test_a_copy_of_the_model_folder_is_the_same_model(model, model_folder, tmp_path):
    shutil.copytree(model_folder, tmp_path / "run")
    assert open_model(tmp_path / "run").files() == Model.open(model_folder).files()


def test_an_object_that_is_no_model_is_refused_with_the_way_out():
    with pytest.raises(EncoderInvalid, match=r"of type object .*save a Keras model as a \.keras"):
        open_model(object())
