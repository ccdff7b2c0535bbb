import numpy as np
import pytest

from retrieval.autoencoder.split import split


@pytest.mark.parametrize(
    ("count", "share", "held_back"),
    [(100, 0.1, 10), (10, 0.1, 1), (3, 0.1, 1), (2, 0.9, 1), (5, 0.0, 0), (10, 0.99, 9)],
)
def test_a_share_is_held_back_never_none_of_a_wish_and_never_all(count, share, held_back):
    parts = split(count, share, seed=3)
    assert len(parts.validation) == held_back
    assert sorted([*parts.training, *parts.validation]) == list(range(count))


def test_the_seed_draws():
    np.testing.assert_array_equal(split(50, 0.2, seed=1).validation, split(50, 0.2, seed=1).validation)
    assert set(split(50, 0.2, seed=1).validation) != set(split(50, 0.2, seed=2).validation)
