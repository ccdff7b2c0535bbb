import numpy as np
import pytest

from retrieval.demo import CLASSES, draw_picture


def test_there_are_sixteen_classes_or_more_in_order_of_name():
    assert len(CLASSES) >= 16
    assert list(CLASSES) == sorted(CLASSES)
    assert len(set(CLASSES.values())) == len(CLASSES)


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("size", [16, 37, 64])
def test_painters_fill_a_square_of_the_size_asked_for(name, size):
    for seed in range(3):
        picture = CLASSES[name](np.random.default_rng(seed), size)
        assert (picture.mode, picture.size) == ("RGB", (size, size))
        assert np.asarray(picture).std() > 5


@pytest.mark.parametrize("name", CLASSES)
def test_painters_depend_on_nothing_but_the_generator(name):
    first, again, other = (CLASSES[name](np.random.default_rng(seed), 32).tobytes() for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_pixels_and_mean_colors_do_not_tell_the_classes():
    count = 10
    pictures = [
        np.asarray(draw_picture(name, number, size=32), dtype=np.float32)
        for name in CLASSES
        for number in range(count)
    ]
    labels = np.repeat(np.arange(len(CLASSES)), count)
    for vectors in (np.stack(pictures).reshape(len(labels), -1), np.stack(pictures).mean(axis=(1, 2))):
        distances = np.square(vectors[:, None] - vectors[None]).sum(axis=-1)
        np.fill_diagonal(distances, np.inf)
        assert (labels[distances.argmin(axis=1)] == labels).mean() < 0.4
