from dataclasses import replace

import pytest

from retrieval.evaluation import EvaluationSettings, Interval, evaluate
from retrieval.evaluation.notes import interval_in_words, notes_of, sentence_of
from retrieval.evaluation.scores import Difference


@pytest.fixture(scope="module")
def report(retriever):
    return evaluate(retriever, settings=EvaluationSettings(sample=0))


def with_differences(report, **figures):
    """The report as if latent minus each of these methods were this mAP, and the last pixels the best."""
    differences = {
        name: Difference({**report.difference.figures, "map": Interval(*figure)})
        for name, figure in figures.items()
    }
    return replace(report, differences={**report.differences, **differences}, best_pixel=list(figures)[-1])


BETTER, WORSE, EVEN = (0.1, 0.05, 0.15), (-0.1, -0.15, -0.05), (0.01, -0.02, 0.04)


@pytest.mark.parametrize(
    ("figure", "start"),
    [
        (BETTER, "Latent search is better than pixel search on these pictures: mAP "),
        (WORSE, "Latent search is worse than pixel search on these pictures: mAP "),
        (EVEN, "Between latent and pixel search there is no difference that these pictures can show: mAP "),
    ],
)
def test_the_sentence_says_the_verdict_with_its_figures(report, figure, start):
    sentence = sentence_of(with_differences(report, pixel=figure))
    assert sentence.startswith(start)
    assert f"{figure[0]:+.3f} (95 % interval {figure[1]:+.3f} to {figure[2]:+.3f})." in sentence


def test_pixels_by_a_better_metric_are_named_in_the_verdict_if_they_change_it(report):
    sentence = sentence_of(with_differences(report, pixel=BETTER, pixel_l1=WORSE))
    assert "By L1 pixels search better than by L2" in sentence
    assert sentence.endswith("and latent search is worse than that: -0.100 (95 % interval -0.150 to -0.050).")
    unmoved = sentence_of(with_differences(report, pixel=BETTER, pixel_cosine=BETTER))
    assert "cosine" not in unmoved
    unsure = sentence_of(with_differences(report, pixel=BETTER, pixel_cosine=EVEN))
    assert "By cosine pixels" in unsure
    assert "latent search is not to be told apart from that: +0.010" in unsure


def test_too_few_queries_for_an_interval_are_told():
    assert interval_in_words(Interval(0.5, float("nan"), float("nan"))) == (
        "+0.500 (too few queries for an interval)"
    )


def test_leave_one_out_and_what_was_fitted_are_told(report):
    assert "Every picture was asked against all others." in report.notes
    for fitted in ({"pictures": 18}, {"pictures": 18, "drawn": 0, "note": None, "by": "retrieve train"}):
        notes = notes_of(report, report.corpus, {**report.run, "fitted": fitted})
        assert any(
            "Encoder and PCA were fitted to these pictures, without their classes" in each for each in notes
        )


def test_rows_of_labels_without_a_picture_are_named(report):
    corpus = replace(report.corpus, unmatched_labels=("a.jpp", "b.jpp", "c.jpp", "d.jpp"))
    notes = notes_of(report, corpus, report.run)
    assert any(
        "4 rows of the table of labels name no picture (a.jpp, b.jpp, c.jpp and 1 more)" in each
        for each in notes
    )
