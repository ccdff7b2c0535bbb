import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.demo.noise import draw_plane, fibres, fractal_noise, jagged_line, rise, scatter_values


@pytest.mark.parametrize(("size", "cells"), [(1, 3), (16, 4), (33, 40)])
def test_fractal_noise_fills_the_range(size, cells):
    cloud = fractal_noise(np.random.default_rng(0), size, cells=cells)
    assert cloud.shape == (size, size)
    assert cloud.min() == 0
    assert cloud.max() == pytest.approx(1 if size > 1 else 0)


def test_fractal_noise_is_smooth_with_one_octave():
    cloud = fractal_noise(np.random.default_rng(1), 64, cells=2, octaves=1)
    assert np.abs(np.diff(cloud, axis=0)).max() < 0.12


def test_jagged_line_goes_from_the_lowest_to_the_highest():
    line = jagged_line(np.random.default_rng(2), 50, peaks=4)
    assert line.shape == (50,)
    assert (line.min(), line.max()) == (0, 1)


def test_a_flat_plane_keeps_its_units():
    x, y = draw_plane(np.random.default_rng(3), 41, tiles=(8, 8.0001), turn=0.0, bend=0.0)
    # in the middle the perspective is even: one unit is 1/8 of the width, 5 of 40 steps
    assert x[20, 20 + 2] - x[20, 20 - 3] == pytest.approx(1, abs=0.06)
    assert y[20 + 2, 20] - y[20 - 3, 20] == pytest.approx(1, abs=0.06)


def test_planes_are_turned():
    slopes = []
    for seed in range(8):
        x, _ = draw_plane(np.random.default_rng(seed), 32, tiles=(5, 6), bend=0.0)
        slopes.append(np.arctan2(x[16, 17] - x[16, 16], x[17, 16] - x[16, 16]))
    assert np.ptp(slopes) > np.pi / 2


def test_equal_places_have_equal_values():
    columns, rows = np.array([3.0, 3.0, 4.0, 3.0 + 61]), np.array([-7.0, -7.0, -7.0, -7.0])
    values = scatter_values(np.random.default_rng(4), columns, rows)
    assert values[0] == values[1] == values[3]
    assert values[0] != values[2]


def test_fibres_are_continuous():
    x = np.linspace(-3, 130, 4001, dtype=np.float32)
    values = fibres(np.random.default_rng(5), x, 0.3 * x)
    assert 0 <= values.min() < values.max() <= 1
    assert np.abs(np.diff(values)).max() < 0.1


@given(st.floats(-5, 5), st.floats(0.01, 5))
def test_rise_goes_from_zero_to_one(start, width):
    end = start + width
    values = rise(np.array([start - 1, start, (start + end) / 2, end, end + 1]), start, end)
    np.testing.assert_allclose(values, [0, 0, 0.5, 1, 1], atol=1e-5)
