from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from retrieval.insight.alignment import CORNERS_OF_CUT, CORNERS_OF_TRIMMED, SIDE, agreement, num_corners


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


def drawing(*shapes, size=160):
    """Discs, by their middles and radii, on a plain ground."""
    picture = Image.new("RGB", (size, size), "white")
    pen = ImageDraw.Draw(picture)
    for x, y, radius in shapes:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(20, 20, 60))
    return picture


@pytest.mark.parametrize("other", [(86, 80, 6), (80, 80, 9), (60, 100, 8), (30, 30, 6)])
def test_a_dot_of_another_size_or_elsewhere_is_another_picture(other):
    # A scale and a shift would lay any of them on the first.
    assert agree(drawing((80, 80, 6)), drawing(other)) < 0.9


def test_an_edited_drawing_agrees_with_its_original():
    original = drawing((50, 90, 12), (110, 60, 7))
    for edited in (original.resize((80, 80), 3), original.point(lambda value: int(value * 0.6))):
        assert agree(original, edited) > 0.95


def test_only_what_has_corners_enough_is_known_by_a_part():
    pictures = np.concatenate([square(scene(1)), square(drawing((80, 80, 30))), square(drawing((80, 80, 6)))])
    several, some, few = num_corners(pictures).tolist()
    assert few < CORNERS_OF_TRIMMED <= some < CORNERS_OF_CUT <= several


def test_drawings_and_photographs_are_compared_together():
    first = np.concatenate([square(scene(1)), square(drawing((80, 80, 6))), square(scene(2))])
    second = np.concatenate(
        [square(scene(1).crop((10, 4, 180, 170))), square(drawing((80, 80, 6))), square(scene(3))]
    )
    found = agreement(first, second)
    assert found[0] > 0.93
    assert found[1] == pytest.approx(1.0, abs=1e-3)
    assert found[2] < 0.6
