import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retrieval.errors import ImageUnreadable
from retrieval.images import load, load_picture, load_sizes, open_picture, read_file, read_picture
from retrieval.images.decode import MAX_PIXELS


def photograph(width=640, height=480):
    """Soft shapes and a little grain, `(height, width, 3) uint8`: what JPEG is made for."""
    y, x = np.mgrid[0:height, 0:width] / 100.0
    waves = [np.sin(x * a + y * b) for a, b in ((1.0, 2.0), (3.0, -1.0), (0.5, 4.0))]
    grain = np.random.default_rng(0).normal(0, 6, (height, width, 3))
    return np.clip(np.stack(waves, axis=2) * 90 + 128 + grain, 0, 255).astype(np.uint8)


def encoded(image, name, **options):
    buffer = BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def oriented(number):
    exif = Image.Exif()
    exif[0x0112] = number
    return exif


@pytest.fixture
def colors():
    """3 × 2 pixels, each of its own colour."""
    return Image.fromarray(np.arange(18, dtype=np.uint8).reshape(2, 3, 3) * 14)


# A viewer shows a file of orientation n upright by this turn, so the camera stored the turn's opposite.
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("number", STORED)
@pytest.mark.parametrize("name", ["PNG", "TIFF", "WEBP"])
def test_every_orientation_comes_out_upright(colors, number, name):
    stored = Image.fromarray(np.ascontiguousarray(STORED[number](np.asarray(colors))))
    options = {"lossless": True} if name == "WEBP" else {}
    data = encoded(stored, name, exif=oriented(number), **options)
    assert np.array_equal(np.asarray(open_picture(data)), np.asarray(colors))
    picture = load_picture(data, 2)
    assert (picture.width, picture.height) == (3, 2)
    assert np.array_equal(picture.pixels, load(colors, 2))


@pytest.mark.parametrize("number", STORED)
@pytest.mark.parametrize("decoding", [1, 2])
def test_a_reduced_photograph_comes_out_upright_with_its_full_size(number, decoding):
    upright = photograph(637, 479)
    stored = Image.fromarray(np.ascontiguousarray(STORED[number](upright)))
    data = encoded(stored, "JPEG", quality=95, exif=oriented(number))
    picture = load_picture(data, 64, decoding=decoding)
    assert (picture.width, picture.height) == (637, 479)
    assert np.abs(picture.pixels.astype(int) - load(upright, 64)).mean() < 1.5


def test_an_image_with_an_orientation_is_turned_and_left_alone(colors):
    stored = Image.fromarray(np.rot90(np.asarray(colors)).copy())
    image = Image.open(BytesIO(encoded(stored, "PNG", exif=oriented(6))))
    assert np.array_equal(np.asarray(open_picture(image)), np.asarray(colors))
    assert image.size == (2, 3)
    assert image.getexif()[0x0112] == 6


@pytest.mark.parametrize("number", [0, 9, 255])
def test_an_orientation_that_is_none_is_ignored(colors, number):
    assert open_picture(encoded(colors, "PNG", exif=oriented(number))).size == (3, 2)


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\0\x09garbage",
        b"Exif\0\0\xff" * 9,
    ],
)
def test_a_broken_exif_block_does_not_fail_the_picture(colors, exif):
    for name in ("JPEG", "PNG", "WEBP"):
        assert open_picture(encoded(colors, name, exif=exif)).size == (3, 2)


def test_one_picture_given_in_every_way_gives_the_same_pixels(tmp_path, colors, monkeypatch):
    path = tmp_path / "a.png"
    colors.save(path)
    monkeypatch.chdir(tmp_path)
    data = path.read_bytes()
    stream = BytesIO(b"skipped" + data)
    stream.seek(7)
    sources = [
        path,
        str(path),
        "a.png",
        data,
        bytearray(data),
        memoryview(data),
        stream,
        colors,
        np.asarray(colors),
    ]
    with Image.open(path) as image, path.open("rb") as file:
        for source in (*sources, image, file):
            assert np.array_equal(load(source, 4), load(data, 4))
    assert np.array_equal(read_picture(path, 4)[0].pixels, load(data, 4))


