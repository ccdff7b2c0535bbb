import math

import numpy as np
import pytest

from retrieval.evaluation import Mean, mean_over_classes, mean_over_queries

VALUES = np.array([1.0, 0.0, math.nan, 0.5, math.nan])


def test_micro_leaves_out_and_counts_queries_without_a_value():
    assert mean_over_queries(VALUES) == Mean(0.5, counted=3, left_out=2)


def test_macro_gives_every_class_the_same_weight():
    labels = np.array([4, 4, 4, 9, 2])
    # Class 4: (1 + 0) / 2; class 9: 0.5 ; class 2 has no query with a value.
    assert mean_over_classes(VALUES, labels) == Mean(0.5, counted=2, left_out=1)
    unequal = np.array([1.0, 1.0, 1.0, 0.0])
    assert mean_over_classes(unequal, np.array([0, 0, 0, 1])).value == 0.5
    assert mean_over_queries(unequal).value == 0.75


def test_pictures_without_a_label_are_no_class():
    assert mean_over_classes(np.array([1.0, 0.0]), np.array([0, -1])) == Mean(1.0, counted=1, left_out=0)


@pytest.mark.parametrize("values", [np.array([]), np.array([math.nan, math.nan])])
def test_nothing_to_average_is_nan_without_a_warning(values):
    assert math.isnan(mean_over_queries(values).value)
    assert math.isnan(mean_over_classes(values, np.zeros(len(values), dtype=int)).value)


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"shape \(1, 2\), expected \(queries,\)"):
        mean_over_queries(np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"labels has shape \(3,\), expected \(2,\)"):
        mean_over_classes(np.zeros(2), np.zeros(3, dtype=int))
