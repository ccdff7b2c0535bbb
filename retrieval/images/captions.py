"""Captions in any script: a font that has their characters, and shortened to the width there is."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import cast

from PIL import Image, ImageDraw, ImageFont

from .reasons import printable

Font = ImageFont.FreeTypeFont

_ELLIPSIS = "…"
_MISSING = "\U0010fffd"  # of private use: what a font draws for it, it draws for all that it lacks
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def lines_of(caption: str) -> list[str]:
    r"""The lines of a caption; no text, no lines. What cannot be drawn safely is escaped.

    Control characters can hide a part of a name. Letters that run from right to left can change its order.

    Example:
        >>> lines_of("0.123\ncafé/\t.jpg")
        ['0.123', 'café/\\t.jpg']
    """
    text = unicodedata.normalize("NFC", printable(caption))
    return ["".join(map(_safe, line)) for line in text.split("\n")] if text else []


def _safe(character: str) -> str:
    drawable = character.isprintable() and unicodedata.bidirectional(character) not in _RIGHT_TO_LEFT
    return character if drawable else _escaped(character)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def draw_line(
    canvas: Image.Image, corner: tuple[float, float], line: str, *, size: int, width: float, ink: str
) -> None:
    """Draw a line of `lines_of` in `size` pixels, shortened to `width` pixels; `corner` is its upper left."""
    text, font = choose_font(line, size)
    # The baseline is that of the default font, so that lines in different fonts have the same spacing.
    x, y = corner[0], corner[1] + default_font(size).getmetrics()[0]
    ImageDraw.Draw(canvas).text((x, y), shortened(text, font, width), fill=ink, font=font, anchor="ls")


@lru_cache(maxsize=8)
def default_font(size: int) -> Font:
    """The font that comes with Pillow, `size` pixels high: the same on every machine."""
    return cast("Font", ImageFont.load_default(size))


@lru_cache(maxsize=1024)
def choose_font(line: str, size: int) -> tuple[str, Font]:
    r"""The font for `line`, and `line` with the characters that the font lacks escaped, as `\u65e5`.

    It is the first font that has all characters, or else the one that lacks the fewest. Pillow's default font
    comes first, which has little beyond ASCII; then DejaVu Sans, which comes with Matplotlib; then the fonts
    installed on this machine. Matplotlib is loaded only where the default font does not do.
    """
    missing, font_path = {character for character in line if not _default_font_has(character)}, ""
    if missing:
        for path in _other_fonts():
            lacking = {character for character in line if ord(character) not in _code_points(path)}
            if len(lacking) < len(missing):
                missing, font_path = lacking, path
            if not missing:
                break
    text = "".join(_escaped(character) if character in missing else character for character in line)
    return text, _font_in(font_path, size) if font_path else default_font(size)


@lru_cache(maxsize=4096)
def _default_font_has(character: str) -> bool:
    font = default_font(16)
    return bytes(font.getmask(character)) != bytes(font.getmask(_MISSING))


@lru_cache(maxsize=16)
def _font_in(path: str, size: int) -> Font:
    return ImageFont.truetype(path, size)


def _other_fonts() -> Iterator[str]:
    """Paths of fonts, the most likely ones first."""
    import matplotlib

    yield str(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"))
    yield from _installed_fonts()


@lru_cache(maxsize=1)
def _installed_fonts() -> tuple[str, ...]:
    from matplotlib.font_manager import fontManager

    # A last-resort font draws for every character a box that shows only the script it belongs to.
    upright = [
        font
        for font in fontManager.ttflist
        if font.style == "normal" and "lastresort" not in font.name.replace(" ", "").lower()
    ]
    upright.sort(key=lambda font: ("Sans" not in font.name, font.weight not in {400, "normal"}, font.name))
    return tuple(font.fname for font in upright)


@cache
def _code_points(path: str) -> frozenset[int]:
    """The code points a font can draw; none if it cannot be used, or cannot draw escapes."""
    from matplotlib.ft2font import FT2Font

    try:
        ImageFont.truetype(path, 16)
        code_points = frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):  # deleted meanwhile, damaged, or a font of pixels
        return frozenset()
    draws_escapes = code_points.issuperset(map(ord, "\\0123456789abcdefuxU" + _ELLIPSIS))
    return code_points if draws_escapes else frozenset()


def shortened(text: str, font: Font, width: float) -> str:
    """`text` if it is at most `width` pixels wide in `font`, otherwise as much of both its ends as fits.

    The ends are kept because a path is told from its neighbours by its folder and by its number.

    Example:
        >>> shortened("vegetables/pepper/pepper_017.jpg", default_font(12), 120)
        'vegetabl…er_017.jpg'
    """
    if font.getlength(text) <= width:
        return text
    low, high = 0, len(text) - 1  # how many characters are kept
    while low < high:
        kept = (low + high + 1) // 2
        low, high = (kept, high) if font.getlength(_ends(text, kept)) <= width else (low, kept - 1)
    return _ends(text, low)


def _ends(text: str, kept: int) -> str:
    tail = (kept + 1) // 2
    return text[: kept - tail] + _ELLIPSIS + (text[-tail:] if tail else "")
