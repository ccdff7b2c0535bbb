import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.images.captions import font_of, lines_of, shortened


@pytest.mark.parametrize(
    ("caption", "lines"),
    [
        ("", []),
        ("0.123\nfruit/apple.jpg", ["0.123", "fruit/apple.jpg"]),
        ("café/日\t\udce9.jpg", ["cafe/??\\xe9.jpg"]),
    ],
)
def test_lines_hold_what_the_font_has(caption, lines):
    assert lines_of(caption) == lines


def test_a_text_that_fits_is_left_alone():
    assert shortened("apple.jpg", font_of(12), 500) == "apple.jpg"


def test_a_long_text_keeps_both_ends():
    short = shortened("vegetables/pepper/red/pepper_017.jpg", font_of(12), 120)
    head, tail = short.split("…")
    assert "vegetables".startswith(head)
    assert tail.endswith("017.jpg")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60), st.integers(20, 300))
def test_a_shortened_text_fits_and_one_sign_more_would_not(text, width):
    font = font_of(12)
    short = shortened(text, font, width)
    assert font.getlength(short) <= width
    if short != text:
        kept = len(short)  # the gap counts for the sign that could be there
        tail = (kept + 1) // 2
        assert font.getlength(text[: kept - tail] + "…" + text[-tail:]) > width
