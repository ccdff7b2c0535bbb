import numpy as np
import pytest
import tensorflow as tf

from retrieval.autoencoder.corruption import Corruption
from retrieval.autoencoder.pipeline import Pipeline, corrupt

ROWS = np.arange(1, 40, 2)
KEY = tf.constant([1, 2], dtype=tf.int64)


def batches(pixels, number=1, corruption=None, *, shuffled=True, seed=0):
    pipeline = Pipeline(pixels, corruption or Corruption(), 8, seed)
    epoch = pipeline.epoch(number, ROWS, shuffled=shuffled)
    return [(clean.numpy(), corrupted.numpy()) for clean, corrupted in epoch]


def clean_of(given):
    return np.concatenate([clean for clean, _ in given])


def corrupted_of(given):
    return np.concatenate([corrupted for _, corrupted in given])


def test_an_epoch_brings_every_picture_of_the_rows_once(blobs):
    given = batches(blobs)
    assert [len(clean) for clean, _ in given] == [8, 8, 4]
    pictures = {picture.tobytes() for picture in np.rint(clean_of(given) * 255).astype(np.uint8)}
    assert pictures == {blobs[row].tobytes() for row in ROWS}


def test_epochs_differ_in_order_and_are_the_same_again(blobs):
    first, second, again = batches(blobs, 1), batches(blobs, 2), batches(blobs, 1)
    np.testing.assert_array_equal(clean_of(first), clean_of(again))
    assert (clean_of(first) != clean_of(second)).any()


def test_corruption_is_fresh_in_every_epoch_and_batch_and_repeatable(blobs):
    noise = Corruption(noise=0.3)
    same = np.repeat(blobs[:1], len(blobs), axis=0)
    first, second, again = (batches(same, number, noise, shuffled=False) for number in (1, 2, 1))
    np.testing.assert_array_equal(corrupted_of(first), corrupted_of(again))
    assert len({picture.tobytes() for picture in corrupted_of(first)}) == len(ROWS)
    assert (corrupted_of(first) != corrupted_of(second)).all(axis=(1, 2, 3)).sum() == 0
    assert np.abs(corrupted_of(first) - corrupted_of(second)).mean() > 0.05


def test_without_corruption_in_and_target_are_the_same(blobs):
    given = batches(blobs)
    np.testing.assert_array_equal(clean_of(given), corrupted_of(given))


def test_a_memory_mapped_file_does_as_well(blobs, tmp_path):
    mapped = np.memmap(tmp_path / "p", np.uint8, "w+", shape=blobs.shape)
    mapped[:] = blobs
    np.testing.assert_array_equal(clean_of(batches(mapped)), clean_of(batches(blobs)))


def test_noise_has_the_deviation_asked_for_and_is_clipped():
    half = tf.fill([20, 32, 32, 3], 0.5)
    noisy = corrupt(half, Corruption(noise=0.1), KEY).numpy()
    assert noisy.std() == pytest.approx(0.1, rel=0.02)
    noisy = corrupt(half * 2, Corruption(noise=0.3), KEY).numpy()
    assert np.mean(noisy == 1) == pytest.approx(0.5, abs=0.02)


def test_grey_noise_keeps_grey():
    noisy = corrupt(tf.fill([2, 16, 16, 3], 0.5), Corruption(noise=0.1, grey=True), KEY).numpy()
    np.testing.assert_array_equal(noisy[..., 0], noisy[..., 2])


@pytest.mark.parametrize("share", [0.05, 0.25, 0.33, 0.9])
def test_a_rectangle_covers_the_share_asked_for(share):
    covered = corrupt(tf.ones([50, 32, 32, 3]), Corruption(occlude=share), KEY).numpy() == 0
    covered = covered.all(axis=-1)
    assert covered.mean(axis=(1, 2)) == pytest.approx(share, abs=0.03)
    for picture in covered:
        assert picture.any(axis=1).sum() * picture.any(axis=0).sum() == picture.sum()


def test_rectangles_lie_in_different_places():
    covered = corrupt(tf.ones([50, 32, 32, 3]), Corruption(occlude=0.25), KEY).numpy() == 0
    assert len({picture.tobytes() for picture in covered}) > 40
