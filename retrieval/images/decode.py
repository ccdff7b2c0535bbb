"""The one way from a picture, however it is given, to pixels: the same at fitting, indexing and query.

Read, decode, make RGB, turn upright, squash to a square. JPEGs are decoded at a reduced scale where that
leaves enough pixels, in one of two ways, which an encoder's description names:

1. At least twice the size wanted. For 64 pixels, a photograph of 12 megapixels then takes 30 ms instead of
   170, and the pixels differ from those of full decoding by 0.1 to 0.4 levels of 255 on average.
2. At least 1.25 times the size wanted: 0.42 ms instead of 0.65 for a photograph of 348 × 348 pixels; 0.6 to
   1.4 levels. Where the reduced scale does not divide the sides, only as much of the last pixels is taken as
   the picture fills; by the first way they count in full, which stretches the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from PIL import Image

from ..errors import ImageUnreadable
from .formats import HEAD_BYTES, picture_format, readable_formats
from .pixels import AnyArray, Pixels, from_array, to_rgb
from .reasons import decoding_reason, printable, too_many_pixels, without_pillow_warnings
from .source import Contents, FileFacts, Source, read_file, read_source

# Where Pillow itself stops; held here too, since Pillow's limit can be lifted by anybody in the process.
MAX_PIXELS = 178_956_970

Decoding: TypeAlias = Literal[1, 2]
"""How a picture becomes a square: one of the two ways above."""
DECODING: Decoding = 2
"""The way for encoders that are fitted today; those fitted before keep theirs."""

# By how much the sides of a reduced JPEG exceed the size, at least.
_MARGINS = {1: 2.0, 2: 1.25}
_REDUCED_BEFORE_RESIZING = 3.0

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
_ON_THEIR_SIDE = frozenset({5, 6, 7, 8})


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
        decoded = _decoded(contents, None if at_least is None else 2 * at_least)
        return _turned(decoded.image, decoded.orientation)


def load_picture(source: Source, size: int, *, decoding: Decoding = 1) -> Picture:
    """Decode `source` as `open_picture` does and squash it whole to `size` × `size` pixels.

    The aspect ratio is given up on purpose: nothing is cut off, and every picture has the same grid.
    The resize is bicubic and antialiased, after averaging blocks of pixels where it shrinks more than
    threefold. `decoding` says how far a JPEG may be reduced before: for an encoder, `encoder.decoding`.

    Raises:
        ImageUnreadable: as `open_picture`.
        ValueError: `size` is below 1.

    Example:
        >>> picture = load_picture("photos/a.jpg", 64)
        >>> picture.pixels.shape, picture.width, picture.height
        ((64, 64, 3), 4032, 3024)
    """
    return _squashed(read_source(source), [size], decoding)[0]


def load(source: Source, size: int, *, decoding: Decoding = 1) -> Pixels:
    """The pixels alone of `load_picture`: `(size, size, 3) uint8`, C-contiguous.

    Example:
        >>> load(np.zeros((5, 9), dtype=np.uint8), 2).tolist()[0]
        [[0, 0, 0], [0, 0, 0]]
    """
    return load_picture(source, size, decoding=decoding).pixels


def load_sizes(source: Source, sizes: Sequence[int], *, decoding: Decoding = 1) -> dict[int, Pixels]:
    """`source` at each of `sizes`, `(size, size, 3) uint8`, decoded once, as for the largest.

    Raises:
        ImageUnreadable: as `open_picture`.
        ValueError: a size is below 1.

    Example:
        >>> [pixels.shape for pixels in load_sizes("photos/a.jpg", [64, 32]).values()]
        [(64, 64, 3), (32, 32, 3)]
    """
    pictures = _squashed(read_source(source), sizes, decoding)
    return {size: picture.pixels for size, picture in zip(sizes, pictures, strict=True)}


def read_picture(path: Path | str, size: int, *, decoding: Decoding = 1) -> tuple[Picture, FileFacts]:
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
    return _squashed(Contents(printable(str(path)), data), [size], decoding)[0], facts


@dataclass(frozen=True, slots=True, eq=False)
class _Decoded:
    """`image`: RGB, as it is stored, perhaps reduced. `box`: the part of it that the picture fills, left,
    upper, right and lower, None for all of it. `size`: width and height as stored.
    """

    image: Image.Image
    orientation: int
    size: tuple[int, int]
    box: tuple[float, float, float, float] | None = None


def _squashed(contents: Contents, sizes: Sequence[int], decoding: Decoding) -> list[Picture]:
    """The picture at each of `sizes`."""
    for size in sizes:
        _check_side("size", size)
    with _reasons_for_errors(contents):
        decoded = _decoded(contents, ceil(_MARGINS[decoding] * max(sizes)))
        swapped = decoded.orientation in _ON_THEIR_SIDE
        width, height = decoded.size[::-1] if swapped else decoded.size
        return [Picture(np.array(_square(decoded, size, decoding)), width, height) for size in sizes]


def _square(decoded: _Decoded, size: int, decoding: Decoding) -> Image.Image:
    if decoding == 1:
        return _resized(_turned(decoded.image, decoded.orientation), size, None)
    return _turned(_resized(decoded.image, size, decoded.box), decoded.orientation)


def _resized(image: Image.Image, size: int, box: tuple[float, float, float, float] | None) -> Image.Image:
    gap = _REDUCED_BEFORE_RESIZING
    return image.resize((size, size), Image.Resampling.BICUBIC, box=box, reducing_gap=gap)


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


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


def _decoded(contents: Contents, least: int | None) -> _Decoded:
    """The decoded picture; of a JPEG given as a file its sides may be reduced down to `least`."""
    if isinstance(contents.data, np.ndarray):
        return _from_array(contents.name, contents.data)
    image = _identified(contents.data) if isinstance(contents.data, bytes) else contents.data
    _refuse_pixels(contents.name, image.size)
    size, box = image.size, None
    if least is not None and image is not contents.data:
        reduced = image.draft(None, (least, least))
        box = reduced[1] if reduced else None
    image.load()
    return _Decoded(to_rgb(image), _orientation(image), size, box)


def _from_array(name: str, array: AnyArray) -> _Decoded:
    try:
        image = from_array(array)
    except ValueError as error:
        raise ImageUnreadable(name, str(error)) from error
    return _Decoded(image, 1, image.size)


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
