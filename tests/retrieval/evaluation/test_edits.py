import numpy as np
import pytest
from PIL import Image

from retrieval.evaluation import Labelling
from retrieval.evaluation.dataset import Dataset
from retrieval.evaluation.edits import (
    CANVAS,
    EDITS,
    NOISE,
    OCCLUSION,
    Edit,
    Editing,
    brightness,
    color_cast,
    contrast,
    crop,
    draw_sample,
    edited_picture,
    embed_edited,
    jpeg,
    mirror,
    occlusion,
    rotation,
    scale,
    variants_of,
)
from retrieval.evaluation.method import fixed_methods

FIRST, SECOND = "0" * 63 + "1", "f" * 64
BY_NAME = {edit.name: edit for edit in EDITS}


def picture(width=40, height=30, seed=0):
    values = np.random.default_rng(seed).integers(60, 160, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def pixels(image):
    return np.asarray(image).astype(float)


def random():
    return np.random.default_rng(1)


ALL = [(edit, strength) for edit in (*EDITS, NOISE, OCCLUSION) for strength in edit.strengths]


@pytest.mark.parametrize(("edit", "strength"), ALL, ids=lambda each: getattr(each, "name", str(each)))
@pytest.mark.parametrize("size", [(1, 1), (3, 70), (90, 60)])
def test_every_edit_works_on_every_size_and_leaves_the_picture_alone(edit, strength, size):
    original = picture(*size)
    before = pixels(original)
    edited = edit.apply(original, strength, content=FIRST)
    assert edited.mode == "RGB"
    np.testing.assert_array_equal(pixels(original), before)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_is_repeated_exactly_and_changes_something(edit):
    original = picture(90, 60)
    for strength in edit.strengths:
        first, again = (edit.apply(original, strength, content=FIRST, seed=3) for _ in range(2))
        np.testing.assert_array_equal(pixels(first), pixels(again))
        assert first.size != original.size or (pixels(first) != pixels(original)).any()


@pytest.mark.parametrize("name", ["crop", "colour cast", "noise", "covered", "text"])
def test_seed_and_content_decide_how_a_random_edit_turns_out(name):
    edit = BY_NAME[name]
    strength = edit.strengths[-1]
    variants = [
        edit.apply(picture(90, 60), strength, content=content, seed=seed).tobytes()
        for content, seed in ((FIRST, 0), (SECOND, 0), (FIRST, 1), (FIRST, 2))
    ]
    assert len(set(variants)) > 1


def test_a_crop_is_a_part_of_the_picture():
    original = pixels(picture())
    part = pixels(crop(picture(), 0.5, random()))
    assert part.shape == (15, 20, 3)
    corners = [(y, x) for y in range(16) for x in range(21)]
    assert any((original[y : y + 15, x : x + 20] == part).all() for y, x in corners)


def test_scale_halves_the_sides():
    assert scale(picture(), 0.5, random()).size == (20, 15)


def test_a_worse_jpeg_is_further_from_the_picture():
    errors = [
        np.abs(pixels(jpeg(picture(), quality, random())) - pixels(picture())).mean() for quality in (90, 10)
    ]
    assert 0 < errors[0] < errors[1]


def test_brightness_multiplies():
    np.testing.assert_allclose(pixels(brightness(picture(), 0.5, random())), pixels(picture()) * 0.5, atol=1)


def test_contrast_keeps_the_mean_and_scales_the_spread():
    flat = pixels(contrast(picture(), 0.5, random()))
    assert flat.mean() == pytest.approx(pixels(picture()).mean(), abs=2)
    assert flat.std() == pytest.approx(pixels(picture()).std() / 2, rel=0.05)


def test_a_cast_raises_one_channel_and_lowers_another():
    change = (pixels(color_cast(picture(), 0.1, random())) - pixels(picture())).mean(axis=(0, 1))
    assert sorted(change.round().tolist()) == pytest.approx([-25.5, 0, 25.5], abs=0.51)


def test_noise_has_the_spread_it_says_and_none_at_zero():
    grey = Image.fromarray(np.full((100, 100, 3), 128, dtype=np.uint8))
    assert (pixels(NOISE.apply(grey, 0.1, content=FIRST)) - 128).std() == pytest.approx(25.5, rel=0.02)
    np.testing.assert_array_equal(pixels(NOISE.apply(grey, 0.0, content=FIRST)), pixels(grey))


def test_stronger_noise_is_the_same_noise():
    grey = Image.fromarray(np.full((20, 20, 3), 128, dtype=np.uint8))
    weak, strong = (pixels(NOISE.apply(grey, strength, content=FIRST)) - 128 for strength in (0.05, 0.1))
    np.testing.assert_allclose(strong, 2 * weak, atol=1.5)


@pytest.mark.parametrize("share", [0.25, 1 / 3, 0.75])
def test_occlusion_covers_the_share_it_says(share):
    white = Image.new("RGB", (100, 60), "white")
    covered = (pixels(occlusion(white, share, random())) == 128).all(axis=2)
    assert covered.mean() == pytest.approx(share, abs=0.02)


def test_nothing_is_covered_at_zero():
    assert OCCLUSION.strengths[0] == 0.0
    np.testing.assert_array_equal(pixels(occlusion(picture(), 0.0, random())), pixels(picture()))


def test_right_angles_lose_nothing():
    turned = rotation(picture(), 90, random())
    assert turned.size == (30, 40)
    back = [pixels(turned.rotate(angle, expand=True)) for angle in (90, -90)]
    assert any((each == pixels(picture())).all() for each in back)
    half = rotation(picture(), 180, random())
    np.testing.assert_array_equal(pixels(half), pixels(picture())[::-1, ::-1])


def test_a_mirror_swaps_left_and_right():
    np.testing.assert_array_equal(pixels(mirror(picture(), 1, random())), pixels(picture())[:, ::-1])


def test_the_edits_that_were_asked_for_are_there():
    assert set(BY_NAME) == {
        "crop", "scale", "JPEG", "brightness", "contrast", "colour cast", "blur", "noise",
        "small rotation", "large rotation", "mirror", "covered", "text",
    }  # fmt: skip
    assert 30 in BY_NAME["JPEG"].strengths
    assert BY_NAME["covered"].strengths == (0.25, 1 / 3)
    assert NOISE.strengths[0] == 0.0
    assert NOISE.strengths[-1] == 1.0
    assert OCCLUSION.strengths[-1] == 0.75


def test_labels_say_what_was_done():
    labels = [Edit("crop", "{:.0%} kept", (0.9,), crop).label(0.9), BY_NAME["large rotation"].label(90)]
    assert labels == ["crop, 90% kept", "large rotation, 90°"]


METHODS = fixed_methods()
BY_NAME = {edit.name: edit for edit in EDITS}


@pytest.fixture(scope="module")
def pictures(swatches):
    return Dataset.load(swatches, Labelling(), METHODS)


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
    np.testing.assert_array_equal(edited.flat("pixel")[1::2], edited.vectors["pixel"][:, 1])
    assert edited.repeated_rows.tolist() == [2, 2, 9, 9]


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


def test_the_sample_depends_on_seed_and_content_and_nothing_else(dataset):
    letters = [f"{number:02d}" for number in range(20)]
    forth, back = (
        dataset(np.zeros((20, 1)), ["a"] * 20, contents=order) for order in (letters, letters[::-1])
    )
    rows = np.arange(20)
    chosen = {forth.contents[row] for row in draw_sample(forth, rows, 5, seed=1)}
    assert len(chosen) == 5
    assert chosen == {back.contents[row] for row in draw_sample(back, rows, 5, seed=1)}
    assert chosen != {forth.contents[row] for row in draw_sample(forth, rows, 5, seed=2)}


def test_of_copies_the_sample_takes_the_first_and_of_few_pictures_all(dataset):
    pictures = dataset(np.zeros((5, 1)), ["a"] * 5, contents=["x", "y", "x", "z", "y"])
    assert draw_sample(pictures, np.arange(5), 100).tolist() == [0, 1, 3]
    assert draw_sample(pictures, np.array([2, 4]), 100).tolist() == [2, 4]
