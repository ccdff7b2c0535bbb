from typing import get_args

import numpy as np
import pytest

from index_store import SEARCHERS, OptionInvalid
from index_store.choices import (
    CHECKS,
    METRICS,
    STRUCTURES,
    Check,
    Metric,
    Structure,
    check_choice,
    check_fingerprint,
    check_whole_number,
)


def test_the_choices_are_those_of_the_types_and_every_structure_has_a_searcher():
    assert get_args(Metric) == METRICS
    assert get_args(Check) == CHECKS
    assert get_args(Structure) == STRUCTURES == tuple(SEARCHERS)


def test_an_unknown_choice_is_told_with_the_known_ones():
    with pytest.raises(OptionInvalid, match="metric is 'l3', expected one of cosine, l2"):
        check_choice("metric", "l3", METRICS)


def test_whole_numbers_of_numpy_are_whole_numbers():
    assert check_whole_number("k", np.int64(3)) == 3


@pytest.mark.parametrize("value", [0, -1, 1.5, "3", None])
def test_other_numbers_are_refused(value):
    with pytest.raises(OptionInvalid, match=r"k is .*, expected a whole number from 1"):
        check_whole_number("k", value)


@pytest.mark.parametrize("value", ["", 7, b"f"])
def test_a_fingerprint_is_text(value):
    with pytest.raises(OptionInvalid, match="expected its fingerprint"):
        check_fingerprint(value)
    assert check_fingerprint(None) is None
