from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from retrieval.insight.sprites import BLOCK, SheetSize, SpriteSheets, shrunk

COLORS = [(250, 10, 10), (10, 250, 10), (10, 10, 250), (240, 240, 240), (20, 20, 20)]


def opened(sheets):
    return [np.asarray(Image.open(io.BytesIO(sheet)), dtype=int) for sheet in sheets]


@pytest.mark.parametrize(("side", "edge"), [(BLOCK, 0), (3 * BLOCK, 0), (6 * BLOCK, 1)])
def test_each_picture_lies_in_its_square_and_keeps_its_colours_to_the_edge(side, edge):
    sheets = []
    sprites = SpriteSheets(SheetSize(side, 2), sheets.append)
    for color in COLORS:
        sprites.add(Image.new("RGB", (side, side - 5), color))
    assert len(sheets) == 1
    sprites.close()
    first, second = opened(sheets)
    assert (first.shape, second.shape) == ((2 * side, 2 * side, 3), (side, 2 * side, 3))
    places = [(first, 0, 0), (first, 0, side), (first, side, 0), (first, side, side), (second, 0, 0)]
    for color, (sheet, top, left) in zip(COLORS, places, strict=True):
        seen = sheet[top + edge : top + side - 5 - edge, left + edge : left + side - edge]
        assert np.abs(seen - color).max() <= 6


def test_nothing_is_kept_of_nothing():
    sheets = []
    SpriteSheets(SheetSize(16, 4), sheets.append).close()
    assert sheets == []


def test_pictures_shrink_in_proportion_and_never_grow():
    wide = Image.new("RGB", (400, 100))
    assert shrunk(wide, 40).size == (40, 10)
    assert shrunk(wide, 800).size == (400, 100)
    assert wide.size == (400, 100)
