import numpy as np
import pytest

from retrieval.evaluation import Method
from retrieval.evaluation.edited import EditedVectors
from retrieval.evaluation.edits import EDITS, NOISE
from retrieval.evaluation.robustness import (
    chance_reciprocal_ranks,
    class_curve,
    edit_figures,
    first_answers_right,
    pooled,
    reciprocal_ranks,
    self_curve,
)
from retrieval.evaluation.trial import Trial

LINE = Method("line", "a line", None, "l2", 4)
VARIANTS = ((EDITS[0], 0.9), (EDITS[0], 0.75))


def edited(rows, *points):
    vectors = np.array(points, dtype=np.float32)[:, :, None]
    return EditedVectors(np.array(rows), VARIANTS, {"line": vectors})


def test_the_rank_is_that_of_the_original_among_all_pictures(collection):
    database = collection([0, 1, 3, 6], [None] * 4)
    # Of row 0: found at once, then behind row 1. Of row 3: behind two others, then at once.
    ranks = reciprocal_ranks(database, edited([0, 3], [0.1, 0.9], [2.0, 9.0]), LINE)
    assert ranks.tolist() == pytest.approx(np.array([[1, 1 / 2], [1 / 4, 1]]))


def test_another_copy_of_the_original_is_not_in_the_way(collection):
    database = collection([0, 0, 5], [None] * 3, contents=["x", "x", "y"])
    for row in (0, 1):
        for seed in range(5):
            ranks = reciprocal_ranks(database, edited([row], [0.1, 4.0]), LINE, seed=seed)
            assert ranks.tolist() == [[1.0, 0.5]]


def test_pictures_that_the_method_cannot_tell_apart_share_the_ranks(collection):
    database = collection(np.zeros((10, 1)), [None] * 10)
    means = [
        reciprocal_ranks(database, edited(range(10), *[[0.0, 0.0]] * 10), LINE, seed=seed).mean()
        for seed in range(3)
    ]
    # Whatever the order among equals, each rank comes once.
    assert means == pytest.approx([np.mean(1 / np.arange(1, 11))] * 3)
    assert chance_reciprocal_ranks(10) == pytest.approx((0.1, means[0]))


def test_figures_are_means_by_edit_and_pooled_over_all(collection):
    found = edited([0, 3], [0.1, 0.9], [2.0, 9.0])
    ranks = reciprocal_ranks(collection([0, 1, 3, 6], [None] * 4), found, LINE)
    first, second = edit_figures(found, {"line": ranks})
    assert (first.label, second.label) == ("crop, 90% of each side kept", "crop, 75% of each side kept")
    assert (first.recall_at_1["line"].value, second.recall_at_1["line"].value) == (0.5, 0.5)
    assert (first.mrr["line"].value, second.mrr["line"].value) == (0.625, 0.75)
    together = pooled(found, ranks)
    assert together.self_values["self_recall_at_1"].tolist() == [1, 0, 0, 1]
    assert together.self_values["self_mrr"].tolist() == [1, 0.5, 0.25, 1]
    # What is drawn again for the interval is a picture with all its edits.
    assert together.groups.tolist() == [0, 0, 1, 1]


def test_an_edited_query_is_asked_as_the_query_is(collection):
    pictures = collection([0, 1, 3, 6], ["a", "b", "b", "a"])
    trial = Trial.leave_one_out(pictures)
    # The picture itself does not answer: next to row 0 is one of b, far out is the other of a.
    right = first_answers_right(trial, edited([0, 1], [0.1, 9.0], [1.0, 2.9]), LINE)
    assert right.tolist() == [[0.0, 1.0], [0.0, 1.0]]


def test_curves_take_their_part_of_the_variants():
    values = np.array([[1.0, 1.0, 0.5], [1.0, 0.0, 0.25]])
    by_class = class_curve(NOISE, {"line": values}, slice(1, 3))
    assert (by_class.edit, by_class.quality) == ("noise", "precision_at_1")
    assert [point.value for point in by_class.points["line"]] == [0.5, 0.375]
    found = self_curve(NOISE, {"line": values}, slice(0, 2))
    assert found.quality == "self_recall_at_1"
    assert [point.value for point in found.points["line"]] == [1.0, 0.5]
