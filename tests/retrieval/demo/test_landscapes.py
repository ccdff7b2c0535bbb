import numpy as np

from retrieval.demo.color import Palette
from retrieval.demo.landscapes import paint_sky, scene_palette


def test_skies_are_made_of_the_palette():
    greys = Palette(np.linspace([0, 0, 0], [1, 1, 1], 256, dtype=np.float32))
    sky = paint_sky(np.random.default_rng(0), 24, greys)
    assert sky.shape == (24, 24, 3)
    assert (sky[..., 0] == sky[..., 1]).all()
    assert sky.min() > 0


def test_hours_differ_in_light():
    brightest = [scene_palette(np.random.default_rng(seed), 1.0).table[-1].mean() for seed in range(20)]
    assert np.ptp(brightest) > 0.1
