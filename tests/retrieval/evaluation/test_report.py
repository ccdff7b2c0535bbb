import json
import math

import pytest

from retrieval.evaluation import EvaluationSettings, evaluate
from retrieval.evaluation.report import without_nan


@pytest.fixture(scope="module")
def report(retriever):
    return evaluate(retriever, settings=EvaluationSettings(sample=0))


def test_nan_and_infinity_become_null_and_tuples_lists():
    value = {"a": (1.0, math.nan), "b": [{"c": math.inf}], "d": None, "e": True, "f": "nan"}
    assert without_nan(value) == {"a": [1.0, None], "b": [{"c": None}], "d": None, "e": True, "f": "nan"}


def test_what_is_saved_is_the_object(report, tmp_path):
    report.save(tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text()) == report.to_json()


def test_the_verdict_is_that_of_the_difference_it_is_judged_by(report):
    assert report.judged_by == "map"
    assert report.verdict == report.verdicts["map"] == report.difference.verdict("map")
    # What was not measured has no verdict.
    assert not {"self_mrr", "self_recall_at_1"} & set(report.verdicts)


def test_the_confusion_counts_every_query_once(report):
    content = report.to_json()["confusion"]
    assert content["classes"] == ["brick", "grass", "water"]
    assert [sum(row) for row in content["latent"]] == [sum(row) for row in content["pixel"]] == [6, 6, 6]
