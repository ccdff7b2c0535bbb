import numpy as np
from scipy.fft import dctn

from retrieval.evaluation.baselines import PerceptualHash


def scenes(count=20):
    small = np.random.default_rng(0).integers(20, 200, (count, 8, 8, 3))
    return small.repeat(4, axis=1).repeat(4, axis=2).astype(np.uint8)


def test_bits_say_which_low_frequencies_are_above_the_median():
    for picture, bits in zip(scenes(), PerceptualHash().encode(scenes()), strict=True):
        grey = picture @ np.array([0.299, 0.587, 0.114])
        lowest = dctn(grey, norm=None)[:8, :8].ravel()
        np.testing.assert_array_equal(bits, lowest > np.median(lowest))


def test_half_of_the_bits_are_set():
    assert PerceptualHash().encode(scenes()).sum(axis=1).tolist() == [32.0] * 20


def test_half_the_brightness_changes_few_bits_and_other_scenes_many():
    hashes, darker = PerceptualHash().encode(scenes()), PerceptualHash().encode(scenes() // 2)
    own = np.abs(hashes - darker).sum(axis=1)
    others = np.abs(hashes[:, None] - hashes[None]).sum(axis=2)[~np.eye(20, dtype=bool)]
    assert own.max() <= 4 < others.min()


def test_plain_pictures_all_have_the_same_bits():
    plain = np.stack([np.full((32, 32, 3), level, dtype=np.uint8) for level in (1, 77, 255)])
    assert len(np.unique(PerceptualHash().encode(plain), axis=0)) == 1
