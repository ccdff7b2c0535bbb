import numpy as np
import pytest
from PIL import Image

from retrieval.evaluation.edits import (
    EDITS,
    NOISE,
    OCCLUSION,
    Edit,
    brightness,
    color_cast,
    contrast,
    crop,
    jpeg,
    mirror,
    occlusion,
    rotation,
    scale,
)

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
