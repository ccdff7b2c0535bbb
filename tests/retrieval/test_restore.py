from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from retrieval.encoder import Model
from retrieval.errors import DecoderMissing
from retrieval.restore import denoise, reconstruct

QUARTERS = np.array([[[250, 10, 10], [10, 250, 10]], [[10, 10, 250], [250, 250, 250]]], dtype=np.uint8)


class EchoEncoder:
    """Codes are the pictures themselves."""

    size = 16
    dim = 16 * 16 * 3
    decoding = 2

    def __init__(self, code_shape):
        self.description = type("Description", (), {"details": {"code_shape": code_shape}, "name": "echo"})()

    def encode(self, pictures):
        self.seen = pictures
        return pictures.reshape(len(pictures), -1).astype(np.float32)


class EchoDecoder:
    def decode(self, codes):
        return codes.reshape(-1, 16, 16, 3).astype(np.uint8)


def echo(*code_shape):
    return Model(EchoEncoder(code_shape), EchoDecoder())


def smooth(height, width):
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows * 250 // height, columns * 250 // width, rows * 0 + 99], axis=-1).astype(np.uint8)


def test_a_reconstruction_has_the_pictures_own_size_and_content(model):
    picture = np.asarray(Image.fromarray(QUARTERS).resize((90, 60), Image.Resampling.NEAREST))
    result = reconstruct(model, picture)
    assert result.shape == (60, 90, 3)
    # The model keeps the mean colour of each quarter.
    for row, column in ((15, 20), (15, 70), (45, 20), (45, 70)):
        np.testing.assert_allclose(result[row, column], picture[row, column], atol=6)


@pytest.mark.parametrize("shape", [(16, 16), (17, 40), (100, 33), (64, 64), (23, 16)])
def test_tiles_cover_every_pixel_once_put_together(shape):
    picture = smooth(*shape)
    np.testing.assert_array_equal(denoise(echo(4, 4, 2), picture), picture)


def test_tiles_keep_detail_that_shrinking_loses():
    stripes = np.zeros((64, 64, 3), dtype=np.uint8)
    stripes[::2] = 255
    np.testing.assert_array_equal(denoise(echo(4, 4, 2), stripes, tiling="tiles"), stripes)
    assert np.ptp(denoise(echo(4, 4, 2), stripes, tiling="whole")) < 255


@pytest.mark.parametrize(("code_shape", "tiles"), [((4, 4, 2), 9), ((64,), 1)])
def test_networks_whose_code_is_a_map_get_tiles(code_shape, tiles):
    model = echo(*code_shape)
    denoise(model, smooth(32, 32))
    assert len(model.encoder.seen) == tiles


@pytest.mark.parametrize("shape", [(8, 40), (10, 10), (1, 1)])
def test_a_picture_smaller_than_the_network_is_enlarged(shape):
    model = echo(4, 4, 2)
    assert denoise(model, smooth(*shape)).shape == (*shape, 3)
    assert len(model.encoder.seen) == 1


def test_without_a_decoder_there_is_nothing_to_decode(model):
    with pytest.raises(DecoderMissing, match="no decoder"):
        reconstruct(replace(model, decoder=None), smooth(16, 16))
