import numpy as np
from PIL import Image

from retrieval.demo.light import light_up


def test_light_changes_a_picture_but_not_what_it_shows():
    board = Image.fromarray(
        np.kron(np.indices((4, 4)).sum(axis=0) % 2, np.full((12, 12), 200)).astype(np.uint8)
    )
    board = board.convert("RGB")
    for seed in range(10):
        lit = light_up(np.random.default_rng(seed), board)
        assert (lit.mode, lit.size) == ("RGB", board.size)
        assert lit.tobytes() != board.tobytes()
        before, after = (np.asarray(picture.convert("L"), dtype=float).ravel() for picture in (board, lit))
        assert np.corrcoef(before, after)[0, 1] > 0.85


def test_light_differs_from_draw_to_draw():
    grey = Image.new("RGB", (32, 32), (128, 128, 128))
    means = [np.asarray(light_up(np.random.default_rng(seed), grey)).mean() for seed in range(12)]
    assert np.ptp(means) > 15


def test_light_is_uneven():
    grey = Image.new("RGB", (32, 32), (128, 128, 128))
    lit = np.asarray(light_up(np.random.default_rng(0), grey), dtype=float)
    quarters = lit.reshape(2, 16, 2, 16, 3).mean(axis=(1, 3, 4))
    assert np.ptp(quarters) > 2
