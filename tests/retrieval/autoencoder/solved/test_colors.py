"""Whether colours tell pictures apart, on pictures drawn so that they do or do not."""

import colorsys

import numpy as np
import pytest

from retrieval.autoencoder import recipes
from retrieval.autoencoder.recipes import RECIPES
from retrieval.autoencoder.solved import colors
from retrieval.autoencoder.solved.begin import begin
from retrieval.autoencoder.solved.colors import look_at_colors
from retrieval.autoencoder.solved.config import choose_config
from retrieval.progress import Progress

CONFIG = choose_config(32, aligned=False)
FORMS = np.arange(240) % 6


def draw(rng, hues, *, forms=FORMS, size=32):
    """Waves of six kinds anywhere in a picture of these `hues` (n,), on a ground of another light."""
    rows, columns = np.mgrid[:size, :size] * 32 / size
    pictures = []
    for form, hue in zip(forms, hues, strict=True):
        angle = np.pi * form / 6
        wave = np.sin((np.cos(angle) * rows + np.sin(angle) * columns) * 0.9 + rng.uniform(0, 6))
        color = np.array(colorsys.hsv_to_rgb(hue % 1, rng.uniform(0.5, 0.9), rng.uniform(0.6, 0.9)))
        pictures.append(255 * color * (0.75 + 0.25 * wave[..., None]))
    noisy = np.array(pictures) + rng.normal(scale=4, size=(len(hues), size, size, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", [32, 64])
def test_colors_of_any_kind_tell_nothing(seed, size):
    rng = np.random.default_rng(seed)
    config = choose_config(size, aligned=False)
    found = look_at_colors(draw(rng, rng.uniform(size=240), size=size), config, seed=seed)
    assert not found.tell, found


@pytest.mark.parametrize("seed", range(3))
def test_colors_tell_where_each_form_has_its_own(seed):
    rng = np.random.default_rng(seed)
    found = look_at_colors(draw(rng, FORMS / 6 + rng.normal(scale=0.02, size=240)), CONFIG, seed=seed)
    assert found.tell, found
    assert found.kinship > 0.5


@pytest.mark.parametrize("seed", range(3))
def test_colors_tell_where_they_come_in_groups_whatever_the_form(seed, monkeypatch):
    # A pure yellow is lighter than a blue, so that forms are not quite independent.
    monkeypatch.setattr(colors, "_LEAST_KINSHIP", 0.5)
    rng = np.random.default_rng(seed)
    hues = rng.integers(6, size=240) / 6 + rng.normal(scale=0.005, size=240)
    found = look_at_colors(draw(rng, hues), CONFIG, seed=seed)
    assert found.tell, found
    assert found.grouping > 0.05


@pytest.mark.parametrize("aligned", [True, False])
def test_grey_few_and_equal_pictures_keep_the_branch_of_colors(aligned):
    config = choose_config(32, aligned=aligned)
    grey = np.random.default_rng(0).integers(256, size=(90, 32, 32, 1), dtype=np.uint8).repeat(3, axis=3)
    assert look_at_colors(grey, config, seed=0) is None
    few = draw(np.random.default_rng(0), np.ones(9), forms=FORMS[:9])
    assert look_at_colors(few, config, seed=0) is None
    begun = begin(few, seed=0, aligned=aligned, progress=Progress())
    assert any(branch.config.is_of_colors for branch in begun.branches)
    flat = np.full((90, 32, 32, 3), (9, 200, 30), dtype=np.uint8)
    assert np.isfinite(look_at_colors(flat, config, seed=0).kinship)


@pytest.mark.parametrize("num", [20, 90])
def test_colors_tell_where_nothing_has_a_form(num):
    plain = np.random.default_rng(0).integers(256, size=(num, 1, 1, 3), dtype=np.uint8)
    assert look_at_colors(plain.repeat(32, axis=1).repeat(32, axis=2), CONFIG, seed=0).tell


@pytest.mark.usefixtures("few_atoms")
def test_pictures_that_were_added_do_not_say_what_kind_the_others_are():
    rng = np.random.default_rng(0)
    added = draw(rng, rng.uniform(size=240))  # neither aligned, nor do their colours tell
    rows, columns = np.mgrid[:32, :32]
    at_one_place = np.exp(-((rows - 16) ** 2 + (columns - 16) ** 2) / 40)[..., None]
    own = (at_one_place * rng.uniform(50, 250, size=(20, 1, 1, 3))).astype(np.uint8)
    pictures = np.concatenate([own, added])
    alone, all_asked, too_few = (
        begin(pictures, seed=0, aligned=None, progress=Progress(), own=count) for count in (20, None, 5)
    )
    assert (alone.aligned, all_asked.aligned, too_few.aligned) == (True, False, False)
    assert (alone.asked, all_asked.asked, too_few.asked) == (20, 260, 260)
    assert all(sees_colors(each) for each in (alone, too_few))
    of_a_kind = begin(added, seed=0, aligned=None, progress=Progress(), own=20)
    assert not sees_colors(of_a_kind)


def sees_colors(begun):
    return any(branch.config.is_of_colors for branch in begun.branches)


@pytest.mark.usefixtures("few_atoms")
@pytest.mark.parametrize("recipe", ["solved-grey", "solved-colors"])
def test_a_person_can_overrule_it(recipe, monkeypatch):
    rng = np.random.default_rng(0)
    own = recipe == "solved-grey"  # what is overruled: colours of their own are seen, any colours are not
    pictures = draw(rng, FORMS / 6 if own else rng.uniform(size=240))
    solved = []
    monkeypatch.setattr(recipes, "_solver", lambda: lambda _, **options: solved.append(options["begun"]))
    RECIPES[recipe].fit(pictures, dim=8, seed=0, decoder=False, progress=None)
    RECIPES["solved"].fit(pictures, dim=8, seed=0, decoder=False, progress=None)
    assert [begun.colors is None for begun in solved] == [True, False]
    seen = [any(branch.config.is_of_colors for branch in begun.branches) for begun in solved]
    assert seen == [not own, own]


@pytest.mark.usefixtures("few_atoms")
@pytest.mark.parametrize("aligned", [True, False])
def test_where_colors_tell_nothing_no_branch_sees_them(aligned):
    rng = np.random.default_rng(0)
    pictures = draw(rng, rng.uniform(size=240))
    begun = begin(pictures, seed=0, aligned=aligned, progress=Progress())
    assert not begun.colors.tell
    assert not any(branch.config.is_of_colors for branch in begun.branches)
    for branch in begun.branches:
        kernel = branch.whitening.kernel.reshape(25, 3, -1)
        light = kernel.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(kernel, light * np.float32([[0.299], [0.587], [0.114]]), atol=1e-4)
