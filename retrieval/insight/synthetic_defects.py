"""Defects put into normal pictures, to see which detector notices them, without any label.

Source: Li et al., *CutPaste* (arXiv 2104.04015): a piece of the picture is cut out and pasted elsewhere,
sometimes a scar: thin, and turned.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

# Of the paper, which has them for pictures of 256 pixels.
_AREAS = (0.02, 0.15)
_PROPORTIONS = (0.3, 1.0)
_SCAR_WIDTHS = (2 / 256, 16 / 256)
_SCAR_LENGTHS = (10 / 256, 25 / 256)
_TRIES = 20
_LEAST_CHANGE = 16.0  # levels of 255 on average over the piece: less is not to be seen


def with_defect(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """`picture` (S, S, 3) uint8 with one piece of it pasted at another place: every second time a scar.

    A piece that looks like what it covers, such as plain ground, is drawn again; a picture that is plain
    throughout comes back as it was.
    """
    for _ in range(_TRIES):
        pasted, mask = _cut_and_paste(picture, rng, is_scar=bool(rng.integers(2)))
        difference = np.abs(pasted.astype(np.int16) - picture)[mask]
        if len(difference) and difference.mean() >= _LEAST_CHANGE:
            return pasted
    return np.array(picture)


def _cut_and_paste(
    picture: Pixels, rng: np.random.Generator, *, is_scar: bool
) -> tuple[Pixels, NDArray[np.bool_]]:
    """The picture after it, and where (S, S) it was pasted."""
    side = len(picture)
    height, width = _scar_size(rng, side) if is_scar else _piece_size(rng, side)
    top, left = rng.integers(side - height + 1), rng.integers(side - width + 1)
    piece = Image.fromarray(picture[top : top + height, left : left + width])
    cover = Image.new("L", piece.size, 255)
    if is_scar:
        angle = float(rng.uniform(-45, 45))
        piece, cover = (each.rotate(angle, expand=True) for each in (piece, cover))
    place = tuple(int(rng.integers(max(1, side - length + 1))) for length in piece.size)
    pasted, mask = Image.fromarray(picture), Image.new("L", (side, side))
    pasted.paste(piece, (place[0], place[1]), cover)
    mask.paste(cover, (place[0], place[1]))
    return np.array(pasted), np.asarray(mask) > 0


def _piece_size(rng: np.random.Generator, side: int) -> tuple[int, int]:
    area, proportion = rng.uniform(*_AREAS) * side**2, rng.uniform(*_PROPORTIONS)
    longer, shorter = (area / proportion) ** 0.5, (area * proportion) ** 0.5
    return _within((longer, shorter) if rng.integers(2) else (shorter, longer), side)


def _scar_size(rng: np.random.Generator, side: int) -> tuple[int, int]:
    return _within((rng.uniform(*_SCAR_LENGTHS) * side, rng.uniform(*_SCAR_WIDTHS) * side), side)


def _within(lengths: tuple[float, float], side: int) -> tuple[int, int]:
    height, width = (min(side, max(1, round(length))) for length in lengths)
    return height, width