def test_a_jpeg_differs_between_file_and_image_only_as_reduction_does(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(photograph()).save(path, quality=90)
    with Image.open(path) as image:
        whole = load(image, 64).astype(int)
    assert np.array_equal(load(path, 64), load(path.read_bytes(), 64))
    assert np.array_equal(load(np.asarray(open_picture(path)), 64), whole)
    difference = np.abs(load(path, 64) - whole)
    assert 0 < difference.mean() < 0.5
    assert difference.max() <= 6


@pytest.mark.parametrize(
    ("at_least", "size"), [(None, (640, 480)), (121, (640, 480)), (120, (320, 240)), (20, (80, 60))]
)
def test_a_jpeg_is_reduced_to_no_less_than_twice_the_size(at_least, size):
    data = encoded(Image.fromarray(photograph()), "JPEG")
    assert open_picture(data, at_least=at_least).size == size
    assert open_picture(BytesIO(data), at_least=at_least).size == size


def reduced_by_hand(data, least, box=None):
    with Image.open(BytesIO(data)) as image:
        image.draft("RGB", (least, least))
        small = image.resize((64, 64), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)
        return image.size, np.asarray(small)


def test_encoders_fitted_before_see_jpegs_of_at_least_twice_the_size():
    data = encoded(Image.fromarray(photograph(350, 350)), "JPEG", quality=90)
    size, expected = reduced_by_hand(data, 128)
    assert size == (175, 175)
    assert np.array_equal(load(data, 64), expected)
    assert np.array_equal(load(data, 64, decoding=1), expected)


def test_encoders_fitted_now_see_jpegs_of_at_least_a_quarter_more_than_the_size():
    data = encoded(Image.fromarray(photograph(350, 350)), "JPEG", quality=90)
    size, expected = reduced_by_hand(data, 80, box=(0, 0, 87.5, 87.5))
    assert size == (88, 88)
    assert np.array_equal(load(data, 64, decoding=2), expected)
    just, below = (Image.fromarray(photograph(side, side)) for side in (160, 159))
    for image, side in ((just, 80), (below, 159)):
        data = encoded(image, "JPEG")
        size, expected = reduced_by_hand(data, 80)
        assert size == (side, side)
        assert np.array_equal(load(data, 64, decoding=2), expected)


def test_a_picture_is_not_stretched_where_the_reduced_scale_does_not_divide_its_sides():
    image = Image.fromarray(photograph(257, 257))
    data = encoded(image, "JPEG", quality=95)
    with Image.open(BytesIO(data)) as decoded:
        whole = load(decoded, 64).astype(int)
    stretched, fitting = (np.abs(load(data, 64, decoding=way) - whole).mean() for way in (1, 2))
    assert fitting < 0.8 * stretched


def test_several_sizes_are_decoded_as_for_the_largest():
    data = encoded(Image.fromarray(photograph()), "JPEG")
    for decoding in (1, 2):
        found = load_sizes(data, [16, 64], decoding=decoding)
        assert [*found] == [16, 64]
        assert np.array_equal(found[64], load(data, 64, decoding=decoding))
        assert found[16].shape == (16, 16, 3)
        assert not np.array_equal(found[16], load(data, 16, decoding=decoding))


def test_an_image_given_is_not_reduced():
    image = Image.open(BytesIO(encoded(Image.fromarray(photograph()), "JPEG")))
    assert open_picture(image, at_least=8).size == (640, 480)


def test_the_whole_picture_is_squashed():
    halves = np.zeros((10, 400), dtype=np.uint8)
    halves[:, 200:] = 255
    pixels = load(halves, 4)
    assert pixels.shape == (4, 4, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags["C_CONTIGUOUS"]
    assert pixels.flags["WRITEABLE"]
    assert np.all(pixels[:, 0] <= 5)
    assert np.all(pixels[:, 3] >= 250)


def test_shrinking_averages():
    checks = (np.indices((512, 512)).sum(axis=0) % 2 * 255).astype(np.uint8)
    assert np.all(np.abs(load(checks, 16).astype(int) - 127.5) <= 1)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 3000), (3000, 1), (7, 5)])
