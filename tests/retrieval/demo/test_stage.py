import numpy as np
import pytest
from PIL import Image

from retrieval.demo.color import Palette
from retrieval.demo.stage import BACKDROPS, clear_layer, set_on_stage

GREENS = Palette(np.linspace([0, 0.2, 0], [0, 1, 0], 256, dtype=np.float32))


@pytest.mark.parametrize("backdrop", BACKDROPS)
def test_backdrops_fill_the_picture_with_colors_of_the_palette(backdrop):
    colors = backdrop(np.random.default_rng(0), 40, GREENS)
    assert colors.shape == (40, 40, 3)
    assert colors[..., [0, 2]].max() == 0
    assert 0.2 <= colors[..., 1].min() < colors[..., 1].max() <= 1


def test_a_clear_layer_shows_only_the_backdrop():
    picture = np.asarray(set_on_stage(np.random.default_rng(1), clear_layer(40), GREENS))
    assert picture.shape == (40, 40, 3)
    assert picture[..., [0, 2]].max() == 0


def test_a_subject_hides_the_backdrop_and_darkens_it_beside():
    layer = clear_layer(40)
    layer.paste((250, 0, 0, 255), (10, 10, 30, 30))
    staged, empty = (
        np.asarray(set_on_stage(np.random.default_rng(2), subject, GREENS)).astype(int)
        for subject in (layer, clear_layer(40))
    )
    assert staged[10:30, 10:30, 0].min() > 150
    assert staged[10:30, 10:30, 1].max() == 0
    outside = np.ones((40, 40), dtype=bool)
    outside[10:30, 10:30] = False
    change = (staged - empty)[outside][:, 1]
    assert change.max() == 0
    assert change.min() < 0


def test_a_subject_that_covers_everything_is_only_shaded():
    layer = Image.new("RGBA", (40, 40), (200, 0, 0, 255))
    reds = np.asarray(set_on_stage(np.random.default_rng(3), layer, GREENS))[..., 0]
    assert reds.min() == pytest.approx(0.8 * 200, abs=1)
    assert reds.max() == pytest.approx(1.25 * 200, abs=1)
