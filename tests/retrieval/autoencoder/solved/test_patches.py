"""Shrinking and patches, by hand."""

import numpy as np

from retrieval.autoencoder.solved.patches import draw_patches, shrink
from retrieval.autoencoder.solved.recipe import Scale


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
    scale = Scale(1, stride=2, patch=3)
    patches = draw_patches(pictures, scale, 50, np.random.default_rng(0))
    assert patches.shape == (1, 50, 27)
    expected = {
        (pictures[0, top : top + 3, left : left + 3].reshape(-1) / np.float32(255)).tobytes()
        for top in range(0, 30, 2)
        for left in range(0, 30, 2)
    }
    assert {patch.tobytes() for patch in patches[0]} <= expected
    assert len({patch.tobytes() for patch in patches[0]}) > 20
