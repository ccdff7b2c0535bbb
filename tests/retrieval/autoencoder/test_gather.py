import numpy as np
import pytest
from PIL import Image

from retrieval.autoencoder.gather import channels_of, fitting_size, gather
from retrieval.errors import NoPictures


def test_every_picture_is_a_row_in_the_order_of_paths(folder, blobs, tmp_path):
    gathered = gather(folder, 16, overflow=tmp_path / "o")
    assert gathered.paths == tuple(sorted(gathered.paths))
    assert len(gathered.paths) == 12
    for path, pixels in zip(gathered.paths, gathered.pixels, strict=True):
        np.testing.assert_array_equal(pixels, blobs[int(path[2:4])])
    assert [rejection.path for rejection in gathered.rejections] == ["cut.png"]
    assert gathered.channels == 3
    assert not (tmp_path / "o").exists()


def test_what_does_not_fit_into_memory_goes_to_a_file(folder, tmp_path):
    gathered = gather(folder, 16, overflow=tmp_path / "deep" / "o", memory_budget=1000)
    assert isinstance(gathered.pixels.base, np.memmap)
    assert (tmp_path / "deep" / "o").stat().st_size == 13 * 16 * 16 * 3
    np.testing.assert_array_equal(gathered.pixels, gather(folder, 16, overflow=tmp_path / "p").pixels)


@pytest.mark.parametrize(("spoiled", "channels"), [(None, 1), ((9, 9, 9), 1), ((9, 13, 9), 3)])
def test_one_colour_in_one_picture_makes_three_channels(grey_blobs, spoiled, channels):
    pictures = grey_blobs.copy()
    if spoiled:
        pictures[3, 2, 1] = spoiled
    assert channels_of(pictures) == channels


@pytest.mark.parametrize(
    ("sides", "size"), [([28], 28), ([20, 24, 90], 28), ([40], 32), ([48], 32), ([49], 64), ([300], 64)]
)
def test_the_size_suits_the_median_longer_side(tmp_path, sides, size):
    for number, side in enumerate(sides):
        Image.new("L", (8, side)).save(tmp_path / f"{number}.png")
    assert fitting_size(tmp_path) == size


def test_one_picture_is_too_few(tmp_path, blobs):
    Image.fromarray(blobs[0]).save(tmp_path / "a.png")
    with pytest.raises(NoPictures, match=r"1 can be read, 0 cannot, expected 2 or more"):
        gather(tmp_path, 16, overflow=tmp_path / "o")


def test_pictures_none_of_which_can_be_read_are_told(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(NoPictures, match="0 can be read, 2 cannot"):
        gather(tmp_path, 16, overflow=tmp_path / "o")
    with pytest.raises(NoPictures):
        fitting_size(tmp_path)
