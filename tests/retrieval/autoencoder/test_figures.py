import base64
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from retrieval.autoencoder.corruption import Corruption
from retrieval.autoencoder.figures import FIGURES, PAGE, FigureData, draw_figures
from retrieval.autoencoder.run import Epoch
from retrieval.encoder import Encoder, EncoderDescription
from retrieval.errors import DecoderMissing

HISTORY = tuple(Epoch(n, 1 / n, 0.5 / n, 1.1 / n, 0.6 / n, 2.0, 100.0) for n in (1, 2, 3))


@pytest.fixture
def data(model, blobs):
    return FigureData(model, blobs[:30], blobs, Corruption(noise=0.3), HISTORY)


def as_map(model):
    """The same model, saying that its twelve numbers are three maps of 2 × 2."""
    before = model.encoder.description
    described = EncoderDescription(
        "map", before.size, before.dim, before.mean, before.scale, {"code_shape": [2, 2, 3]}
    )
    return replace(model, encoder=Encoder(model.encoder.model, described))


def test_a_flat_code_has_every_figure_but_its_maps(data, tmp_path):
    drawn = draw_figures(data, tmp_path / "look")
    assert {path.stem for path in drawn} == set(FIGURES) - {"code"}
    assert not (tmp_path / "look" / PAGE).exists()
    for path in drawn:
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert np.asarray(picture.convert("L")).std() > 5


def test_a_code_that_is_a_map_is_drawn(data, tmp_path):
    drawn = draw_figures(replace(data, model=as_map(data.model)), tmp_path)
    assert "code" in {path.stem for path in drawn}


def test_without_a_history_there_are_no_curves(data, tmp_path):
    drawn = draw_figures(replace(data, history=()), tmp_path)
    assert "curves" not in {path.stem for path in drawn}


def test_the_page_holds_every_picture_itself(data, tmp_path):
    (tmp_path / "snapshots").mkdir()
    Image.new("RGB", (9, 9), "red").save(tmp_path / "snapshots" / "epoch-0001.png")
    drawn = draw_figures(data, tmp_path, page=True)
    text = (tmp_path / PAGE).read_text(encoding="utf-8")
    for path in [*drawn, tmp_path / "snapshots" / "epoch-0001.png"]:
        assert base64.b64encode(path.read_bytes()).decode() in text
    assert "http" not in text
    assert "<script" not in text


def test_an_empty_corruption_shows_two_panels_and_another_three(data):
    draw = FIGURES["reconstructions"].draw
    assert draw(data).width == pytest.approx(1.5 * draw(replace(data, corruption=Corruption())).width)


def test_two_pictures_are_enough(model, blobs, tmp_path):
    assert len(draw_figures(FigureData(model, blobs[:2], blobs[:2]), tmp_path)) == 4


def test_a_model_without_a_decoder_shows_nothing(model, blobs, tmp_path):
    with pytest.raises(DecoderMissing, match="has no decoder"):
        draw_figures(FigureData(replace(model, decoder=None), blobs, blobs), tmp_path)


def test_codes_of_length_one_stay_so(data):
    class Unit:
        description = data.model.encoder.description
        dim = 12

        def encode(self, pictures):
            codes = data.model.encoder.encode(pictures) + 1
            return codes / np.linalg.norm(codes, axis=1, keepdims=True)

    class Recording:
        def decode(self, codes):
            self.codes = codes

    decoder = Recording()
    unit = replace(data, model=replace(data.model, encoder=Unit(), decoder=decoder))
    unit.decode(unit.codes[:3] * 5)
    np.testing.assert_allclose(decoder.codes, unit.codes[:3], rtol=1e-5)
