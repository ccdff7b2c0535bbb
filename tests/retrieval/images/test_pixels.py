import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from retrieval.images.pixels import from_array, to_eight_bits, to_rgb


def pixel(image):
    rgb = to_rgb(image)
    assert rgb.mode == "RGB"
    return rgb.getpixel((0, 0))


@pytest.mark.parametrize(
    ("mode", "color", "expected"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 77, (77, 77, 77)),
        ("LA", (0, 255), (0, 0, 0)),
        ("LA", (0, 0), (255, 255, 255)),
        ("RGB", (1, 2, 3), (1, 2, 3)),
        ("RGBX", (1, 2, 3, 0), (1, 2, 3)),
        ("RGBA", (1, 2, 3, 255), (1, 2, 3)),
        ("RGBA", (1, 2, 3, 0), (255, 255, 255)),
        ("RGBA", (255, 0, 0, 128), (255, 127, 127)),
        ("RGBa", (128, 0, 0, 128), (255, 127, 127)),
        ("La", (0, 128), (127, 127, 127)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("YCbCr", (255, 128, 128), (255, 255, 255)),
        ("HSV", (0, 255, 255), (255, 0, 0)),
        ("I", 200, (200, 200, 200)),
        ("I;16", 200, (200, 200, 200)),
        ("F", 0.5, (128, 128, 128)),
    ],
)
def test_every_mode(mode, color, expected):
    assert pixel(Image.new(mode, (2, 2), color)) == expected


def test_lab_is_converted_through_its_profile():
    lab = Image.merge("LAB", [Image.new("L", (1, 1), value) for value in (255, 128, 128)])
    assert min(pixel(lab)) >= 254
    reddish = Image.merge("LAB", [Image.new("L", (1, 1), value) for value in (136, 208, 195)])
    red, green, blue = pixel(reddish)
    assert red > 240
    assert green < 30
    assert blue < 30


def palette_image():
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    return image


def test_palette():
    assert pixel(palette_image()) == (255, 0, 0)


@pytest.mark.parametrize("transparency", [0, b"\0\xff"])
def test_palette_with_a_transparent_entry(transparency):
    image = palette_image()
    image.info["transparency"] = transparency
    assert to_rgb(image).getpixel((0, 0)) == (255, 255, 255)
    assert to_rgb(image).getpixel((1, 0)) == (0, 0, 255)


def test_palette_with_alpha():
    assert pixel(palette_image().convert("PA")) == (255, 0, 0)


@pytest.mark.parametrize(("mode", "color"), [("1", 0), ("L", 9), ("RGB", (1, 2, 3))])
def test_a_colour_that_stands_for_transparent(mode, color):
    image = Image.new(mode, (1, 1), color)
    image.info["transparency"] = color
    assert pixel(image) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B"])
def test_sixteen_bits_of_either_byte_order(mode):
    order = ">" if mode.endswith("B") else "<"
    data = np.array([[0, 1000, 4095]], dtype=f"{order}u2").tobytes()
    image = Image.frombytes(mode, (3, 1), data)
    assert np.asarray(to_rgb(image))[0, :, 0].tolist() == [0, 62, 255]  # 1000 × 255 / 4095 = 62.3


@pytest.mark.parametrize(
    ("largest", "white"),
    [
        (3, 255),
        (255, 255),
        (256, 1023),
        (1023, 1023),
        (1024, 4095),
        (16383, 16383),
        (16384, 65535),
        (65536, 131071),
    ],
)
def test_white_is_the_smallest_depth_that_holds_the_largest_value(largest, white):
    values = np.array([[0, largest // 2, largest]], dtype=np.int64)
    assert to_eight_bits(values).tolist() == np.rint(values * 255.0 / white).astype(int).tolist()


def test_black_is_not_lifted_and_nothing_is_below_it():
    assert to_eight_bits(np.array([[-5, 0, 255]], dtype=np.int32)).tolist() == [[0, 0, 255]]
    assert to_eight_bits(np.zeros((1, 2), dtype=np.uint16)).tolist() == [[0, 0]]


def test_fractions_beyond_one_are_levels_and_what_is_no_number_is_black():
    values = np.array([[np.nan, -np.inf, -1.0, 0.4, 100.6, np.inf]], dtype=np.float32)
    assert to_eight_bits(values).tolist() == [[0, 0, 0, 0, 101, 255]]


def test_the_largest_float_is_white():
    largest = np.finfo(np.float32).max
    assert to_eight_bits(np.array([[0, largest]], dtype=np.float32)).tolist() == [[0, 255]]


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=20))
def test_scaling_keeps_the_order(values):
    scaled = to_eight_bits(np.array([values], dtype=np.uint16))[0].astype(int)
    order = np.argsort(values, kind="stable")
    assert np.all(np.diff(scaled[order]) >= 0)


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 3), (4, 5, 4)])
def test_arrays_of_every_shape_and_type(shape):
    bytes_ = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    bytes_[0, 0] = 255  # so that 16 bits are recognised as such
    expected = np.asarray(from_array(bytes_))
    assert expected.shape == (4, 5, 3)
    assert np.array_equal(np.asarray(from_array(bytes_.astype(np.uint16) * 257)), expected)
    assert np.array_equal(np.asarray(from_array((bytes_ / 255).astype(np.float32))), expected)
    assert np.array_equal(np.asarray(from_array(bytes_ / 255)), expected)
    assert np.array_equal(np.asarray(from_array(np.asfortranarray(bytes_))), expected)


def test_array_values_come_through():
    assert from_array(np.array([[[1, 2, 3]]], dtype=np.uint8)).getpixel((0, 0)) == (1, 2, 3)
    assert from_array(np.array([[[1, 2, 3, 0]]], dtype=np.uint8)).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("array", "got"),
    [
        (np.zeros(3, dtype=np.uint8), r"shape \(3,\)"),
        (np.zeros((2, 2, 2), dtype=np.uint8), r"shape \(2, 2, 2\)"),
        (np.zeros((1, 2, 2, 3), dtype=np.uint8), r"shape \(1, 2, 2, 3\)"),
        (np.zeros((0, 4), dtype=np.uint8), r"shape \(0, 4\)"),
        (np.zeros((2, 2), dtype=np.int64), "int64"),
        (np.zeros((2, 2), dtype=bool), "bool"),
        (np.zeros((2, 2), dtype=np.uint32), "uint32"),
        (np.full((2, 2), 254.5), "from 254.5 to 254.5"),
        (np.array([[-0.5, 0.5]]), "from -0.5 to 0.5"),
        (np.array([[np.nan, 0.5]]), "nan"),
        (np.zeros((2, 2), dtype=complex), "complex128"),
        (np.array([["a"]]), "<U1"),
    ],
)
def test_other_arrays_are_refused_with_what_came_and_what_is_expected(array, got):
    with pytest.raises(ValueError, match=f"{got}.*expected .height, width. or .height, width, 1, 3 or 4."):
        from_array(array)
