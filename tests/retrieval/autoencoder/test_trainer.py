import numpy as np

from retrieval.autoencoder.corruption import Corruption
from retrieval.autoencoder.trainer import Batches

ROWS = np.arange(1, 40, 2)


def batches(pixels, number=1, corruption=None, *, seed=0):
    """(clean, corrupted) of each batch of the epoch `number`."""
    given = Batches(pixels, corruption or Corruption(), 8, seed)
    epoch = given.training(ROWS, epochs=range(number, number + 1))
    return [(clean.numpy(), corrupted.numpy()) for corrupted, clean in epoch]


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
    first, second, again = (batches(same, number, noise) for number in (1, 2, 1))
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


def test_epochs_follow_one_another(blobs):
    noise = Corruption(noise=0.3)
    both = Batches(blobs, noise, 8, 0).training(ROWS, epochs=range(1, 3))
    expected = [*batches(blobs, 1, noise), *batches(blobs, 2, noise)]
    for (corrupted, clean), (expected_clean, expected_corrupted) in zip(both, expected, strict=True):
        np.testing.assert_array_equal(clean, expected_clean)
        np.testing.assert_array_equal(corrupted, expected_corrupted)


def test_validation_pictures_keep_their_order_and_corruption(blobs):
    held_back = Batches(blobs, Corruption(noise=0.3), 8, 0).validation(ROWS)
    first, again = ([each.numpy() for each, _ in held_back] for _ in range(2))
    clean = np.concatenate([each.numpy() for _, each in held_back])
    np.testing.assert_array_equal(np.rint(clean * 255), blobs[ROWS])
    np.testing.assert_array_equal(np.concatenate(first), np.concatenate(again))
