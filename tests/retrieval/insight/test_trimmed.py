"""Drawings with few corners, trimmed, and others that a shift and a scale nearly lay on them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from retrieval.insight.alignment import CORNERS_OF_CUT, SIDE, agreement, num_corners
from retrieval.insight.trimmed import LEAST_TRIMMED, agreement_when_trimmed

SIZE = 240
HALF_A_LETTER = [(70, 170), (120, 60), (170, 170)]


def drawn(*lines, discs=()):
    """Lines, each a list of points, and discs (x, y, radius), on a plain ground."""
    picture = Image.new("RGB", (SIZE, SIZE), (250, 248, 240))
    pen = ImageDraw.Draw(picture)
    for line in lines:
        pen.line(line, fill=(20, 20, 60), width=9, joint="curve")
    for x, y, radius in discs:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(20, 20, 60))
    return picture


def planes(*pictures):
    squares = [np.asarray(picture.resize((SIDE, SIDE), 3)).transpose(2, 0, 1) for picture in pictures]
    return np.ascontiguousarray(squares, dtype=np.float32)


def agree(first, second):
    return float(agreement_when_trimmed((planes(first), planes(second)))[0])


@pytest.mark.parametrize(
    "box", [(0, 0, 216, 216), (24, 24, 240, 240), (10, 20, 226, 236), (20, 16, 220, 216)]
)
@pytest.mark.parametrize(
    "picture",
    [
        drawn(HALF_A_LETTER, [(95, 130), (145, 130)]),
        drawn([(60, 80), (190, 150)]),
        drawn(discs=[(60, 90, 8), (150, 70, 8), (120, 180, 8), (180, 150, 8)]),
    ],
    ids=["letter", "line", "stars"],
)
def test_a_trimmed_drawing_agrees_with_its_original_both_ways(picture, box):
    assert agree(picture, picture.crop(box)) >= LEAST_TRIMMED
    assert agree(picture.crop(box), picture) >= LEAST_TRIMMED


@pytest.mark.parametrize(
    "other",
    [
        drawn(HALF_A_LETTER),
        drawn(HALF_A_LETTER, [(90, 145), (150, 145)]),
        drawn(HALF_A_LETTER, [(95, 130), (145, 130)], discs=[(215, 30, 7)]),
        drawn([(10, 110), (60, 10), (110, 110)], [(35, 70), (85, 70)]),
    ],
    ids=["no bar", "bar lower", "a dot more", "in a corner"],
)
def test_another_drawing_does_not_agree(other):
    assert agree(drawn(HALF_A_LETTER, [(95, 130), (145, 130)]), other) == 0.0


def test_lines_of_other_directions_do_not_agree():
    lines = [drawn([(60, 80), (190, 80 + rise)]) for rise in (70, 50, 90, -70)]
    assert [agree(lines[0], line) for line in lines[1:]] == [0.0] * 3


def test_plain_pictures_agree_with_nothing():
    plain = Image.new("RGB", (SIZE, SIZE), (200, 180, 40))
    assert agree(plain, plain) == agree(plain, drawn([(60, 80), (190, 150)])) == 0.0


def test_pairs_do_not_affect_each_other():
    pictures = [drawn([(60, 80), (190, 80 + rise)]) for rise in (70, 20, -30)]
    first, second = planes(*pictures), planes(*(each.crop((10, 10, 226, 226)) for each in pictures))
    alone = [agreement_when_trimmed((first[at : at + 1], second[at : at + 1]))[0] for at in range(3)]
    np.testing.assert_allclose(agreement_when_trimmed((first, second)), alone, atol=1e-4)


def test_pictures_with_few_corners_are_compared_so():
    pictures = [drawn([(60, 80), (190, 150)]), drawn([(60, 80), (190, 150)]).crop((0, 0, 216, 216))]
    first, second = (np.asarray(each.resize((SIDE, SIDE), 3))[None] for each in pictures)
    assert num_corners(np.concatenate([first, second])).max() < CORNERS_OF_CUT
    assert agreement(first, second)[0] >= LEAST_TRIMMED


def test_one_dot_could_be_any_other_and_is_compared_as_it_is():
    dot = drawn(discs=[(110, 120, 8)])
    dots = [dot, dot.crop((10, 10, 226, 226))]
    squares = [np.asarray(each.resize((SIDE, SIDE), 3))[None] for each in dots]
    assert agree(*dots) >= LEAST_TRIMMED
    assert agreement(*squares)[0] < 0.9