def test_tiny_and_thin_pictures(width, height):
    picture = load_picture(np.full((height, width), 90, dtype=np.uint8), 8)
    assert (picture.width, picture.height) == (width, height)
    assert np.all(picture.pixels == 90)


def test_a_phone_picture_of_several_parts_is_reduced_like_any_jpeg():
    image = Image.fromarray(photograph())
    data = encoded(image, "MPO", save_all=True, append_images=[Image.new("RGB", (64, 48))])
    assert open_picture(data, at_least=20).size == (80, 60)
    assert load_picture(data, 20).width == 640


def test_of_an_animation_the_first_frame():
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "lime", "blue")]
    for name in ("GIF", "PNG", "TIFF", "WEBP"):
        data = encoded(frames[0], name, save_all=True, append_images=frames[1:])
        red, green, blue = open_picture(data).getpixel((1, 1))
        assert (red > 245, green < 10, blue < 10) == (True, True, True)


def test_transparency_shows_white():
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    for name in ("PNG", "TIFF", "WEBP", "GIF"):
        assert open_picture(encoded(image, name)).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("name", "mode"), [("PNG", "I;16"), ("TIFF", "I;16"), ("TIFF", "I"), ("TIFF", "F"), ("PPM", "I")]
)
def test_deep_files_are_scaled(name, mode):
    kind = {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]
    image = Image.fromarray(np.array([[0, 2048, 4095]], dtype=kind))
    assert image.mode == mode
    assert np.asarray(open_picture(encoded(image, name)))[0, :, 0].tolist() == [0, 128, 255]


def png_header(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )


def test_a_bomb_is_refused_before_decoding_with_both_numbers(monkeypatch):
    data = png_header(20_000, 20_000) + b"\0\0\0\0IDAT"
    for limit in (Image.MAX_IMAGE_PIXELS, None):  # with Pillow's own guard, and where somebody has lifted it
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(ImageUnreadable, match="400,000,000 pixels, more than the limit of 178,956,970"):
            open_picture(data)
        assert limit == Image.MAX_IMAGE_PIXELS


def test_an_unread_image_that_is_a_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    image = Image.open(BytesIO(png_header(20_000, 20_000) + b"\0\0\0\0IDAT"))
    with pytest.raises(ImageUnreadable, match="400,000,000 pixels"):
        open_picture(image)


def test_a_large_picture_below_the_limit_is_decoded_without_a_warning(monkeypatch, colors):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert open_picture(encoded(colors, "PNG")).size == (3, 2)
    assert heard == []


def test_limits_are_those_of_pillow():
    assert MAX_PIXELS == 2 * Image.MAX_IMAGE_PIXELS


def test_a_closed_image_is_named_by_its_file(tmp_path, colors):
    path = tmp_path / "a.png"
    colors.save(path)
    with Image.open(path) as image:
        pass
    with pytest.raises(ImageUnreadable, match=r"a\.png cannot be read"):
        load(image, 4)


def test_a_size_of_nothing_is_a_mistake_of_the_caller(colors):
    with pytest.raises(ValueError, match="size is 0, expected the pixels of a side, 1 or more"):
        load(colors, 0)
    with pytest.raises(ValueError, match="at_least is 0, expected the pixels of a side, 1 or more"):
        open_picture(colors, at_least=0)


def test_reading_hashes_and_decodes_the_same_bytes(tmp_path, colors, monkeypatch):
    path = tmp_path / "a.png"
    colors.save(path)
    expected = read_file(path)[1]
    opened = []
    real_open = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *mode: opened.append(self) or real_open(self, *mode))
    picture, facts = read_picture(path, 4)
    assert (facts, picture.width, picture.height) == (expected, 3, 2)
    assert opened == [path]


def test_threads_do_not_disturb_each_other(colors):
    sources = [encoded(colors, name) for name in ("PNG", "GIF", "BMP", "TIFF")] + [b"no picture"] * 4
    sources.append(encoded(Image.fromarray(photograph()), "JPEG"))

    def outcome(source):
        try:
            return load(source, 8).tobytes()
        except ImageUnreadable as error:
            return str(error)

    expected = [outcome(source) for source in sources]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(outcome, sources * 20)) == expected * 20
