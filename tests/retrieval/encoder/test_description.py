"""The description beside an encoder."""

import json

import pytest

from retrieval.encoder import EncoderDescription
from retrieval.errors import EncoderInvalid
from retrieval.images import DECODING


def test_what_is_written_is_read():
    description = EncoderDescription(
        "mine", size=32, dim=8, mean=(1.0, 2.0, 3.0), scale=(4.0,), details={"seed": 1, "parts": [1, 2]}
    )
    assert EncoderDescription.parse(description.to_json(), path="x.json") == description


def test_copy_vectors_are_told_where_there_are_any():
    description = EncoderDescription("mine", size=32, dim=8, copy_dim=3)
    assert EncoderDescription.parse(description.to_json(), path="x.json") == description
    without = EncoderDescription("mine", size=32, dim=8)
    assert "copy_dim" not in without.to_json()
    assert EncoderDescription.parse(without.to_json(), path="x.json").copy_dim == 0


def test_encoders_described_before_keep_their_way_of_decoding_and_their_text():
    before = EncoderDescription.parse('{"size": 64, "dim": 8}', path="x.json")
    assert before.decoding == 1
    assert "decoding" not in before.to_json()
    now = EncoderDescription("mine", size=64, dim=8, decoding=DECODING)
    assert EncoderDescription.parse(now.to_json(), path="x.json") == now
    assert now.to_json() != before.to_json()


@pytest.mark.parametrize("decoding", [0, 3, True, 2.0, "2", None])
def test_an_unknown_way_of_decoding_is_refused(decoding):
    text = json.dumps({"size": 64, "dim": 8, "decoding": decoding})
    with pytest.raises(EncoderInvalid, match=r"decoding is .*, this version of Retrieve knows 1 and 2"):
        EncoderDescription.parse(text, path="x.json")


def test_size_and_dim_are_enough():
    description = EncoderDescription.parse('{"size": 224, "dim": 512, "mean": 127.5}', path="x.json")
    assert (description.mean, description.scale, description.name) == ((127.5,), (1.0,), "custom")


def test_all_faults_are_told_at_once():
    text = json.dumps({"size": 0, "dim": "64", "mean": [1, 2], "scale": 0, "details": [], "copy_dim": -1})
    with pytest.raises(EncoderInvalid) as caught:
        EncoderDescription.parse(text, path="x.json")
    for fault in (
        "x.json",
        "size is 0",
        "dim is '64'",
        "mean is [1, 2]",
        "scale is 0",
        "details is []",
        "copy_dim is -1",
    ):
        assert fault in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"format": 2, "size": 1, "dim": 1}'])
def test_what_is_no_description_is_refused(text):
    with pytest.raises(EncoderInvalid, match=r"encoder x\.json cannot be used"):
        EncoderDescription.parse(text, path="x.json")
