from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from retrieval.insight.alignment import SIDE, agreement


def scene(seed, size=192):
    """A picture with blobs of every size, as photographs have."""
    rng = np.random.default_rng(seed)
    parts = [
        np.asarray(
            Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)).resize((size, size), 3),
            dtype=np.float32,
        )
        for cells in (4, 8, 16, 32)
    ]
    return Image.fromarray(np.clip(np.mean(parts, axis=0) * 1.6 - 76, 0, 255).astype(np.uint8))


def square(picture):
    return np.asarray(picture.resize((SIDE, SIDE), 3))[None]


def agree(first, second):
    return float(agreement(square(first), square(second))[0])


def tinted(picture):
    values = np.asarray(picture, dtype=int) + np.array([40, 0, -40])
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    "edit",
    [
        lambda picture: picture,
        lambda picture: picture.crop((10, 4, 180, 170)),
        lambda picture: picture.crop((40, 10, 160, 140)),
        lambda picture: picture.crop((0, 30, 192, 150)),
        lambda picture: picture.resize((48, 40)),
        lambda picture: picture.point(lambda value: value // 2 + 60),
        tinted,
    ],
    ids=["none", "crop", "half", "letterbox", "scale", "contrast", "tint"],
)
def test_an_edited_picture_agrees_with_its_original_both_ways(edit):
    original = scene(1)
    assert agree(original, edit(original)) > 0.93
    assert agree(edit(original), original) > 0.93


def test_a_picture_agrees_with_itself_and_not_with_others():
    assert agree(scene(1), scene(1)) == pytest.approx(1.0, abs=1e-3)
    assert max(agree(scene(1), scene(seed)) for seed in range(2, 8)) < 0.6


def test_a_turned_scene_is_another_picture_here():
    assert agree(scene(1), scene(1).rotate(8, resample=3).crop((20, 20, 172, 172))) < 0.9


def test_the_same_shape_in_another_colour_is_no_copy():
    shapes = [Image.new("RGB", (96, 96), "white") for _ in range(2)]
    shapes[0].paste((220, 0, 0), (20, 30, 60, 80))
    shapes[1].paste((0, 0, 220), (20, 30, 60, 80))
    assert agree(*shapes) < 0.7


def test_a_shape_elsewhere_on_a_plain_ground_is_another_picture():
    shapes = [Image.new("RGB", (96, 96), "white") for _ in range(2)]
    for at, shape in zip((10, 40), shapes, strict=True):
        shape.paste((30, 30, 30), (at, 30, at + 30, 70))
    assert agree(*shapes) < 0.9


def test_plain_pictures_agree_with_nothing():
    plain = Image.new("RGB", (96, 96), (200, 180, 40))
    assert agree(plain, plain) < 0.1


def test_pairs_do_not_affect_each_other():
    pictures = np.concatenate([square(scene(seed)) for seed in range(4)])
    other = pictures[::-1].copy()
    alone = [agreement(pictures[at : at + 1], other[at : at + 1])[0] for at in range(4)]
    np.testing.assert_allclose(agreement(pictures, other), alone, atol=1e-4)
