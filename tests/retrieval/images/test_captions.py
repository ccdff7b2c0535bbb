import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from retrieval.images import captions
from retrieval.images.captions import choose_font, default_font, draw_line, lines_of, shortened


@pytest.mark.parametrize(
    ("caption", "lines"),
    [
        ("", []),
        ("0.123\nfruit/apple.jpg", ["0.123", "fruit/apple.jpg"]),
        ("café/日\t\udce9.jpg", ["café/日\\t\\xe9.jpg"]),
        ("cafe\u0301.jpg", ["café.jpg"]),  # as macOS writes it: a letter and an accent
    ],
)
def test_lines_hold_what_can_be_drawn(caption, lines):
    assert lines_of(caption) == lines


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\u202egpj.exe", "a\\u202egpj.exe"),  # would show as aexe.jpg
        ("a\u200bb\x07\x85\r", "a\\u200bb\\x07\\x85\\r"),
        ("\u05d0\u0628.jpg", "\\u05d0\\u0628.jpg"),
    ],
)
def test_what_would_hide_or_turn_a_name_is_escaped(name, shown):
    assert lines_of(name) == [shown]


def drawn(line):
    canvas = Image.new("RGB", (400, 30), "white")
    draw_line(canvas, (2, 2), line, size=13, width=396, ink="black")
    return canvas.tobytes()


@pytest.mark.parametrize("name", ["Größe–1.jpg", "Ωμέγα.jpg", "Фото/кот.jpg"])
def test_letters_that_pillows_default_font_lacks_are_drawn_in_another(name):
    text, font = choose_font(name, 13)
    assert text == name
    assert font is not default_font(13)
    assert drawn(name) != drawn(name.encode("ascii", "backslashreplace").decode())
    assert drawn(name) != drawn(name.encode("ascii", "replace").decode())


@pytest.mark.parametrize("name", ["日本/写真.jpg", "नमस्ते.jpg", "\U0001f600.png", "\U00012345.png", "Ω日.png"])
def test_a_character_is_drawn_or_escaped_and_never_a_question_mark(name):
    text, font = choose_font(name, 13)
    assert "?" not in text
    assert text.encode("ascii", "backslashreplace") == name.encode("ascii", "backslashreplace")
    empty = np.asarray(font.getmask("\U0010fffd")).tobytes()
    assert all(np.asarray(font.getmask(sign)).tobytes() != empty for sign in text)


def test_an_installed_font_draws_what_the_others_lack(monkeypatch):
    # Matplotlib's font of last resort, which is not used otherwise, stands for a font of Chinese characters.
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", "LastResortHE-Regular.ttf")
    if not path.exists():
        pytest.skip("this version of Matplotlib comes without that font")
    monkeypatch.setattr(captions, "_installed_fonts", lambda: (str(path),))
    text, font = choose_font("日本/installed.jpg", 13)
    assert text == "日本/installed.jpg"
    assert "Last Resort" in font.getname()[0]


def test_escapes_stand_beside_what_a_font_has():
    # No font has a code point that is not assigned, whatever is installed here.
    text, _ = choose_font("Ω\u0378.jpg", 13)
    assert text == "Ω\\u0378.jpg"


def test_names_in_plain_letters_need_no_other_fonts():
    code = (
        "import sys; from retrieval.images import *\n"
        "contact_sheet([SheetRow([SheetCell(b'', 'a/b_1.jpg')])])\n"
        "print('matplotlib' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_lines_in_all_fonts_stand_at_one_height():
    def bottom(line):
        canvas = Image.new("L", (99, 40), "white")
        draw_line(canvas, (2, 2), line, size=20, width=95, ink="black")
        return np.flatnonzero((np.asarray(canvas) < 128).any(axis=1)).max()

    assert abs(int(bottom("HE")) - int(bottom("НЕ"))) <= 1  # the second in Cyrillic


def test_a_text_that_fits_is_left_alone():
    assert shortened("apple.jpg", default_font(12), 500) == "apple.jpg"


def test_a_long_text_keeps_both_ends():
    short = shortened("vegetables/pepper/red/pepper_017.jpg", default_font(12), 120)
    head, tail = short.split("…")
    assert "vegetables".startswith(head)
    assert tail.endswith("017.jpg")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60), st.integers(20, 300))
def test_a_shortened_text_fits_and_one_character_more_would_not(text, width):
    font = default_font(12)
    short = shortened(text, font, width)
    assert font.getlength(short) <= width
    if short != text:
        kept = len(short)  # the gap counts for the character that could be there
        tail = (kept + 1) // 2
        assert font.getlength(text[: kept - tail] + "…" + text[-tail:]) > width
