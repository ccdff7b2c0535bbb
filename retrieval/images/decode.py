"""The one way from a picture, however it is given, to pixels: the same at fitting, indexing and query.

Read, decode, turn upright, make RGB, squash to a square. JPEGs are decoded at a reduced scale where that
leaves at least twice the size wanted. For 64 pixels, a photograph of 12 megapixels then takes 30 ms
instead of 170, one of 348 × 348 pixels 0.7 ms instead of 1.6, and the pixels differ from those of full
decoding by 0.1 to 0.4 levels of 255 on average. (Leaving only the size wanted itself, 1.5 levels.)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import ImageUnreadable
from .formats import HEAD_BYTES, picture_format, readable_formats
from .pixels import AnyArray, Pixels, from_array, to_rgb
from .reasons import decoding_reason, printable, too_many_pixels, without_pillow_warnings
from .source import Contents, FileFacts, Source, read_file, read_source

# Where Pillow itself stops; held here too, since Pillow's limit can be lifted by anybody in the process.
MAX_PIXELS = 178_956_970

# Formats whose decoder is there without loading every other; a query's cold start is shorter by that.
_AT_HAND = frozenset({"BMP", "GIF", "JPEG", "PNG"})

_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """`pixels (size, size, 3) uint8`; `width` and `height` in pixels are those of the upright original."""

    pixels: Pixels
    width: int
    height: int


def open_picture(source: Source, *, at_least: int | None = None) -> Image.Image:
    """Decode `source`: upright by its EXIF orientation, RGB, 8 bits a channel, transparency over white.

    `source` is a path, a file's bytes, an open binary file (read from where it stands to its end), a PIL
    image, or an array as `pixels.from_array` takes it. Of an animation the first frame is decoded, of a PIL
    image the frame it stands at; the image given is never changed. With `at_least`, a JPEG given as a file
    may come out reduced, its shorter side never below twice `at_least` pixels nor its own size.

    Raises:
        ImageUnreadable: whatever is wrong with it: missing, truncated, no picture, too many pixels, ...
        ValueError: `at_least` is below 1.

    Example:
        >>> open_picture("photos/a.jpg").mode
        'RGB'
    """
    _check_side("at_least", 1 if at_least is None else at_least)
    contents = read_source(source)
    with _reasons_for_errors(contents):
        return _upright(contents, at_least)[0]


def load_picture(source: Source, size: int) -> Picture:
    """Decode `source` as `open_picture` does and squash it whole to `size` × `size` pixels.

    The aspect ratio is given up on purpose: nothing is cut off, and every picture has the same grid.
    The resize is bicubic and antialiased, after averaging blocks of pixels where it shrinks more than
    threefold.

    Raises:
        ImageUnreadable: as `open_picture`.
        ValueError: `size` is below 1.

    Example:
        >>> picture = load_picture("photos/a.jpg", 64)
        >>> picture.pixels.shape, picture.width, picture.height
        ((64, 64, 3), 4032, 3024)
    """
    return _squashed(read_source(source), size)


def load(source: Source, size: int) -> Pixels:
    """The pixels alone of `load_picture`: `(size, size, 3) uint8`, C-contiguous.

    Example:
        >>> load(np.zeros((5, 9), dtype=np.uint8), 2).tolist()[0]
        [[0, 0, 0], [0, 0, 0]]
    """
    return load_picture(source, size).pixels


def read_picture(path: Path | str, size: int) -> tuple[Picture, FileFacts]:
    """`load_picture` of one file, and the file's facts, from a single reading.

    Raises:
        ImageUnreadable: as `open_picture`.
        ValueError: `size` is below 1.

    Example:
        >>> picture, facts = read_picture("photos/a.jpg", 64)
        >>> picture.width, facts.size
        (4032, 3149884)
    """
    data, facts = read_file(path)
    return _squashed(Contents(printable(str(path)), data), size), facts


def _squashed(contents: Contents, size: int) -> Picture:
    _check_side("size", size)
    with _reasons_for_errors(contents):
        image, (width, height) = _upright(contents, size)
        small = image.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=3.0)
        return Picture(pixels=np.array(small), width=width, height=height)


def _check_side(name: str, pixels: int) -> None:
    if pixels < 1:
        raise ValueError(f"{name} is {pixels}, expected the pixels of a side, 1 or more")


@contextmanager
def _reasons_for_errors(contents: Contents) -> Iterator[None]:
    head = contents.data[:HEAD_BYTES] if isinstance(contents.data, bytes) else b""
    with without_pillow_warnings():
        try:
            yield
        except ImageUnreadable:
            raise
        # Pillow's plugins let out whatever their parsing runs into, and promise no list of it.
        except Exception as error:
            raise ImageUnreadable(contents.name, decoding_reason(error, head)) from error


def _upright(contents: Contents, at_least: int | None) -> tuple[Image.Image, tuple[int, int]]:
    """The decoded picture, and the width and height that it has before any reduction."""
    if isinstance(contents.data, np.ndarray):
        return _from_array(contents.name, contents.data)
    image = _identified(contents.data) if isinstance(contents.data, bytes) else contents.data
    _refuse_pixels(contents.name, image.size)
    size = image.size
    if at_least is not None and image is not contents.data:
        image.draft(None, (2 * at_least, 2 * at_least))
    image.load()
    orientation = _orientation(image)
    rgb = to_rgb(image)
    if orientation not in _TURNS:
        return rgb, size
    return rgb.transpose(_TURNS[orientation]), size if orientation < 5 else size[::-1]


def _from_array(name: str, array: AnyArray) -> tuple[Image.Image, tuple[int, int]]:
    try:
        image = from_array(array)
    except ValueError as error:
        raise ImageUnreadable(name, str(error)) from error
    return image, image.size


def _identified(data: bytes) -> Image.Image:
    name = picture_format(data[:HEAD_BYTES])
    return Image.open(BytesIO(data), formats=(name,) if name in _AT_HAND else readable_formats())


def _refuse_pixels(name: str, size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise ImageUnreadable(name, too_many_pixels(size[0] * size[1], MAX_PIXELS))


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    # An EXIF block can be broken in as many ways as a file, and the picture is none the worse for it.
    except Exception:
        return 1
