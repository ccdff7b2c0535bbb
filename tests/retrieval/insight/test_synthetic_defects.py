import numpy as np

from retrieval.insight.synthetic_defects import with_defect


def gradient(side=64):
    line = np.linspace(0, 255, side).astype(np.uint8)
    return np.repeat(np.add.outer(line // 2, line // 2)[..., None], 3, axis=2)


def test_a_part_is_changed_and_the_rest_is_not():
    picture = gradient()
    for seed in range(20):
        changed = (with_defect(picture, np.random.default_rng(seed)) != picture).any(axis=2)
        assert 0 < changed.mean() <= 0.16


def test_what_is_pasted_comes_from_the_picture():
    picture = gradient()
    for seed in range(10):
        assert np.isin(with_defect(picture, np.random.default_rng(seed)), picture).all()


def test_the_same_generator_gives_the_same_defect():
    first, second = (with_defect(gradient(), np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_plain_picture_stays_as_it_is():
    plain = np.full((32, 32, 3), 90, dtype=np.uint8)
    np.testing.assert_array_equal(with_defect(plain, np.random.default_rng(0)), plain)
