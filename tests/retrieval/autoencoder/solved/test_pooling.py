"""Pooling of views by hand and against plain NumPy."""

import numpy as np
import pytest

from retrieval.autoencoder.solved.pictures import WHOLE, View, draw_views, even_views
from retrieval.autoencoder.solved.pooling import (
    Pooling,
    for_full_matrices,
    matrix_root,
    pooling,
    upper_triangle,
)


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
    views = draw_views(10, least_side=0.5, mirror=True, rng=np.random.default_rng(0))
    for view in [*views, *even_views(least_side=0.9, turn=0.2, slant=0.3)]:
        np.testing.assert_allclose(pooling(view, side=7, grid=4).sum(axis=0), np.ones(16), atol=1e-5)


def test_a_quarter_turn_brings_every_cell_to_the_next_corner():
    upright = pooling(WHOLE, side=4, grid=2)
    turned = pooling(View(0, 1, 0, 1, turn=np.pi / 2), side=4, grid=2)
    # The cell at the top left shows what is at the bottom left, as a picture turned to the right does.
    np.testing.assert_allclose(turned, upright[:, [2, 0, 3, 1]], atol=1e-6)


def test_a_slanted_view_moves_across_with_each_row():
    weights = pooling(View(0.25, 0.75, 0.25, 0.75, slant=0.5), side=40, grid=2).reshape(40, 40, 2, 2)
    columns = np.einsum("ycij,c->ij", weights, np.arange(40) + 0.5)
    # Rows of cells are 5 places above and below the middle; half of that is how far they move.
    np.testing.assert_allclose(columns, [[12.5, 22.5], [17.5, 27.5]], atol=0.1)
    np.testing.assert_allclose(
        np.einsum("ycij,y->ij", weights, np.arange(40) + 0.5), [[15, 15], [25, 25]], atol=0.1
    )


def test_beyond_the_edge_a_turned_view_shows_the_edge():
    weights = pooling(View(0, 1, 0, 1, slant=4.0), side=4, grid=1).reshape(4, 4)
    np.testing.assert_allclose(weights.sum(axis=1), 0.25, atol=1e-6)
    assert weights[0, 0] > 0.15
    assert weights[3, 3] > 0.15


def test_views_turned_a_hair_are_pooled_as_upright_ones():
    view = View(0.1, 0.9, 0.2, 0.8, True)
    found = pooling(view._replace(turn=1e-9), side=28, grid=4)
    np.testing.assert_allclose(found, pooling(view, side=28, grid=4), atol=0.01)


@pytest.fixture
def features():
    """A map of 7 × 7 places with 10 contents, of unit length at each."""
    features = np.random.default_rng(0).normal(size=(49, 10)).astype(np.float32)
    return features / np.linalg.norm(features, axis=1, keepdims=True)


def test_cells_are_means_of_their_places(features):
    found = Pooling([WHOLE], (49, 10), grid=7, pair_dims=6).cells(features)
    np.testing.assert_allclose(found, features.reshape(1, -1) / 7, atol=1e-6)


def test_pairs_are_the_root_of_the_mean_outer_product(features):
    view = View(0.0, 0.5, 0.2, 0.9)
    found = Pooling([WHOLE, view], (49, 10), grid=4, pair_dims=6).pairs(features)
    shares = pooling(view, side=7, grid=1)[:, 0].astype(np.float64)
    contents = features[:, :6].astype(np.float64)
    contents /= np.linalg.norm(contents, axis=1, keepdims=True)
    moments = np.einsum("p,pi,pj->ij", shares, contents, contents)
    assert np.trace(moments) == pytest.approx(1)
    root = newton_schulz(moments)
    expected = [root[i, j] * (1 if i == j else 2**0.5) for i in range(6) for j in range(i, 6)]
    assert found.shape == (2, 21)
    np.testing.assert_allclose(found[1], expected / np.linalg.norm(expected), atol=0.01)


def newton_schulz(moments):
    """Five steps of the coupled form, as the paper has it."""
    identity = np.eye(len(moments))
    root, inverse = moments, identity
    for _ in range(5):
        factor = (3 * identity - inverse @ root) / 2
        root, inverse = root @ factor, factor @ inverse
    return root


@pytest.mark.parametrize("value", [0.0, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 0.6, 1.0])
def test_the_polynomial_is_five_steps_of_newton_and_schulz(value):
    found = matrix_root(np.diag([value, 0.0]).astype(np.float32))
    np.testing.assert_allclose(found, newton_schulz(np.diag([value, 0.0])), atol=0.013)
    assert found[0, 0] <= max(1.02 * value**0.5, 1e-5)


def test_the_polynomial_comes_near_the_root():
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 8)))[0]
    values = np.geomspace(0.02, 0.4, 8)
    root = matrix_root(((rotation * values) @ rotation.T).astype(np.float32))
    np.testing.assert_allclose(root, (rotation * np.sqrt(values)) @ rotation.T, atol=0.03)


def test_a_view_that_is_mirrored_has_the_same_pairs(features):
    seen, mirrored = View(0.1, 0.7, 0.2, 0.9), View(0.1, 0.7, 0.2, 0.9, True)
    found = Pooling([seen, mirrored], (49, 10), grid=4, pair_dims=64).pairs(features)
    assert found.shape == (2, 55)
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)


def test_a_map_of_zeros_has_finite_features():
    pooled = Pooling([WHOLE], (49, 10), grid=4, pair_dims=6)
    nothing = np.zeros((49, 10), dtype=np.float32)
    assert (pooled.cells(nothing) == 0).all()
    assert np.isfinite(pooled.pairs(nothing)).all()


def test_triangles_and_their_weights_stand_for_whole_matrices():
    rng = np.random.default_rng(0)
    matrices = rng.normal(size=(3, 5, 5)).astype(np.float32)
    matrices += matrices.transpose(0, 2, 1)
    triangles, whole = upper_triangle(matrices), matrices.reshape(3, 25)
    np.testing.assert_allclose(triangles @ triangles.T, whole @ whole.T, rtol=1e-5)
    weights = rng.normal(size=(15, 2)).astype(np.float32)
    np.testing.assert_allclose(whole @ for_full_matrices(weights, 5), triangles @ weights, rtol=1e-4)
