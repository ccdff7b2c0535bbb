import numpy as np

from retrieval.evaluation import Method
from retrieval.evaluation.edited import EditedVectors
from retrieval.evaluation.edited_examples import edited_examples
from retrieval.evaluation.edits import EDITS


def example_world(collection, gains):
    """As many pictures as rows of gains, on a line; an edited picture is where its original is."""
    count, variants = gains.shape
    pictures = collection(np.arange(count), [None] * count)
    vectors = np.repeat(np.arange(count, dtype=np.float32)[:, None, None], variants, axis=1)
    edited = EditedVectors(
        np.arange(count), tuple((EDITS[0], 0.5 + 0.1 * place) for place in range(variants)), {"line": vectors}
    )
    line = Method("line", "a line", None, "l2", 4)
    ranks = {"latent": 0.5 + gains / 2, "pixel": 0.5 - gains / 2}
    return edited_examples(pictures, edited, ranks, {"latent": line, "pixel": line})


def test_wins_and_losses_are_the_largest_first_and_a_picture_comes_once(collection):
    gains = np.array([[0.1, 0.4], [-0.2, 0.3], [0.0, 0.0], [-0.5, -0.1]])
    examples = example_world(collection, gains)
    assert [(each.path, round(each.gain, 6)) for each in examples["wins"]] == [
        ("p0.png", 0.4),
        ("p1.png", 0.3),
    ]
    assert [(each.path, round(each.gain, 6)) for each in examples["losses"]] == [
        ("p3.png", -0.5),
        ("p1.png", -0.2),
    ]
    assert {each.path for each in examples["random"]} <= {f"p{row}.png" for row in range(4)}


def test_an_edit_comes_twice_at_most_and_the_original_is_the_right_answer(collection):
    examples = example_world(collection, np.full((8, 1), 0.3))
    assert len(examples["wins"]) == 2
    for example in examples["wins"]:
        assert [answer.right for answer in example.latent] == [True] + [False] * 6
        assert example.latent[0].path == example.path
        assert example.edit_label == "crop, 50% of each side kept"
