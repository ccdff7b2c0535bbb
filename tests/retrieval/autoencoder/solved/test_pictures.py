"""Shrinking, patches, views and alignment, by hand."""

import numpy as np
import pytest

from retrieval.autoencoder.solved.config import BranchConfig
from retrieval.autoencoder.solved.pictures import (
    WHOLE,
    View,
    alignment,
    are_aligned,
    draw_patches,
    draw_views,
    even_views,
    shrink,
)


def test_the_share_of_the_variation_by_hand():
    # Two pictures striped the same way in the left half, the opposite way in the right, and the same again:
    # the mean picture keeps the left half's stripes, half of the variation, and the right half is grey. Four
    # that have nothing in common would keep a quarter.
    stripes = np.tile(np.array([0, 255], dtype=np.uint8), (32, 16))
    other = stripes.copy()
    other[:, 16:] = 255 - other[:, 16:]
    pictures = np.stack([stripes, other, stripes, other])[..., None].repeat(3, axis=3)
    assert alignment(pictures) == pytest.approx((0.5 - 0.25) / (1 - 0.25))


@pytest.mark.parametrize("num", [4, 16, 200])
def test_noise_is_not_aligned_however_few_there_are(num):
    noise = np.random.default_rng(0).integers(256, size=(num, 64, 64, 3), dtype=np.uint8)
    assert alignment(noise) < 0.02


def test_a_blank_is_not_aligned():
    assert alignment(np.zeros((3, 32, 32, 3), dtype=np.uint8)) == 0.0


def test_one_sign_at_its_place_is_aligned():
    rng = np.random.default_rng(0)
    pictures = rng.integers(60, size=(100, 32, 32, 3)).astype(np.uint8)
    pictures[:, 10:22, 10:22] += 150
    assert are_aligned(alignment(pictures), have_lookalikes=False)


def test_where_pictures_lie_on_each_other_less_alignment_will_do():
    assert [are_aligned(0.17, have_lookalikes=each) for each in (False, True)] == [False, True]
    assert [are_aligned(0.12, have_lookalikes=each) for each in (False, True)] == [False, False]


def test_shrink_averages_squares():
    pictures = np.zeros((1, 4, 4, 3), dtype=np.uint8)
    pictures[0, :2, :2, 0] = [[0, 255], [255, 0]]
    small = shrink(pictures, 2)
    assert small.shape == (1, 2, 2, 3)
    np.testing.assert_allclose(small[0, :, :, 0], [[0.5, 0], [0, 0]])
    assert small[0, :, :, 1:].max() == 0


def test_patches_are_cut_from_where_the_encoder_looks():
    numbers = np.arange(32 * 32, dtype=np.int64).reshape(1, 32, 32, 1) % 251
    pictures = np.repeat(numbers, 3, axis=3).astype(np.uint8)
    config = BranchConfig(1, stride=2, patch=3)
    patches = draw_patches(pictures, config, 50, np.random.default_rng(0))
    assert patches.shape == (1, 50, 27)
    expected = {
        (pictures[0, top : top + 3, left : left + 3].reshape(-1) / np.float32(255)).tobytes()
        for top in range(0, 30, 2)
        for left in range(0, 30, 2)
    }
    assert {patch.tobytes() for patch in patches[0]} <= expected
    assert len({patch.tobytes() for patch in patches[0]}) > 20


def test_views_lie_inside_and_are_as_large_as_asked():
    views = draw_views(50, least_side=0.5, mirror=True, rng=np.random.default_rng(0))
    assert len(views) == 50
    assert views[0] == WHOLE
    assert all(0 <= view.top < view.bottom <= 1 and 0 <= view.left < view.right <= 1 for view in views)
    assert min(min(view.bottom - view.top, view.right - view.left) for view in views) >= 0.5 - 1e-9
    assert sum(view.mirrored for view in views) == 25
    calm = draw_views(50, least_side=0.92, mirror=False, rng=np.random.default_rng(0))
    assert not any(view.mirrored for view in calm)


def test_even_views_meet_each_end_of_each_way_equally_often():
    views = even_views(least_side=0.9, turn=0.1, slant=0.2)
    assert views[0] == WHOLE
    assert all(0 <= view.top < view.bottom <= 1 and 0 <= view.left < view.right <= 1 for view in views)
    ends = np.array(
        [[view.bottom - view.top, view.right - view.left, view.turn, view.slant] for view in views[1:]]
    )
    np.testing.assert_allclose(ends.min(axis=0), [0.9, 0.9, -0.1, -0.2])
    np.testing.assert_allclose(ends.max(axis=0), [1.0, 1.0, 0.1, 0.2])
    signs = np.sign(ends - ends.mean(axis=0))
    np.testing.assert_allclose(signs.T @ signs, 8 * np.eye(4), atol=1e-9)
    # Of each side that is cut, both edges are.
    assert {round(view.top, 9) for view in views[1:] if view.bottom - view.top < 0.95} == {0.0, 0.1}
    assert {round(view.left, 9) for view in views[1:] if view.right - view.left < 0.95} == {0.0, 0.1}


def test_the_middle_of_a_view_stays_where_it_is_however_it_is_turned():
    view = View(0.2, 0.6, 0.1, 0.9, mirrored=True, turn=0.7, slant=0.4)
    np.testing.assert_allclose(view.points(np.array(0.5), np.array(0.5)), (0.4, 0.5))
