"""The examples in the docstrings are right, and the public door opens on what it names."""

import doctest
import importlib
import pkgutil

import pytest

from retrieval import evaluation

MODULES = sorted(module.name for module in pkgutil.iter_modules(evaluation.__path__))
NUMERICAL = {
    "baselines",
    "chance",
    "class_metrics",
    "distances",
    "exact_search",
    "intervals",
    "metrics",
    "scores",
}


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_give_what_they_say(name):
    module = importlib.import_module(f"retrieval.evaluation.{name}")
    assert doctest.testmod(module).failed == 0


def test_the_modules_listed_above_exist():
    assert set(MODULES) >= NUMERICAL


METRICS = [
    "average_precision",
    "confusion_matrix",
    "interpolated_precision",
    "knn_accuracy",
    "knn_labels",
    "mean_over_classes",
    "mean_over_queries",
    "ndcg",
    "precision_at",
    "recall_at",
    "reciprocal_rank",
]


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_an_example_and_names_itself_at_the_door(name):
    assert name in evaluation.__all__
    metric = getattr(evaluation, name)
    assert doctest.DocTestFinder().find(metric, name)[0].examples, f"{name} has no worked example"


@pytest.mark.parametrize("name", evaluation.__all__)
def test_a_public_name_exists(name):
    assert hasattr(evaluation, name)
