import numpy as np
import pytest

from retrieval.insight.patch_memory import PARTS, PATCH, PatchCodes, PatchMemory


def noise(number, side=32):
    return np.random.default_rng(number).integers(0, 256, size=(side, side, 3), dtype=np.uint8)


def test_regions_are_found_again_at_distance_zero():
    pictures = [noise(number) for number in range(3)]
    memory = PatchMemory.fit(pictures)
    assert memory.heat(pictures[1]).shape == (8, 8)
    assert memory.heat(pictures[1]).max() < 1e-3


def test_a_normal_picture_is_compared_with_the_others_alone():
    pictures = [noise(number) for number in range(7)]
    memory = PatchMemory.fit(pictures)
    assert [memory.part_of(place) for place in range(7)] == [0, 1, 2, 3, 4, 0, 1]
    assert PARTS == 5
    # Part 1 holds pictures 1 and 6.
    assert memory.heat(pictures[6], without=1).min() > 0.1
    assert memory.heat(pictures[6], without=0).max() < 1e-3


def test_distances_are_those_to_the_nearest_code():
    pictures = [noise(number) for number in range(2)]
    memory = PatchMemory.fit(pictures, seed=3)
    codes = PatchCodes.fit(pictures, np.random.default_rng(3))
    asked, known = codes.of(noise(9)), np.concatenate([codes.of(each) for each in pictures])
    expected = np.sqrt(((asked[:, None] - known) ** 2).sum(axis=2)).min(axis=1)
    np.testing.assert_allclose(memory.heat(noise(9)).ravel(), expected, rtol=1e-3)


def test_a_map_is_hot_where_the_picture_is_new():
    plain = [np.full((40, 40, 3), level, dtype=np.uint8) for level in (40, 80, 120, 160)]
    spotted = plain[2].copy()
    spotted[12:20, 28:36] = 255
    heat = PatchMemory.fit(plain).heat(spotted)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert 12 <= 4 * row + 2 < 20
    assert 28 <= 4 * column + 2 < 36
    reach = (PATCH // 2 + 8) // 4 + 1
    assert heat[row + reach :].max() < 1e-3


@pytest.mark.parametrize("side", [8, 32, 36])
def test_the_same_seed_remembers_the_same(side):
    pictures = [noise(number, side) for number in range(6)]
    first, second = (PatchMemory.fit(pictures, seed=1).heat(noise(7, side)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_many_codes_are_searched_cell_by_cell():
    pictures = [noise(number, 160) for number in range(20)]
    memory = PatchMemory.fit(pictures)
    assert "IVF" in type(memory._parts[0]).__name__
    assert memory.heat(pictures[3]).max() < 1e-3


def test_pictures_without_any_variation_can_be_remembered():
    flat = [np.full((32, 32, 3), 7, dtype=np.uint8)] * 4
    heat = PatchMemory.fit(flat).heat(flat[0])
    assert np.isfinite(heat).all()
    assert heat.max() < 1e-3


def test_colour_is_noticed_where_normal_pictures_are_grey():
    grey = [np.repeat(noise(number)[..., :1], 3, axis=2) for number in range(6)]
    tinted = grey[0].copy()
    tinted[12:20, 12:20, 2] = 255 - tinted[12:20, 12:20, 2]
    heat = PatchMemory.fit(grey).heat(tinted)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert (12 <= 4 * row + 2 < 20, 12 <= 4 * column + 2 < 20) == (True, True)
    assert heat.max() > 1.0


@pytest.mark.parametrize(("side", "num"), [(32, 3), (160, 11)])
def test_the_peak_is_the_largest_value_of_the_map(side, num):
    pictures = [noise(number, side) for number in range(num)]
    memory = PatchMemory.fit(pictures)
    dark = (noise(99, side) // 3).astype(np.uint8)
    for asked, without in [(pictures[0], 0), (dark, None), (np.zeros_like(dark), 1)]:
        heat = memory.heat(asked, without=without)
        assert memory.peak(asked, without=without) == pytest.approx(float(heat.max()), rel=1e-5)
