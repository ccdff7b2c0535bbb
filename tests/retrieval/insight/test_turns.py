from __future__ import annotations

import numpy as np
import pytest

from retrieval.insight.turns import TURNS, inverse, turn

SQUARE = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)


@pytest.mark.parametrize("number", range(8))
def test_the_inverse_brings_a_picture_back(number):
    np.testing.assert_array_equal(turn(turn(SQUARE, number), inverse(number)), SQUARE)


def test_the_eight_turns_are_different_and_named():
    assert len({turn(SQUARE, number).tobytes() for number in range(8)}) == len(set(TURNS)) == 8


def test_what_the_words_say():
    by_name = dict(zip(TURNS, range(8), strict=True))
    np.testing.assert_array_equal(turn(SQUARE, by_name["mirrored"]), SQUARE[:, ::-1])
    np.testing.assert_array_equal(turn(SQUARE, by_name["flipped"]), SQUARE[::-1])
    np.testing.assert_array_equal(turn(SQUARE, by_name["upside down"]), SQUARE[::-1, ::-1])
    np.testing.assert_array_equal(turn(SQUARE, by_name["turned left"])[0], SQUARE[:, -1])
