"""Whether near pictures differ by how they are turned, on pictures drawn to do so or not."""

import numpy as np
import pytest
from PIL import Image

from retrieval.autoencoder.solved.begin import begin
from retrieval.autoencoder.solved.pictures import choose_views
from retrieval.autoencoder.solved.turning import TURNED, turning
from retrieval.progress import Progress


def draw(rng, *, turn=0.0, slant=0.0, shift=0.0, size=32, num=200, kinds=8):
    """Thin crosses of some kinds, each picture changed at random by as much as is said."""
    pictures = []
    for number in range(num):
        kind = np.random.default_rng(number % kinds)
        cross = np.zeros((size, size), dtype=np.uint8)
        for row, column in kind.integers(size // 4, 3 * size // 4, size=(2, 2)):
            cross[row : row + size // 16, size // 5 : -size // 5] = 255
            cross[size // 5 : -size // 5, column : column + size // 16] = 255
        angle, lean = rng.uniform(-turn, turn), rng.uniform(-slant, slant)
        matrix = np.array([[1.0, lean], [0.0, 1.0]])
        matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ matrix
        offset = size / 2 - matrix @ [size / 2, size / 2] + rng.uniform(-shift, shift, 2) * size
        affine = (*matrix[0], offset[0], *matrix[1], offset[1])
        image = Image.fromarray(cross).transform(
            cross.shape, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR
        )
        pictures.append(np.asarray(image))
    return np.stack(pictures)[..., None].repeat(3, axis=3)


@pytest.mark.parametrize("how", [{"turn": 0.15}, {"slant": 0.2}])
@pytest.mark.parametrize("size", [32, 64])
def test_pictures_that_are_turned_or_slanted(how, size):
    assert turning(draw(np.random.default_rng(0), **how, size=size)) > 2 * TURNED


def test_pictures_that_are_shifted():
    assert turning(draw(np.random.default_rng(0), shift=0.04)) < TURNED / 2


@pytest.mark.parametrize("seed", range(5))
def test_pictures_that_differ_by_neither_turns_nor_shifts(seed):
    heights = np.random.default_rng(seed).integers(4, 30, size=(200, 8)).repeat(4, axis=1)
    bars = np.where(np.arange(32)[:, None] > heights[:, None], 255, 0).astype(np.uint8)
    assert turning(bars[..., None].repeat(3, axis=3)) < TURNED


def test_pictures_of_which_no_two_are_alike_or_all_are_say_nothing():
    rng = np.random.default_rng(0)
    assert 0.0 <= turning(rng.integers(256, size=(2, 32, 32, 3), dtype=np.uint8)) <= 1.0
    assert turning(np.zeros((9, 32, 32, 3), dtype=np.uint8)) == 0.0
    assert np.isfinite(turning(np.full((3, 64, 64, 3), 9, dtype=np.uint8)))


@pytest.mark.usefixtures("few_atoms")
@pytest.mark.parametrize(
    ("how", "aligned", "turned"),
    [({"turn": 0.15}, True, True), ({"shift": 0.04}, True, False), ({"turn": 0.15}, False, False)],
)
def test_views_are_turned_where_near_pictures_of_an_aligned_folder_are(how, aligned, turned):
    pictures = draw(np.random.default_rng(0), **how)
    begun = begin(pictures, seed=0, aligned=aligned, progress=Progress())
    views = choose_views(begun.config, np.random.default_rng(0))
    assert any(view.turn for view in views) == any(view.slant for view in views) == turned
    assert (begun.turning >= TURNED) == turned
