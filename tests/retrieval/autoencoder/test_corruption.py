import numpy as np
import pytest

from retrieval.autoencoder.corruption import Corruption

MIDDLE = np.full((20, 32, 32, 3), 128, dtype=np.uint8)
WHITE = np.full((50, 32, 32, 3), 255, dtype=np.uint8)


def test_noise_has_the_deviation_asked_for():
    noisy = Corruption(noise=0.1).apply(MIDDLE)
    assert np.std(noisy / 255) == pytest.approx(0.1, rel=0.02)
    assert np.mean(noisy) == pytest.approx(128, abs=0.5)


def test_noise_is_clipped_not_wrapped():
    noisy = Corruption(noise=0.3).apply(WHITE)
    # Of white, the half of the values that noise would lift stays white.
    assert np.mean(noisy == 255) == pytest.approx(0.5, abs=0.02)


def test_grey_noise_keeps_a_picture_grey_and_colour_noise_does_not():
    grey = Corruption(noise=0.2, grey=True).apply(MIDDLE)
    np.testing.assert_array_equal(grey[..., 0], grey[..., 2])
    colour = Corruption(noise=0.2).apply(MIDDLE).astype(float)
    assert abs(np.corrcoef(colour[..., 0].ravel(), colour[..., 1].ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("share", [0.05, 0.25, 0.33, 0.75, 0.9])
def test_a_rectangle_covers_the_share_asked_for(share):
    covered = (Corruption(occlude=share).apply(WHITE) == 0).all(axis=-1)
    assert covered.mean(axis=(1, 2)) == pytest.approx(share, abs=0.03)
    for picture in covered:
        rows, columns = picture.any(axis=1).sum(), picture.any(axis=0).sum()
        assert rows * columns == picture.sum()


def test_rectangles_lie_in_different_places():
    covered = Corruption(occlude=0.25).apply(WHITE)
    assert len({picture.tobytes() for picture in covered}) > 40


def test_the_seed_decides():
    corruption = Corruption(noise=0.2, occlude=0.3)
    np.testing.assert_array_equal(corruption.apply(MIDDLE, seed=1), corruption.apply(MIDDLE, seed=1))
    assert (corruption.apply(MIDDLE, seed=1) != corruption.apply(MIDDLE, seed=2)).any()


def test_nothing_to_undo_is_false_and_changes_nothing():
    assert not Corruption()
    assert Corruption(noise=0.1)
    assert Corruption(occlude=0.1)
    np.testing.assert_array_equal(Corruption().apply(MIDDLE), MIDDLE)


def test_what_is_given_is_left_alone():
    before = WHITE.copy()
    Corruption(noise=0.5, occlude=0.5).apply(WHITE)
    np.testing.assert_array_equal(WHITE, before)
