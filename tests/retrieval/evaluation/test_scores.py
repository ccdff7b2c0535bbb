import math

import numpy as np
import pytest

from retrieval.evaluation import bootstrap, paired_difference
from retrieval.evaluation.scores import COMPARED, METRICS, Scores

LABELS = np.array([0, 0, 0, 1])


def scores(values):
    return Scores({"map": np.array(values)}, LABELS)


def test_figures_are_means_with_intervals_and_unknown_ones_are_nan():
    figures = scores([0.1, 0.2, 0.3, 0.8]).means(seed=5)
    assert figures["map"] == bootstrap(np.array([0.1, 0.2, 0.3, 0.8]), seed=5)
    assert list(figures) == list(METRICS)
    assert all(math.isnan(figures[name].value) for name in figures if name != "map")


def test_macro_figures_weigh_classes_alike():
    assert scores([0.1, 0.2, 0.3, 0.8]).class_means() == {"map": pytest.approx(0.5)}


def test_a_difference_is_paired():
    own, others = [0.1, 0.2, 0.3, 0.8, 0.5, 0.6], [0.0, 0.1, 0.1, 0.7, 0.4, 0.4]
    difference = scores(own).minus(scores(others), seed=1)
    expected = paired_difference(np.array(own), np.array(others), seed=1)
    assert difference.figures["map"] == expected
    assert difference.verdict("map") == "better"
    assert math.isnan(difference.figures["precision_at_1"].value)
    assert difference.verdict("precision_at_1") == "no difference that these pictures can show"


def test_five_queries_are_too_few_to_say_which_method_is_better():
    difference = scores([0.9] * 5).minus(scores([0.1] * 5), seed=1)
    assert difference.figures["map"].value == pytest.approx(0.8)
    assert difference.verdict("map") == "no difference that these pictures can show"
    found, lost = (Scores({"self_mrr": each((2, 26))}) for each in (np.ones, np.zeros))
    assert found.minus(lost, seed=0).verdict("self_mrr") == "no difference that these pictures can show"


def test_edits_of_a_picture_are_drawn_together():
    values = np.array([[1.0, 1.0], [0.0, 0.2]])
    edited = scores([0.0] * 4).with_values({"self_mrr": values})
    groups = np.array([0, 0, 1, 1])
    assert edited.means(seed=0)["self_mrr"] == bootstrap(values.ravel(), groups=groups, seed=0)
    nothing = Scores({"self_mrr": np.zeros((2, 2))})
    expected = paired_difference(values.ravel(), np.zeros(4), groups=groups, seed=0)
    found = edited.minus(nothing, seed=0).figures["self_mrr"]
    np.testing.assert_equal(found, expected)


def test_every_metric_has_a_title_for_sentences_and_one_for_columns():
    assert all(title.full and title.short for title in METRICS.values())
    assert len({title.short for title in METRICS.values()}) == len(METRICS)
    assert set(COMPARED) <= set(METRICS)
