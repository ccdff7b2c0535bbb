"""Short texts under pictures, in any script: a font that has their signs, and a width they keep to."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import cast

from PIL import Image, ImageDraw, ImageFont

from .reasons import printable

Font = ImageFont.FreeTypeFont

_GAP = "…"
_NO_SIGN = "\U0010fffd"  # of private use: whatever a font draws for it stands for a missing sign
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def lines_of(caption: str) -> list[str]:
    r"""The lines of a caption; no text, no lines. What cannot be drawn safely is escaped.

    Control signs could hide a part of a name, and letters that run from right to left could turn it round.

    Example:
        >>> lines_of("0.123\ncafé/\t.jpg")
        ['0.123', 'café/\\t.jpg']
    """
    text = unicodedata.normalize("NFC", printable(caption))
    return ["".join(map(_safe, line)) for line in text.split("\n")] if text else []


def _safe(sign: str) -> str:
    drawable = sign.isprintable() and unicodedata.bidirectional(sign) not in _RIGHT_TO_LEFT
    return sign if drawable else _escaped(sign)


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def draw_line(
    canvas: Image.Image, corner: tuple[float, float], line: str, *, size: int, width: float, ink: str
) -> None:
    """Draw a line of `lines_of`, in letters of `size` pixels, shortened to `width` pixels, from its `corner`.

    It is drawn in the first font that has all of its signs, or else in the one that has most of them.
    """
    text, font = set_in_font(line, size)
    # On the line that Pillow's own font stands on, so that lines in other fonts keep their distance.
    x, y = corner[0], corner[1] + own_font(size).getmetrics()[0]
    ImageDraw.Draw(canvas).text((x, y), shortened(text, font, width), fill=ink, font=font, anchor="ls")


@lru_cache(maxsize=8)
def own_font(size: int) -> Font:
    """The font that comes with Pillow, `size` pixels high: the same on every machine."""
    return cast("Font", ImageFont.load_default(size))


@lru_cache(maxsize=1024)
def set_in_font(line: str, size: int) -> tuple[str, Font]:
    r"""`line` in the signs that a font has, and that font. Signs that no font has are escaped, as `\u65e5`.

    Pillow's own font comes first, which holds little beyond English; then those that Matplotlib comes with or
    finds on this machine. Those are looked for only where they are needed.
    """
    missing, font_path = {sign for sign in line if not _own_font_has(sign)}, ""
    if missing:
        for path in _other_fonts():
            lacking = {sign for sign in line if ord(sign) not in _signs_of(path)}
            if len(lacking) < len(missing):
                missing, font_path = lacking, path
            if not missing:
                break
    text = "".join(_escaped(sign) if sign in missing else sign for sign in line)
    return text, _font_in(font_path, size) if font_path else own_font(size)


@lru_cache(maxsize=4096)
def _own_font_has(sign: str) -> bool:
    font = own_font(16)
    return bytes(font.getmask(sign)) != bytes(font.getmask(_NO_SIGN))


@lru_cache(maxsize=16)
def _font_in(path: str, size: int) -> Font:
    return ImageFont.truetype(path, size)


def _other_fonts() -> Iterator[str]:
    """Files of fonts, those first that are likely to have a sign."""
    import matplotlib

    yield str(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"))
    yield from _installed_fonts()


@lru_cache(maxsize=1)
def _installed_fonts() -> tuple[str, ...]:
    from matplotlib.font_manager import fontManager

    # A font of last resort has a picture for every sign, which shows nothing but the sign's script.
    upright = [
        font
        for font in fontManager.ttflist
        if font.style == "normal" and "lastresort" not in font.name.replace(" ", "").lower()
    ]
    upright.sort(key=lambda font: ("Sans" not in font.name, font.weight not in {400, "normal"}, font.name))
    return tuple(font.fname for font in upright)


@cache
def _signs_of(path: str) -> frozenset[int]:
    """The code points a font has signs for; none if it cannot be used, or cannot draw escapes."""
    from matplotlib.ft2font import FT2Font

    try:
        ImageFont.truetype(path, 16)
        signs = frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):  # deleted meanwhile, damaged, or a font of pixels
        return frozenset()
    return signs if signs.issuperset(map(ord, "\\0123456789abcdefuxU" + _GAP)) else frozenset()


def shortened(text: str, font: Font, width: float) -> str:
    """`text` if it is at most `width` pixels wide in `font`, otherwise as much of both its ends as fits.

    The ends are kept because a path is told from its neighbours by its folder and by its number.

    Example:
        >>> shortened("vegetables/pepper/pepper_017.jpg", own_font(12), 120)
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
