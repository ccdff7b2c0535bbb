import numpy as np
import pytest

from retrieval.evaluation import Method
from retrieval.evaluation.edits import EDITS, NOISE, OCCLUSION, EditedVectors, variants_of
from retrieval.evaluation.robustness import (
    chance_of_rank,
    curves_of,
    edit_figures,
    edited_examples,
    first_answers_right,
    reciprocal_ranks,
    self_values,
)
from retrieval.evaluation.task import RetrievalTask

LINE = Method("line", "a line", None, "l2", 4)
VARIANTS = ((EDITS[0], 0.9), (EDITS[0], 0.75))


def edited(rows, *points):
    vectors = np.array(points, dtype=np.float32)[:, :, None]
    return EditedVectors(np.array(rows), VARIANTS, {"line": vectors})


def test_the_rank_is_that_of_the_original_among_all_pictures(dataset):
    database = dataset([0, 1, 3, 6], [None] * 4)
    # Of row 0: found at once, then behind row 1. Of row 3: behind two others, then at once.
    ranks = reciprocal_ranks(database, edited([0, 3], [0.1, 0.9], [2.0, 9.0]), LINE)
    assert ranks.tolist() == pytest.approx(np.array([[1, 1 / 2], [1 / 4, 1]]))


def test_another_copy_of_the_original_is_not_in_the_way(dataset):
    database = dataset([0, 0, 5], [None] * 3, contents=["x", "x", "y"])
    for row in (0, 1):
        for seed in range(5):
            ranks = reciprocal_ranks(database, edited([row], [0.1, 4.0]), LINE, seed=seed)
            assert ranks.tolist() == [[1.0, 0.5]]


def test_the_same_picture_in_another_file_is_not_in_the_way(dataset):
    database = dataset([0, 0, 5], [None] * 3, contents=["x", "y", "z"], looks=["a", "a", "b"])
    for seed in range(5):
        ranks = reciprocal_ranks(database, edited([0], [0.1, 4.0]), LINE, seed=seed)
        assert ranks.tolist() == [[1.0, 0.5]]
    # But where it only lies at the same place by this method, it may come first.
    database = dataset([0, 0, 5], [None] * 3, contents=["x", "y", "z"])
    drawn = [reciprocal_ranks(database, edited([0], [0.1, 0.1]), LINE, seed=seed)[0, 0] for seed in range(9)]
    assert set(drawn) == {1.0, 0.5}


def test_pictures_that_the_method_cannot_tell_apart_share_the_ranks(dataset):
    database = dataset(np.zeros((10, 1)), [None] * 10)
    means = [
        reciprocal_ranks(database, edited(range(10), *[[0.0, 0.0]] * 10), LINE, seed=seed).mean()
        for seed in range(3)
    ]
    # Whatever the order among equals, each rank comes once.
    assert means == pytest.approx([np.mean(1 / np.arange(1, 11))] * 3)
    assert chance_of_rank(10) == pytest.approx((0.1, means[0]))


def test_figures_are_means_by_edit_and_pooled_over_all(dataset):
    found = edited([0, 3], [0.1, 0.9], [2.0, 9.0])
    ranks = reciprocal_ranks(dataset([0, 1, 3, 6], [None] * 4), found, LINE)
    first, second = edit_figures(found, {"line": ranks})
    assert (first.label, second.label) == ("crop, 90% of each side kept", "crop, 75% of each side kept")
    assert (first.recall_at_1["line"].value, second.recall_at_1["line"].value) == (0.5, 0.5)
    assert (first.mrr["line"].value, second.mrr["line"].value) == (0.625, 0.75)
    together = self_values(ranks)
    # A row is a picture with all its edits: it is drawn as one for the interval.
    assert together["self_recall_at_1"].tolist() == [[1, 0], [0, 1]]
    assert together["self_mrr"].tolist() == [[1, 0.5], [0.25, 1]]


def test_an_edited_query_is_asked_as_the_query_is(dataset):
    pictures = dataset([0, 1, 3, 6], ["a", "b", "b", "a"])
    task = RetrievalTask.leave_one_out(pictures)
    # The picture itself does not answer: next to row 0 is one of b, far out is the other of a.
    right = first_answers_right(task, edited([0, 1], [0.1, 9.0], [1.0, 2.9]), LINE)
    assert right.tolist() == [[0.0, 1.0], [0.0, 1.0]]


def test_every_edit_has_a_curve_over_its_strengths():
    variants = variants_of([NOISE, OCCLUSION])
    values = np.zeros((2, len(variants)))
    values[:, 0], values[:, 11] = (1.0, 1.0), (0.5, 0.25)
    found = EditedVectors(np.array([0, 1]), variants, {})
    noise, occlusion = curves_of(found, {"line": values}, quality="precision_at_1")
    assert (noise.edit, noise.quality, noise.strengths) == ("noise", "precision_at_1", NOISE.strengths)
    assert [point.value for point in noise.points["line"]] == [1.0] + [0.0] * 10
    assert (occlusion.edit, occlusion.strengths) == ("occlusion", OCCLUSION.strengths)
    assert [point.value for point in occlusion.points["line"]] == [0.375] + [0.0] * 6


def example_world(dataset, gains):
    """As many pictures as rows of gains, on a line; an edited picture is where its original is."""
    count, variants = gains.shape
    pictures = dataset(np.arange(count), [None] * count)
    vectors = np.repeat(np.arange(count, dtype=np.float32)[:, None, None], variants, axis=1)
    edited = EditedVectors(
        np.arange(count), tuple((EDITS[0], 0.5 + 0.1 * place) for place in range(variants)), {"line": vectors}
    )
    line = Method("line", "a line", None, "l2", 4)
    ranks = {"latent": 0.5 + gains / 2, "pixel": 0.5 - gains / 2}
    return edited_examples(pictures, edited, ranks, {"latent": line, "pixel": line})


def test_wins_and_losses_are_the_largest_first_and_a_picture_comes_once(dataset):
    gains = np.array([[0.1, 0.4], [-0.2, 0.3], [0.0, 0.0], [-0.5, -0.1]])
    examples = example_world(dataset, gains)
    assert [(each.path, round(each.gain, 6)) for each in examples["wins"]] == [
        ("p0.png", 0.4),
        ("p1.png", 0.3),
    ]
    assert [(each.path, round(each.gain, 6)) for each in examples["losses"]] == [
        ("p3.png", -0.5),
        ("p1.png", -0.2),
    ]
    assert {each.path for each in examples["random"]} <= {f"p{row}.png" for row in range(4)}


def test_an_edit_comes_twice_at_most_and_the_original_is_the_right_answer(dataset):
    examples = example_world(dataset, np.full((8, 1), 0.3))
    assert len(examples["wins"]) == 2
    for example in examples["wins"]:
        assert [answer.right for answer in example.latent] == [True] + [False] * 6
        assert example.latent[0].path == example.path
        assert example.edit_label == "crop, 50% of each side kept"
