import pytest
from PIL import Image

from retrieval.images.suffixes import is_other, readable_formats, readable_suffixes, refused_suffixes


def test_common_pictures_are_readable():
    assert {
        ".jpg",
        ".jpeg",
        ".png",
        ".gif",
        ".webp",
        ".tif",
        ".tiff",
        ".bmp",
        ".pgm",
        ".ppm",
    } <= readable_suffixes()


@pytest.mark.parametrize(
    "suffix", [".pdf", ".eps", ".ps", ".mpg", ".h5", ".hdf", ".grib", ".bufr", ".wmf", ".emf"]
)
def test_what_pillow_only_stubs_is_no_picture(suffix):
    assert suffix not in readable_suffixes()
    assert suffix not in refused_suffixes()


def test_no_drawing_reaches_an_outside_program():
    assert "EPS" in Image.OPEN
    assert "EPS" not in readable_formats()


@pytest.mark.parametrize("suffix", [".svg", ".nef", ".cr2", ".arw", ".dng", ".jxl"])
def test_picture_like_files_have_a_reason(suffix):
    assert f"({suffix})" in refused_suffixes()[suffix] or refused_suffixes()[suffix].startswith(suffix)


def test_a_suffix_means_one_thing():
    assert not readable_suffixes() & refused_suffixes().keys()
    assert not any(is_other(suffix) for suffix in readable_suffixes() | refused_suffixes().keys())


def test_a_decoder_that_is_added_to_pillow_counts(monkeypatch):
    monkeypatch.setitem(Image.EXTENSION, ".nef", "TIFF")
    for asked in (readable_suffixes, refused_suffixes):
        asked.cache_clear()
    try:
        assert ".nef" in readable_suffixes()
        assert ".nef" not in refused_suffixes()
    finally:
        for asked in (readable_suffixes, refused_suffixes):
            asked.cache_clear()


@pytest.mark.parametrize(
    ("suffix", "expected"), [(".txt", True), (".mp4", True), (".jpg_large", False), ("", False)]
)
def test_other_files(suffix, expected):
    assert is_other(suffix) is expected
