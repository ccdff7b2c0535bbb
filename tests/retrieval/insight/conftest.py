"""Striped pictures: what is normal, and the same with a dot."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

SIDE = 64


def stripes(number, side=SIDE):
    """Stripes 8 pixels wide, lying or standing, that begin anywhere."""
    phase = np.random.default_rng(number).integers(16)
    line = ((np.arange(side) + phase) // 8 % 2 * 200 + 20).astype(np.uint8)
    square = np.broadcast_to(line, (side, side))
    return np.repeat((square if number % 2 else square.T)[..., None], 3, axis=2).copy()


def dotted(number):
    """The same with a dot of 8 pixels around row 20, column 44."""
    picture = stripes(number)
    picture[16:24, 40:48] = (255, 0, 0)
    return picture


@pytest.fixture
def boards(tmp_path):
    """Twelve in `normal`, and in `tested` four more in `good` and four with a dot in `bad`."""
    for number in range(20):
        kind = "normal" if number < 12 else "tested/good" if number < 16 else "tested/bad"
        path = tmp_path / "boards" / kind / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(dotted(number) if number >= 16 else stripes(number)).save(path)
    return tmp_path / "boards"
