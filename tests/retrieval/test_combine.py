from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from retrieval.combine import EmbeddedQuery, Region, combined
from retrieval.embed import EmbeddedPicture
from retrieval.errors import ImageUnreadable, QueryInvalid

X, Y, Z = np.eye(3, dtype=np.float32)


def test_several_pictures_are_asked_with_by_the_direction_between_them():
    np.testing.assert_allclose(combined([X, Y]), [np.sqrt(0.5), np.sqrt(0.5), 0], atol=1e-6)
    np.testing.assert_allclose(combined([X, X, Y]), [2 / np.sqrt(5), 1 / np.sqrt(5), 0], atol=1e-6)
    np.testing.assert_array_equal(combined([X]), X)
    assert combined([X, Y]).dtype == np.float32


def test_what_a_picture_shares_with_the_query_is_taken_away_and_no_more():
    query = np.array([np.sqrt(0.84), 0.4, 0], dtype=np.float32)
    np.testing.assert_allclose(combined([query], [Y]), X, atol=1e-6)
    # Neither near nor far, or far already: nothing to take away.
    np.testing.assert_array_equal(combined([X], [Y]), X)
    np.testing.assert_array_equal(combined([query], [-Y]), query)


def test_of_what_is_most_of_the_query_only_a_half_is_taken_away():
    query = np.array([0.6, 0.8, 0], dtype=np.float32)
    np.testing.assert_allclose(combined([query], [Y]), np.array([0.6, 0.3, 0]) / np.sqrt(0.45), atol=1e-6)


def test_several_pictures_are_taken_away_together():
    query = np.array([np.sqrt(0.82), 0.3, 0.3], dtype=np.float32)
    np.testing.assert_allclose(combined([query], [Y, Z]), X, atol=1e-6)
    expected = np.array([np.sqrt(0.82), 0, 0.3]) / np.sqrt(0.91)
    np.testing.assert_allclose(combined([query], [Y, Y, Y]), expected, atol=1e-6)


@pytest.mark.parametrize(("positives", "negatives"), [([X], [X]), ([X, -X], []), ([X, Y], [X, Y])])
def test_a_query_of_which_nothing_is_left_is_refused(positives, negatives):
    with pytest.raises(QueryInvalid, match="nothing is left of the query"):
        combined(positives, negatives)


vectors = arrays(np.float32, 8, elements=st.floats(-1, 1, width=32)).filter(lambda v: np.linalg.norm(v) > 0.1)


@given(st.lists(vectors, min_size=1, max_size=3), st.lists(vectors, max_size=4))
def test_the_result_has_length_1_and_turns_by_30_degrees_at_most_away_from_those_without(like, unlike):
    positives, negatives = ([each / np.linalg.norm(each) for each in group] for group in (like, unlike))
    try:
        before, after = combined(positives), combined(positives, negatives)
    except QueryInvalid:
        return
    assert np.linalg.norm(after) == pytest.approx(1, abs=1e-5)
    assert before @ after >= np.cos(np.deg2rad(30)) - 1e-5
    if len(negatives) == 1:
        assert after @ negatives[0] <= before @ negatives[0] + 1e-5


def test_a_query_knows_the_files_of_the_pictures_asked_with_but_not_of_those_without():
    pictures = [EmbeddedPicture(X, 4, 4, "aa", (1, 2)), EmbeddedPicture(Y, 4, 4, None)]
    query = EmbeddedQuery.of(pictures, [EmbeddedPicture(Z, 4, 4, "cc", (1, 3))])
    assert (query.contents, query.files) == ({"aa"}, {(1, 2)})
    alone = EmbeddedQuery.of(pictures[:1])
    assert alone.vector is X


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("10,20,30,40", (10, 20, 40, 60)),
        ("0,0,100,60", (0, 0, 100, 60)),
        ("0.5,0,0.5,1", (50, 0, 100, 60)),
        ("0, 0, 0.33, 0.1", (0, 0, 33, 6)),
        ("0.999,0,0.001,0.001", (99, 0, 100, 1)),
        ("0,0,1,1", (0, 0, 100, 60)),
        ("1.5,1,2,2", (1, 1, 4, 3)),
    ],
)
def test_regions_in_pixels_and_in_shares(text, box):
    assert Region.parse(text).box(100, 60) == box


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "0,0,0,5", "0,0,5,0", "-1,0,5,5", "nan,0,1,1"]
)
def test_what_is_no_rectangle_is_refused(text):
    with pytest.raises(QueryInvalid, match=r"^region is .*, expected x,y,width,height"):
        Region.parse(text)


@pytest.mark.parametrize("text", ["90,0,20,5", "0,50,5,20", "0.9,0,0.2,0.5", "100,0,1,1"])
def test_a_region_beyond_the_picture_is_refused_with_both(text):
    with pytest.raises(
        QueryInvalid, match=rf"^region {text} reaches beyond the 100 x 60 pixels of the picture"
    ):
        Region.parse(text).box(100, 60)


def test_a_region_is_cut_from_the_upright_picture(tmp_path):
    lying = Image.new("RGB", (40, 20), "red")
    lying.paste("blue", (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned by a quarter to the right: what was left is then above.
    lying.save(tmp_path / "lying.png", exif=exif)
    cut = Region(0, 0, 20, 20).cut_from(tmp_path / "lying.png")
    assert (cut.size, cut.getpixel((10, 10))) == ((20, 20), (0, 0, 255))
    assert Region(0, 0.5, 1, 0.5).cut_from(tmp_path / "lying.png").getpixel((0, 0)) == (255, 0, 0)
    with pytest.raises(ImageUnreadable):
        Region(0, 0, 1, 1).cut_from(tmp_path / "none.png")
