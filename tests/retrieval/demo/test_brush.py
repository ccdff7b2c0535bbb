import numpy as np
import pytest

from retrieval.demo.brush import Brush
from retrieval.demo.pose import Pose
from retrieval.demo.stage import clear_layer


@pytest.fixture
def brush():
    return Brush(clear_layer(100), Pose(np.array([50.0, 50.0]), 40 * np.eye(2)))


def painted(brush):
    return np.asarray(brush.layer.getchannel("A")) > 0


def test_fill_covers_the_polygon(brush):
    brush.fill(np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]), (1, 2, 3))
    assert brush.layer.getpixel((50, 50)) == (1, 2, 3, 255)
    assert painted(brush).sum() == pytest.approx(41 * 41)


def test_a_disc_with_a_hole_is_a_ring(brush):
    brush.disc((0.0, 0.0), 1.0, (9, 9, 9))
    brush.hole((0.0, 0.0), 0.5)
    assert painted(brush).sum() == pytest.approx(np.pi * (40**2 - 20**2), rel=0.05)
    assert not painted(brush)[50, 50]


def test_a_stroke_has_its_width_and_at_least_a_pixel(brush):
    brush.stroke(np.array([[-1.0, 0.0], [1.0, 0.0]]), (9, 9, 9), width=0.1)
    assert painted(brush)[:, 50].sum() == 4
    brush.stroke(np.array([[0.0, -1.0], [0.0, -0.5]]), (9, 9, 9), width=0.0001)
    assert painted(brush)[20].sum() == 1
