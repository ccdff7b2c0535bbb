"""The running decoder, with a model whose pictures can be worked out by hand."""

import numpy as np
import pytest

from retrieval.encoder import Decoder
from retrieval.errors import EncoderInvalid


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
