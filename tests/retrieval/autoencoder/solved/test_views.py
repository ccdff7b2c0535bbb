"""Views and their pooling, by hand."""

import numpy as np

from retrieval.autoencoder.solved.views import WHOLE, View, draw_views, pooling


def test_the_whole_picture_is_pooled_cell_by_cell():
    weights = pooling(WHOLE, side=4, grid=2)
    expected = np.zeros((4, 4, 2, 2))
    for row in range(4):
        for column in range(4):
            expected[row, column, row // 2, column // 2] = 0.25
    np.testing.assert_allclose(weights, expected.reshape(16, 4))


def test_a_place_counts_by_the_area_that_it_shares():
    weights = pooling(View(0.0, 0.5, 0.0, 1.0), side=3, grid=1).reshape(3, 3)
    # The upper half of three rows is one row and half of the next.
    np.testing.assert_allclose(weights.sum(axis=1), [2 / 3, 1 / 3, 0], atol=1e-6)


def test_mirrored_views_swap_left_and_right():
    seen, mirrored = (
        pooling(View(0, 1, 0, 1, flip), side=4, grid=2).reshape(16, 2, 2) for flip in (False, True)
    )
    np.testing.assert_array_equal(mirrored, seen[:, :, ::-1])


def test_weights_of_a_cell_sum_to_one():
    for view in draw_views(10, least_side=0.5, mirror=True, rng=np.random.default_rng(0)):
        np.testing.assert_allclose(pooling(view, side=7, grid=4).sum(axis=0), np.ones(16), atol=1e-5)


def test_views_lie_inside_and_are_as_large_as_asked():
    views = draw_views(50, least_side=0.5, mirror=True, rng=np.random.default_rng(0))
    assert len(views) == 50
    assert views[0] == WHOLE
    assert all(0 <= view.top < view.bottom <= 1 and 0 <= view.left < view.right <= 1 for view in views)
    assert min(min(view.bottom - view.top, view.right - view.left) for view in views) >= 0.5 - 1e-9
    assert sum(view.mirrored for view in views) == 25
    calm = draw_views(50, least_side=0.92, mirror=False, rng=np.random.default_rng(0))
    assert not any(view.mirrored for view in calm)
