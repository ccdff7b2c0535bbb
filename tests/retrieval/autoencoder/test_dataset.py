import numpy as np
import pytest
from PIL import Image

from retrieval.autoencoder.dataset import Split, channels_of, fitting_size, load_dataset
from retrieval.errors import NoPictures


def test_every_picture_is_a_row_in_the_order_of_paths(folder, blobs, tmp_path):
    dataset = load_dataset(folder, 16, overflow=tmp_path / "o")
    assert dataset.paths == tuple(sorted(dataset.paths))
    assert len(dataset.paths) == 12
    for path, pixels in zip(dataset.paths, dataset.pixels, strict=True):
        np.testing.assert_array_equal(pixels, blobs[int(path[2:4])])
    assert [rejection.path for rejection in dataset.rejections] == ["cut.png"]
    assert dataset.channels == 3
    assert not (tmp_path / "o").exists()


def test_what_does_not_fit_into_memory_goes_to_a_file(folder, tmp_path):
    dataset = load_dataset(folder, 16, overflow=tmp_path / "deep" / "o", memory_budget=1000)
    assert isinstance(dataset.pixels.base, np.memmap)
    assert (tmp_path / "deep" / "o").stat().st_size == 13 * 16 * 16 * 3
    np.testing.assert_array_equal(dataset.pixels, load_dataset(folder, 16, overflow=tmp_path / "p").pixels)


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
        load_dataset(tmp_path, 16, overflow=tmp_path / "o")


def test_pictures_none_of_which_can_be_read_are_told(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(NoPictures, match="0 can be read, 2 cannot"):
        load_dataset(tmp_path, 16, overflow=tmp_path / "o")
    with pytest.raises(NoPictures):
        fitting_size(tmp_path)


@pytest.mark.parametrize(
    ("count", "share", "held_back"),
    [(100, 0.1, 10), (10, 0.1, 1), (3, 0.1, 1), (2, 0.9, 1), (5, 0.0, 0), (10, 0.99, 9)],
)
def test_a_share_is_held_back_never_none_of_a_wish_and_never_all(count, share, held_back):
    split = Split.draw(count, share, seed=3)
    assert len(split.validation) == held_back
    assert sorted([*split.training, *split.validation]) == list(range(count))


def test_the_seed_draws_the_split():
    np.testing.assert_array_equal(
        Split.draw(50, 0.2, seed=1).validation, Split.draw(50, 0.2, seed=1).validation
    )
    assert set(Split.draw(50, 0.2, seed=1).validation) != set(Split.draw(50, 0.2, seed=2).validation)
