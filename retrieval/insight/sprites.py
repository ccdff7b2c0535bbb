"""Many small pictures in few JPEGs, for pages that show thousands."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

BLOCK = 16
"""Pixels that JPEG compresses as one, so that neighbours do not run into each other."""
SMALL = 48
"""Larger squares keep half of their colours a side, whose outermost pixel takes some of its neighbour's."""


@dataclass(frozen=True, slots=True)
class SheetSize:
    """Sheets of `columns` × `columns` pictures, each of at most `side` pixels, a multiple of 16."""

    side: int
    columns: int

    @property
    def capacity(self) -> int:
        """Pictures on a sheet."""
        return self.columns**2

    def to_json(self) -> dict[str, Any]:
        """As the page needs it."""
        return {"side": self.side, "columns": self.columns}


@dataclass(slots=True)
class SpriteSheets:
    """Fills sheets with pictures one after another, each in the upper left corner of its square.

    keep: called with each sheet, the bytes of a JPEG, once it is full.

    Example:
        >>> sheets = []
        >>> sprites = SpriteSheets(SheetSize(16, 2), sheets.append)
        >>> for color in ("red", "green", "blue", "white", "black"):
        ...     sprites.add(Image.new("RGB", (16, 12), color))
        >>> sprites.close()
        >>> [Image.open(io.BytesIO(sheet)).size for sheet in sheets]
        [(32, 32), (32, 16)]
    """

    size: SheetSize
    keep: Callable[[bytes], Any]
    _waiting: list[Image.Image] = field(default_factory=list)

    def add(self, picture: Image.Image) -> None:
        """Put `picture`, RGB and no larger than a square, on the sheets."""
        self._waiting.append(picture)
        if len(self._waiting) == self.size.capacity:
            self.close()

    def close(self) -> None:
        """Keep what is begun."""
        if self._waiting:
            self.keep(_jpeg(self._sheet(), self.size.side <= SMALL))
            self._waiting.clear()

    def _sheet(self) -> Image.Image:
        side, columns = self.size.side, self.size.columns
        rows = -(-len(self._waiting) // columns)
        sheet = Image.new("RGB", (columns * side, rows * side))
        for number, picture in enumerate(self._waiting):
            corner = (number % columns * side, number // columns * side)
            # What is left of the square has the picture's colours: JPEG mixes those of neighbouring pixels.
            ground = picture.resize((1, 1), Image.Resampling.BOX).resize((side, side))
            sheet.paste(ground, corner)
            sheet.paste(picture, corner)
        return sheet


def shrunk(picture: Image.Image, side: int) -> Image.Image:
    """`picture`, at most `side` pixels long; never enlarged."""
    small = picture.copy()
    small.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return small


def _jpeg(picture: Image.Image, every_color: bool) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80, optimize=True, subsampling=0 if every_color else 2)
    return file.getvalue()
