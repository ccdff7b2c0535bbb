"""From any mode, depth or array to one kind of pixels: RGB, 8 bits a channel, transparency over white."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

AnyArray: TypeAlias = NDArray[Any]
Pixels: TypeAlias = NDArray[np.uint8]

_DEPTHS = (8, 10, 12, 14, 16)
_EXPECTED = "expected (height, width) or (height, width, 1, 3 or 4) of uint8, uint16 or floats in [0, 1]"


def to_rgb(image: Image.Image) -> Image.Image:
    """`image`, of whatever mode, as an RGB image of 8 bits a channel.

    Transparent parts show white behind them. Modes of more than 8 bits (I, I;16 and its relatives, F) are
    scaled as `to_eight_bits` says, where Pillow's own conversion clips them to white. Colour profiles are
    not applied.

    Raises:
        ValueError: Pillow has no conversion from this mode.

    Example: half-transparent red over white.
        >>> to_rgb(Image.new("RGBA", (1, 1), (255, 0, 0, 128))).getpixel((0, 0))
        (255, 127, 127)
    """
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(to_eight_bits(np.asarray(image))).convert("RGB")
    if image.mode == "LAB":
        return _lab_to_rgb(image)
    if image.has_transparency_data:
        return _over_white(image)
    return image.convert("RGB")


def to_eight_bits(values: AnyArray) -> Pixels:
    """Scale values of any depth to 0..255, same shape, `uint8`.

    What counts as white is 1 where no value is above 1 and the values are fractions; otherwise the largest
    number of the smallest depth among 8, 10, 12, 14 and 16 bits (above: as many bits as needed) that holds
    the largest value. So 12-bit camera data kept in 16-bit files keeps its brightness. Below zero and NaN
    become black.

    Example: the largest value needs 12 bits, so 4,095 is white.
        >>> to_eight_bits(np.array([[0, 1000, 4095]], dtype=np.uint16)).tolist()
        [[0, 62, 255]]
    """
    numbers = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=np.inf, neginf=0.0)
    largest = values[np.isfinite(values)].max(initial=0)
    white = _white_level(float(largest), fractions=values.dtype.kind == "f")
    scaled: Pixels = np.rint(np.clip(numbers, 0.0, white) * np.float32(255.0 / white)).astype(np.uint8)
    return scaled


def _white_level(largest: float, *, fractions: bool) -> float:
    if fractions and largest <= 1.0:
        return 1.0
    needed = int(np.ceil(largest)).bit_length()
    depth = next((depth for depth in _DEPTHS if depth >= needed), needed)
    return min(float(2**depth - 1), float(np.finfo(np.float32).max))


def from_array(array: AnyArray) -> Image.Image:
    """An RGB image of the pixels in `array`, `(h, w)` or `(h, w, 1 | 3 | 4)`.

    Its values are uint8, uint16 or floats in [0, 1]; uint16 is scaled as `to_eight_bits` says. A fourth
    channel is transparency.

    Raises:
        ValueError: other shapes, types or values; the message says what came and what is expected.

    Example:
        >>> from_array(np.full((2, 3), 0.5)).getpixel((0, 0))
        (128, 128, 128)
    """
    _check_array(array)
    values = array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array
    eight_bits = values if values.dtype == np.uint8 else to_eight_bits(values)
    return to_rgb(Image.fromarray(np.ascontiguousarray(eight_bits)))


def _check_array(array: AnyArray) -> None:
    shape_fits = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in {1, 3, 4})
    if not shape_fits or array.size == 0:
        raise ValueError(f"it has shape {array.shape}, {_EXPECTED}")
    if array.dtype.kind == "f":
        low, high = float(array.min()), float(array.max())
        if not (low >= 0.0 and high <= 1.0):
            raise ValueError(f"its values go from {low:g} to {high:g}, {_EXPECTED}: divide or clip them")
    elif array.dtype.kind != "u" or array.dtype.itemsize > 2:
        raise ValueError(f"it holds {array.dtype} values, {_EXPECTED}")


def _over_white(image: Image.Image) -> Image.Image:
    straight = {"La": "LA", "RGBa": "RGBA"}.get(image.mode, image.mode)
    layered = image.convert(straight).convert("RGBA")
    canvas = Image.new("RGB", layered.size, "white")
    canvas.paste(layered, mask=layered.getchannel("A"))
    return canvas


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    from PIL import ImageCms  # loads the colour library, which hardly any picture needs

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    if converted is None:
        raise ValueError("the colour library made no picture of it")
    return converted
