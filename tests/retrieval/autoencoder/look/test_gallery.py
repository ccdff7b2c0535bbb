import base64
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from retrieval.autoencoder.corruption import Corruption
from retrieval.autoencoder.look import EXHIBITS, Material, hang
from retrieval.autoencoder.run import Epoch
from retrieval.encoder import Encoder, EncoderDescription
from retrieval.errors import DecoderMissing

HISTORY = tuple(Epoch(n, 1 / n, 0.5 / n, 1.1 / n, 0.6 / n, 2.0, 100.0) for n in (1, 2, 3))


@pytest.fixture
def material(model, blobs):
    return Material(model, blobs[:30], blobs, Corruption(noise=0.3), HISTORY)


def as_map(model):
    """The same model, saying that its twelve numbers are three maps of 2 × 2."""
    before = model.encoder.description
    described = EncoderDescription(
        "map", before.size, before.dim, before.mean, before.scale, {"code_shape": [2, 2, 3]}
    )
    return replace(model, encoder=Encoder(model.encoder.model, described))


def test_a_flat_code_has_every_exhibit_but_its_maps(material, tmp_path):
    hung = hang(material, tmp_path / "look")
    assert {path.stem for path in hung.pictures} == set(EXHIBITS) - {"code"}
    assert hung.page is None
    for path in hung.pictures:
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert np.asarray(picture.convert("L")).std() > 5


def test_a_code_that_is_a_map_is_drawn(material, tmp_path):
    hung = hang(replace(material, model=as_map(material.model)), tmp_path)
    assert "code" in {path.stem for path in hung.pictures}


def test_without_a_history_there_are_no_curves(material, tmp_path):
    hung = hang(replace(material, history=()), tmp_path)
    assert "curves" not in {path.stem for path in hung.pictures}


def test_the_page_holds_every_picture_itself(material, tmp_path):
    (tmp_path / "snapshots").mkdir()
    Image.new("RGB", (9, 9), "red").save(tmp_path / "snapshots" / "epoch-0001.png")
    hung = hang(material, tmp_path, page=True)
    text = hung.page.read_text(encoding="utf-8")
    for path in [*hung.pictures, tmp_path / "snapshots" / "epoch-0001.png"]:
        assert base64.b64encode(path.read_bytes()).decode() in text
    assert "http" not in text
    assert "<script" not in text


def test_an_empty_corruption_shows_two_panels_and_another_three(material):
    draw = EXHIBITS["reconstructions"].draw
    assert draw(material).width == pytest.approx(1.5 * draw(replace(material, corruption=Corruption())).width)


def test_two_pictures_are_enough(model, blobs, tmp_path):
    assert len(hang(Material(model, blobs[:2], blobs[:2]), tmp_path).pictures) == 4


def test_a_model_without_a_decoder_shows_nothing(model, blobs, tmp_path):
    with pytest.raises(DecoderMissing, match="has no decoder"):
        hang(Material(replace(model, decoder=None), blobs, blobs), tmp_path)


def test_codes_of_length_one_stay_so(material):
    class Unit:
        description = material.model.encoder.description
        dim = 12

        def encode(self, pictures):
            codes = material.model.encoder.encode(pictures) + 1
            return codes / np.linalg.norm(codes, axis=1, keepdims=True)

    class Recording:
        def decode(self, codes):
            self.codes = codes

    decoder = Recording()
    unit = replace(material, model=replace(material.model, encoder=Unit(), decoder=decoder))
    unit.decode(unit.codes[:3] * 5)
    np.testing.assert_allclose(decoder.codes, unit.codes[:3], rtol=1e-5)
