import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from retrieval.demo.color import (
    Palette,
    Tint,
    blend,
    contrasting_palettes,
    oklch_to_srgb,
    to_colors,
    to_picture,
)

GREYS = Palette(np.linspace([0, 0, 0], [1, 1, 1], 256, dtype=np.float32))


@pytest.mark.parametrize(
    ("lightness", "chroma", "hue_degrees", "srgb"),
    [
        (0.0, 0.0, 0.0, (0.0, 0.0, 0.0)),
        (1.0, 0.0, 0.0, (1.0, 1.0, 1.0)),
        # a grey of lightness 1/2 has the linear light 1/8: 1.055 * 0.125 ** (1 / 2.4) - 0.055
        (0.5, 0.0, 123.0, (0.38857, 0.38857, 0.38857)),
        # the primaries as CSS Color 4 tabulates them in oklch
        (0.62796, 0.25768, 29.234, (1.0, 0.0, 0.0)),
        (0.45201, 0.31321, 264.052, (0.0, 0.0, 1.0)),
    ],
)
def test_oklch_gives_known_colors(lightness, chroma, hue_degrees, srgb):
    colors = oklch_to_srgb(np.array([lightness]), np.array([chroma]), np.array([np.radians(hue_degrees)]))
    np.testing.assert_allclose(colors, [srgb], atol=2e-3)
    assert colors.dtype == np.float32


def test_ramp_takes_values_to_colors_and_clips():
    colors = GREYS.ramp(np.array([-1.0, 0.0, 1.0, 2.0]))
    np.testing.assert_allclose(colors[:, 0], [0, 0, 1, 1])


def test_a_tint_is_a_place_on_its_palette():
    assert Tint(GREYS, 0.0).ink() == (0, 0, 0)
    assert Tint(GREYS, 0.25).ink(0.75) == (255, 255, 255)


@pytest.mark.parametrize("seed", range(20))
def test_contrasting_palettes_do_not_overlap_in_brightness(seed):
    thing, behind = contrasting_palettes(np.random.default_rng(seed), 1.0, 4.0)
    luma = [palette.table @ [0.299, 0.587, 0.114] for palette in (thing, behind)]
    darker, lighter = sorted(luma, key=np.mean)
    assert np.mean(lighter) - np.mean(darker) > 0.15
    assert lighter.min() > darker.mean()


def test_a_usual_hue_is_had_more_often_than_not_and_not_always():
    blue = 4.6
    palettes = [Palette.draw(np.random.default_rng(seed), blue) for seed in range(60)]
    bluest = sum(int(np.argmax(palette.table.mean(axis=0)) == 2) for palette in palettes)
    assert 30 < bluest < 60


def test_blend_lays_one_color_on_another():
    under, over = np.zeros((1, 3, 3)), np.ones((1, 3, 3))
    np.testing.assert_allclose(blend(under, over, np.array([[0.0, 0.25, 1.0]]))[0, :, 0], [0, 0.25, 1])


def test_to_picture_clips_and_rounds():
    picture = to_picture(np.array([[[-1.0, 0.5, 3.0]]]))
    assert picture.mode == "RGB"
    assert picture.getpixel((0, 0)) == (0, 128, 255)


@given(st.lists(st.integers(0, 255), min_size=3, max_size=3))
def test_colors_and_picture_are_inverse(pixel):
    picture = Image.new("RGB", (2, 2), tuple(pixel))
    assert to_picture(to_colors(picture)).tobytes() == picture.tobytes()
