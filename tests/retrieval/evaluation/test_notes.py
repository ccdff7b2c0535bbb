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


def with_copies(report, *, by_class=True):
    """The report as if a search for copies found 0.9 where latent search finds 0.5 and pixels 0.7."""
    metric = "self_recall_at_1"
    found = {"latent": 0.5, "pixel": 0.7, "copies": 0.9}
    own = replace(report.methods["latent"], title="for copies")
    methods = {
        name: replace(each, figures={**each.figures, metric: Interval(found.get(name, 0.1), 0, 1)})
        for name, each in {**report.methods, "copies": own}.items()
    }
    gain = Difference({**report.difference.figures, metric: Interval(0.2, 0.1, 0.3)})
    of_copies = dict.fromkeys(report.differences, gain)
    judged_by = "map" if by_class else metric
    return replace(report, methods=methods, of_copies=of_copies, judged_by=judged_by, best_pixel="pixel")


def test_what_finds_copies_is_told_beside_what_finds_kinds(report):
    [note] = [each for each in notes_of(with_copies(report), report.corpus, report.run) if "copies:" in each]
    assert note == (
        "For copies: retrieve query --copies finds the originals of 90.0% of edited pictures first, latent "
        "search 50.0%, pixels, L2 70.0%; to those pixels that is a difference of "
        "+0.200 (95 % interval +0.100 to +0.300)."
    )


def test_of_edited_pictures_alone_the_verdict_is_about_the_search_for_copies(report):
    judged = with_copies(report, by_class=False)
    assert (judged.judged, judged.verdict) == ("copies", "better")
    assert sentence_of(judged).startswith(
        "Search for copies is better than pixel search on these pictures: finding an edited picture's "
        "original first 0.900 against 0.700, a difference of +0.200"
    )
