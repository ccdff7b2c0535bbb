import numpy as np
import pytest
from PIL import Image

from retrieval.evaluation import Labelling
from retrieval.evaluation.collection import Listing
from retrieval.evaluation.edited import CANVAS, Editing, draw_sample, edited_picture, embed_edited
from retrieval.evaluation.edits import EDITS, NOISE, OCCLUSION
from retrieval.evaluation.embedding import embed
from retrieval.evaluation.method import fixed_methods
from retrieval.evaluation.robustness import variants_of

METHODS = fixed_methods()
BY_NAME = {edit.name: edit for edit in EDITS}


@pytest.fixture(scope="module")
def pictures(swatches):
    return embed(Listing.of(swatches, Labelling()), METHODS)


def test_vectors_come_by_picture_and_variant(pictures):
    mirror, scale = BY_NAME["mirror"], BY_NAME["scale"]
    editing = Editing(((mirror, 1), (scale, 0.5)))
    edited = embed_edited(pictures, np.array([2, 9]), METHODS, editing)
    assert edited.vectors["pixel"].shape == (2, 2, 3072)
    for row, vectors in zip((2, 9), edited.vectors["pixel"], strict=True):
        path = pictures.folder / pictures.paths[row]
        for (edit, strength), vector in zip(editing.variants, vectors, strict=True):
            image = edit.apply(Image.open(path).convert("RGB"), strength, content=pictures.contents[row])
            expected = image.resize((32, 32), Image.Resampling.BICUBIC, reducing_gap=3.0)
            np.testing.assert_array_equal(vector, np.asarray(expected).ravel())
    flat = edited.floats("pixel", slice(1, 2))
    np.testing.assert_array_equal(flat, edited.vectors["pixel"][:, 1].astype(float))


def test_pictures_edited_again_have_the_same_vectors_wherever_they_stand(pictures):
    editing = Editing(variants_of([BY_NAME["crop"], BY_NAME["noise"]]), seed=3)
    forth = embed_edited(pictures, np.array([0, 1, 2, 3, 4, 5, 6]), METHODS, editing)
    back = embed_edited(pictures, np.array([6, 3]), METHODS, editing)
    for name in ("pixel", "phash", "color_histogram"):
        np.testing.assert_array_equal(forth.vectors[name][[6, 3]], back.vectors[name])


def test_on_a_square_the_edit_works_on_the_pixels_that_an_encoder_sees(pictures):
    editing = Editing(variants_of([NOISE, OCCLUSION]), square=32)
    edited = embed_edited(pictures, np.array([0]), METHODS, editing)
    own = pictures.vectors["pixel"][0].astype(float)
    seen = edited.vectors["pixel"][0].astype(float)
    places = {variant: place for place, variant in enumerate(editing.variants)}
    # Nothing is averaged away: the pixels that the method sees are the noisy ones.
    np.testing.assert_array_equal(seen[places[NOISE, 0.0]], own)
    assert (seen[places[NOISE, 0.1]] - own).std() == pytest.approx(25.5, rel=0.1)
    covered = (seen[places[OCCLUSION, 0.5]].reshape(-1, 3) == 128).all(axis=1).mean()
    assert covered == pytest.approx(0.5, abs=0.03)


def test_large_pictures_are_edited_at_a_moderate_size():
    large = Image.new("RGB", (1000, 500))
    assert Editing(()).canvas(large).size == (CANVAS, CANVAS // 2)
    assert large.size == (1000, 500)


def test_an_edited_picture_can_be_drawn_again(pictures):
    row = 4
    edit = BY_NAME["covered"]
    image = edited_picture(pictures.folder / pictures.paths[row], "covered", 0.25, seed=7)
    again = edit.apply(
        Image.open(pictures.folder / pictures.paths[row]), 0.25, content=pictures.contents[row], seed=7
    )
    assert image.tobytes() == again.tobytes()


def test_the_sample_depends_on_seed_and_content_and_nothing_else(collection):
    letters = [f"{number:02d}" for number in range(20)]
    forth, back = (
        collection(np.zeros((20, 1)), ["a"] * 20, contents=order) for order in (letters, letters[::-1])
    )
    rows = np.arange(20)
    chosen = {forth.contents[row] for row in draw_sample(forth, rows, 5, seed=1)}
    assert len(chosen) == 5
    assert chosen == {back.contents[row] for row in draw_sample(back, rows, 5, seed=1)}
    assert chosen != {forth.contents[row] for row in draw_sample(forth, rows, 5, seed=2)}


def test_of_copies_the_sample_takes_the_first_and_of_few_pictures_all(collection):
    pictures = collection(np.zeros((5, 1)), ["a"] * 5, contents=["x", "y", "x", "z", "y"])
    assert draw_sample(pictures, np.arange(5), 100).tolist() == [0, 1, 3]
    assert draw_sample(pictures, np.array([2, 4]), 100).tolist() == [2, 4]
