"""Folders with pictures and edited copies of them; striped pictures, and the same with a dot."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from retrieval import Retriever

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


@pytest.fixture(scope="session")
def draw_scene():
    """A picture with blobs of every size, as photographs have."""

    def draw(seed, size=(192, 144)):
        rng = np.random.default_rng(seed)
        parts = [
            np.asarray(
                Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)).resize(size, 3),
                dtype=np.float32,
            )
            for cells in (3, 6, 12, 24)
        ]
        return Image.fromarray(np.clip(np.mean(parts, axis=0) * 1.6 - 76, 0, 255).astype(np.uint8))

    return draw


@pytest.fixture
def copied(tmp_path, draw_scene):
    """Six; of a.png one with the same bytes, a smaller and a cropped one, of b.png a mirrored one."""
    folder = tmp_path / "copied"
    (folder / "more").mkdir(parents=True)
    for seed, name in enumerate("abcdef"):
        draw_scene(seed).save(folder / f"{name}.png")
    shutil.copyfile(folder / "a.png", folder / "more" / "same.png")
    scene = draw_scene(0)
    scene.resize((96, 72)).save(folder / "more" / "small.png")
    scene.crop((8, 6, 184, 140)).save(folder / "more" / "cropped.jpg", quality=80)
    draw_scene(1).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "more" / "mirrored.png")
    for path in (folder / "more").iterdir():
        os.utime(path, (2e9, 2e9))
    return folder


@pytest.fixture
def retriever(copied, model):
    """The index of `copied`."""
    return Retriever.build(copied, encoder=model)
