"""Pooling of views, by hand."""

import numpy as np

from retrieval.autoencoder.solved.network import pooling
from retrieval.autoencoder.solved.pictures import WHOLE, View, draw_views


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
