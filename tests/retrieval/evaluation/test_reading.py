import hashlib

import numpy as np
import pytest
from PIL import Image

from retrieval.errors import ImageUnreadable
from retrieval.evaluation import reading
from retrieval.evaluation.reading import open_once, read_batches, read_sizes
from retrieval.images import load


@pytest.fixture
def noisy(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    Image.fromarray(values).save(tmp_path / "noisy.png")
    return tmp_path / "noisy.png"


def test_each_size_is_what_loading_at_that_size_gives(noisy):
    content, pictures = read_sizes(noisy, [8, 64])
    assert content == hashlib.sha256(noisy.read_bytes()).hexdigest()
    for size, pixels in pictures.items():
        np.testing.assert_array_equal(pixels, load(noisy, size))


def test_a_jpeg_at_the_largest_size_is_what_loading_at_that_size_gives(noisy, tmp_path):
    Image.open(noisy).resize((900, 1200)).save(tmp_path / "large.jpg")
    _, pictures = read_sizes(tmp_path / "large.jpg", [32, 64])
    np.testing.assert_array_equal(pictures[64], load(tmp_path / "large.jpg", 64))
    near = np.abs(pictures[32].astype(float) - load(tmp_path / "large.jpg", 32))
    assert near.mean() < 2.5  # noise is the worst case


def test_a_picture_is_turned_upright_once(tmp_path):
    image = Image.new("RGB", (8, 16))
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    image.save(tmp_path / "turned.png", exif=exif)
    _, pictures = read_sizes(tmp_path / "turned.png", [16])
    np.testing.assert_array_equal(pictures[16], load(tmp_path / "turned.png", 16))
    assert pictures[16][:, -2:].max() > 100
    assert pictures[16][:, :8].max() < 20


def test_batches_keep_the_order_and_name_what_cannot_be_read(tmp_path, paint, monkeypatch):
    monkeypatch.setattr(reading, "BATCH", 2)
    paths = ["0.png", "cut.png", "2.png", "empty.jpg", "gone.png", "5.png"]
    for number in (0, 2, 5):
        paint(tmp_path / f"{number}.png", (number, 0, 0))
    (tmp_path / "cut.png").write_bytes((tmp_path / "0.png").read_bytes()[:40])
    (tmp_path / "empty.jpg").touch()
    batches = list(read_batches(tmp_path, paths, [4, 4]))
    assert np.concatenate([batch.positions for batch in batches]).tolist() == [0, 2, 5]
    reds = np.concatenate([batch.pixels[4][:, 0, 0, 0] for batch in batches])
    assert reds.tolist() == [0, 2, 5]
    rejected = [rejection.path for batch in batches for rejection in batch.rejections]
    assert rejected == ["cut.png", "empty.jpg", "gone.png"]
    assert batches[1].pixels[4].shape == (1, 4, 4, 3)


def test_an_unreadable_file_is_named_by_its_path(tmp_path):
    (tmp_path / "no.jpg").write_bytes(b"no picture")
    with pytest.raises(ImageUnreadable, match=r"no\.jpg cannot be read"):
        open_once(tmp_path / "no.jpg", at_least=8)
