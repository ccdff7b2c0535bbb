"""Alignment: what the mean picture explains."""

import numpy as np
import pytest

from retrieval.autoencoder.solved.alignment import ALIGNED, alignment


def test_half_of_the_variation_by_hand():
    # Two pictures, striped the same way in the left half, the opposite way in the right: the mean picture
    # keeps the left half's stripes, and the right half is grey.
    stripes = np.tile(np.array([0, 255], dtype=np.uint8), (32, 16))
    other = stripes.copy()
    other[:, 16:] = 255 - other[:, 16:]
    pictures = np.stack([stripes, other])[..., None].repeat(3, axis=3)
    assert alignment(pictures) == pytest.approx(0.5)


def test_noise_is_not_aligned_and_neither_is_a_blank():
    noise = np.random.default_rng(0).integers(256, size=(200, 64, 64, 3), dtype=np.uint8)
    assert alignment(noise) < 0.02
    assert alignment(np.zeros((3, 32, 32, 3), dtype=np.uint8)) == 0.0


def test_one_sign_at_its_place_is_aligned():
    rng = np.random.default_rng(0)
    pictures = rng.integers(60, size=(100, 32, 32, 3)).astype(np.uint8)
    pictures[:, 10:22, 10:22] += 150
    assert alignment(pictures) > ALIGNED
