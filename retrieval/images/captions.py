"""Short texts under pictures: the font, and what is left out of a text that is too long for its place."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TypeAlias

from PIL import ImageFont

from .reasons import printable

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

_GAP = "…"
_NO_SIGN = "\U0010fffd"  # of private use: whatever a font draws for it stands for a missing sign


@lru_cache(maxsize=8)
def font_of(size: int) -> Font:
    """The font that comes with Pillow, `size` pixels high: the same on every machine."""
    return ImageFont.load_default(size)


def lines_of(caption: str) -> list[str]:
    """The lines of a caption, in signs that the font has: no text, no lines.

    The font holds little beyond English. Accents go, and of other scripts question marks remain.

    Example:
        >>> lines_of("0.123\\ncafé/日.jpg")
        ['0.123', 'cafe/?.jpg']
    """
    return ["".join(map(_drawable, line)) for line in printable(caption).splitlines()]


@lru_cache(maxsize=4096)
def _drawable(sign: str) -> str:
    if sign.isascii():
        return sign if sign.isprintable() else "?"
    candidates = (sign, unicodedata.normalize("NFKD", sign)[0])
    return next((candidate for candidate in candidates if _has_glyph(candidate)), "?")


def _has_glyph(sign: str) -> bool:
    font = font_of(16)
    return bytes(font.getmask(sign)) != bytes(font.getmask(_NO_SIGN))


def shortened(text: str, font: Font, width: float) -> str:
    """`text` if it is at most `width` pixels wide in `font`, otherwise as much of both its ends as fits.

    The ends are kept because a path is told from its neighbours by its folder and by its number.

    Example:
        >>> shortened("vegetables/pepper/pepper_017.jpg", font_of(12), 120)
        'vegetabl…er_017.jpg'
    """
    if font.getlength(text) <= width:
        return text
    low, high = 0, len(text) - 1  # how many signs are kept
    while low < high:
        kept = (low + high + 1) // 2
        low, high = (kept, high) if font.getlength(_ends(text, kept)) <= width else (low, kept - 1)
    return _ends(text, low)


def _ends(text: str, kept: int) -> str:
    tail = (kept + 1) // 2
    return text[: kept - tail] + _GAP + (text[-tail:] if tail else "")
