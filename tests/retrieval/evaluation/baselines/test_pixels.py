import numpy as np
import pytest

from retrieval.evaluation.baselines import FlatPixels


def test_a_vector_is_the_pixels_row_by_row():
    pictures = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    vectors = FlatPixels(2).encode(pictures)
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [list(range(12)), list(range(12, 24))]


def test_its_size_and_dim_are_those_of_cifar():
    assert (FlatPixels().size, FlatPixels().dim) == (32, 3072)


@pytest.mark.parametrize("pictures", [np.zeros((1, 3, 2, 3), np.uint8), np.zeros((1, 2, 2, 3))])
def test_other_pictures_are_refused(pictures):
    with pytest.raises(ValueError, match=r"expected \(n, 2, 2, 3\) uint8: load them with"):
        FlatPixels(2).encode(pictures)
