"""Edited versions of pictures: the first unchanged, the others as copies look."""

import numpy as np
import pytest
from PIL import Image

from retrieval.autoencoder.solved import editing
from retrieval.autoencoder.solved.editing import edited, edited_once


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(60, 200, size=(3, 32, 32, 3), dtype=np.uint8)


def test_the_first_version_is_the_picture_and_the_others_are_not(pictures):
    versions = edited(pictures, 5, rng=np.random.default_rng(1))
    assert (versions.shape, versions.dtype) == ((3, 5, 32, 32, 3), np.uint8)
    np.testing.assert_array_equal(versions[:, 0], pictures)
    differences = np.abs(versions[:, 1:].astype(float) - pictures[:, None]).mean(axis=(2, 3, 4))
    assert (differences > 1.0).mean() > 0.8
    np.testing.assert_array_equal(edited(pictures, 5, rng=np.random.default_rng(1)), versions)


def test_a_picture_edited_once_differs_in_one_way_alone(pictures):
    versions = edited_once(pictures, 8, rng=np.random.default_rng(1))
    assert (versions.shape, versions.dtype) == ((3, 8, 32, 32, 3), np.uint8)
    for picture, ways in zip(pictures, versions, strict=True):
        mirrored = [np.array_equal(way, picture[:, ::-1]) for way in ways]
        assert sum(mirrored) == 1
        # The one that is covered has the same pixels elsewhere.
        assert sum((way == picture).all(axis=2).mean() > 0.5 for way in ways) >= 1
        assert len({way.tobytes() for way in ways}) == 8
    np.testing.assert_array_equal(edited_once(pictures, 8, rng=np.random.default_rng(1)), versions)
    assert edited_once(pictures, 3, rng=np.random.default_rng(1)).shape == (3, 3, 32, 32, 3)


class Drawn:
    """In place of a generator: `random` gives these numbers, `uniform` the upper end."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def random(self, size=None):
        return self.numbers.pop(0) if size is None else np.array([self.numbers.pop(0) for _ in range(size)])

    def uniform(self, _low, high, size=None):
        return high if size is None else np.full(size, high)


def test_a_picture_seen_whole_and_mirrored_is_its_mirror_image(pictures):
    # No rectangle, in the middle, not turned, mirrored.
    seen = editing._seen_elsewhere(Image.fromarray(pictures[0]), Drawn(0.9, 0.9, 0.5, 0.5, 0.1))
    np.testing.assert_array_equal(np.asarray(seen), pictures[0][:, ::-1])


def test_a_picture_that_is_not_seen_elsewhere_stays(pictures):
    seen = editing._seen_elsewhere(Image.fromarray(pictures[0]), Drawn(0.9, 0.9, 0.5, 0.5, 0.9))
    np.testing.assert_array_equal(np.asarray(seen), pictures[0])


def test_a_quarter_of_a_picture_fills_it(pictures, monkeypatch):
    # Of colours that change evenly, a rectangle of half of each side changes half as fast.
    ramp = np.broadcast_to(np.arange(32)[:, None] * 8, (32, 32))
    picture = np.stack([ramp.T, ramp, np.zeros((32, 32))], axis=-1).astype(np.uint8)
    rng = Drawn(0.1, 0.9, 0.0, 0.0, 0.9)
    monkeypatch.setattr(rng, "uniform", lambda low, _high: low)
    seen = np.asarray(editing._seen_elsewhere(Image.fromarray(picture), rng)).astype(int)
    np.testing.assert_allclose(seen[1:, 1:, :2], picture[1:, 1:, :2] // 2 - 2, atol=1)


def test_light_and_tint_change_as_said():
    values = np.full((4, 4, 3), 0.4, dtype=np.float32)
    values[0] = 0.8
    np.testing.assert_allclose(editing._brightness(values, Drawn()), values * np.exp(0.5), rtol=1e-6)
    spread = editing._contrast(values, Drawn())
    assert spread.mean() == pytest.approx(values.mean())
    assert spread.std() == pytest.approx(values.std() * np.exp(0.5), rel=1e-5)
    np.testing.assert_allclose(editing._cast(values, Drawn()), values + 0.25)


def test_a_covered_part_is_a_square_of_one_colour(pictures):
    values = pictures[0] / np.float32(255)
    covered = editing._cover(values, np.random.default_rng(3))
    changed = (covered != values).any(axis=-1)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert len(rows) == len(columns) == round(changed.sum() ** 0.5)
    assert len(np.unique(covered[changed], axis=0)) == 1
    np.testing.assert_array_equal(covered[~changed], values[~changed])
