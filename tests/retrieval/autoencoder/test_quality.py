import numpy as np
import pytest

from retrieval.autoencoder.quality import psnr, ssim


def test_psnr_by_hand():
    black = np.zeros((4, 4, 3), dtype=np.uint8)
    spoiled = black.copy()
    spoiled[0, 0, 0] = 255
    # One of 48 values is off by the whole range: 10 log10(48).
    assert psnr(spoiled, black) == pytest.approx(16.8124, abs=1e-4)
    assert psnr(black, black) == float("inf")


def test_ssim_of_two_flat_pictures_is_their_luminance_term():
    a, b = (np.full((16, 16, 3), value, dtype=np.uint8) for value in (100, 150))
    c1 = (0.01 * 255) ** 2
    assert ssim(a, b) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1), abs=1e-9)


@pytest.mark.parametrize("shape", [(40, 33, 3), (11, 11, 3), (64, 20, 1)])
def test_both_equal_tensorflows(shape):
    import tensorflow as tf

    random = np.random.default_rng(0)
    a = random.integers(0, 256, shape, dtype=np.uint8)
    b = np.clip(a + random.normal(0, 30, shape), 0, 255).astype(np.uint8)
    assert psnr(a, b) == pytest.approx(float(tf.image.psnr(a, b, 255)), abs=1e-4)
    assert ssim(a, b) == pytest.approx(float(tf.image.ssim(tf.constant(a), tf.constant(b), 255)), abs=1e-5)


@pytest.mark.parametrize("side", [1, 2, 5, 10])
def test_pictures_smaller_than_the_window_have_a_value_too(side):
    picture = np.random.default_rng(0).integers(0, 256, (side, 30, 3), dtype=np.uint8)
    assert ssim(picture, picture) == pytest.approx(1)
    assert ssim(picture, 255 - picture) < 0.9


def test_pictures_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(4, 4, 3\) and \(5, 4, 3\)"):
        psnr(np.zeros((4, 4, 3), np.uint8), np.zeros((5, 4, 3), np.uint8))
