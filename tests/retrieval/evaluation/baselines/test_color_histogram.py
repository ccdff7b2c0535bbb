import numpy as np
import pytest

from retrieval.evaluation.baselines import ColorHistogram


def test_every_color_falls_into_the_cell_of_its_quarters():
    picture = np.array([[[0, 0, 0], [63, 64, 128]], [[255, 192, 0], [255, 192, 63]]], dtype=np.uint8)[None]
    shares = ColorHistogram(2).encode(picture)[0] ** 2
    expected = np.zeros(64)
    expected[0], expected[0 * 16 + 1 * 4 + 2], expected[3 * 16 + 3 * 4 + 0] = 0.25, 0.25, 0.5
    np.testing.assert_allclose(shares, expected, atol=1e-6)


def test_where_a_color_is_does_not_matter():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    np.testing.assert_array_equal(
        ColorHistogram().encode(pictures), ColorHistogram().encode(pictures[:, ::-1, ::-1])
    )


def test_distances_are_those_of_hellinger():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    first, second = ColorHistogram(8).encode(pictures).astype(np.float64)
    overlap = np.sum(np.sqrt(first**2 * second**2))
    assert np.sum((first - second) ** 2) == pytest.approx(2 - 2 * overlap)


def test_no_pictures_have_no_vectors():
    assert ColorHistogram().encode(np.zeros((0, 64, 64, 3), np.uint8)).shape == (0, 64)
