import math

import numpy as np
import pytest

from retrieval.evaluation import bootstrap, paired_difference
from retrieval.evaluation.figures import QUALITY, SELF_QUALITY, Difference, Measured

LABELS = np.array([0, 0, 0, 1])


def measured(values, self_values=None):
    return Measured({"map": np.array(values)}, LABELS, (), self_values or {}, np.array([0, 0, 1, 1]))


def test_figures_are_means_with_intervals_and_unknown_ones_are_nan():
    figures = measured([0.1, 0.2, 0.3, 0.8]).intervals(seed=5)
    assert figures["map"] == bootstrap(np.array([0.1, 0.2, 0.3, 0.8]), seed=5)
    assert set(figures) == {*QUALITY, *SELF_QUALITY}
    assert all(math.isnan(figures[name].value) for name in figures if name != "map")


def test_macro_figures_weigh_classes_alike():
    assert measured([0.1, 0.2, 0.3, 0.8]).macro() == {"map": pytest.approx(0.5)}


def test_a_difference_is_paired():
    first, second = measured([0.1, 0.2, 0.3, 0.8]), measured([0.0, 0.1, 0.1, 0.7])
    difference = Difference.between(first, second, seed=1)
    expected = paired_difference(np.array([0.1, 0.2, 0.3, 0.8]), np.array([0.0, 0.1, 0.1, 0.7]), seed=1)
    assert difference.figures["map"] == expected
    assert difference.verdict("map") == "better"
    assert math.isnan(difference.figures["precision_at_1"].value)
    assert difference.verdict("precision_at_1") == "no difference that these pictures can show"


def test_edits_of_a_picture_are_drawn_together():
    values = np.array([1.0, 1.0, 0.0, 0.2])
    figures = measured([0.0] * 4, {"self_mrr": values}).intervals(seed=0)
    assert figures["self_mrr"] == bootstrap(values, groups=np.array([0, 0, 1, 1]), seed=0)
