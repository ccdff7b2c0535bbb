import errno
import struct
import threading
import warnings
import zlib
from io import BytesIO

import pytest
from PIL import Image, UnidentifiedImageError

from retrieval.images.reasons import (
    decoding_reason,
    printable,
    system_reason,
    too_many_pixels,
    without_pillow_warnings,
)

JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF"


def test_names_that_are_not_utf8_become_escapes():
    assert printable("caf\udce9/ünï.jpg") == "caf\\xe9/ünï.jpg"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "permission denied"),
        (errno.ELOOP, "the link leads back to itself"),
        (errno.EBUSY, "busy"),
    ],
)
def test_system_errors_in_words(number, words):
    assert words in system_reason(OSError(number, "whatever"))


def test_both_numbers_of_a_bomb():
    assert (
        too_many_pixels(4_000_000, 1_000)
        == "it has 4,000,000 pixels, more than the limit of 1,000: make it smaller"
    )


@pytest.mark.parametrize(
    ("error", "head", "reason"),
    [
        (MemoryError(), JPEG, "there is not enough memory to decode it"),
        (PermissionError(errno.EACCES, "x"), JPEG, "permission denied"),
        (
            OSError("image file is truncated (7 bytes not processed)"),
            JPEG,
            "truncated or damaged (a JPEG file)",
        ),
        (struct.error("unpack requires a buffer of 4 bytes"), JPEG, "truncated or damaged (a JPEG file)"),
        (zlib.error("Error -3"), b"", "truncated or damaged"),
        (KeyError("BGR;9"), JPEG, "damaged or of an unsupported kind (a JPEG file)"),
        (UnidentifiedImageError("<_io.BytesIO object at 0x7f>"), b"", "empty file"),
        (
            UnidentifiedImageError("<_io.BytesIO object at 0x7f>"),
            JPEG,
            "begins as a JPEG file, but its header",
        ),
        (UnidentifiedImageError("<_io.BytesIO object at 0x7f>"), b"Hello", "it holds text"),
        (UnidentifiedImageError("<_io.BytesIO object at 0x7f>"), b"\x01\x02", "in no picture format"),
        (
            Image.DecompressionBombError("Image size (99 pixels) exceeds limit of 50 pixels"),
            b"",
            "99 pixels, more",
        ),
        (Image.DecompressionBombError("worded anew"), b"", "more pixels than Pillow allows"),
    ],
)
def test_decoding_errors_in_words(error, head, reason):
    words = decoding_reason(error, head)
    assert reason in words
    assert "0x" not in words


def warn_as(module):
    """Issue a warning as if from a line of `module`."""
    warnings.warn_explicit("of no use to a user", UserWarning, "file.py", 1, module=module)


def test_warnings_of_pillow_are_dropped_inside_only():
    with without_pillow_warnings():
        warn_as("PIL.TiffImagePlugin")
    with pytest.warns(UserWarning, match="of no use"):
        warn_as("PIL.TiffImagePlugin")


def test_dropping_warnings_nests():
    with without_pillow_warnings():
        with without_pillow_warnings():
            warn_as("PIL.Image")
        warn_as("PIL.Image")


def test_others_are_heard():
    with without_pillow_warnings(), pytest.warns(UserWarning, match="of no use"):
        warn_as("numpy.core")


def test_other_threads_are_heard():
    heard = []

    def warn_and_listen():
        try:
            warn_as("PIL.Image")
        except UserWarning as warning:  # the tests turn warnings into errors
            heard.append(str(warning))

    with without_pillow_warnings():
        thread = threading.Thread(target=warn_and_listen)
        thread.start()
        thread.join()
    assert heard == ["of no use to a user"]


def test_a_filter_set_later_does_not_outrank():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with without_pillow_warnings():
            warn_as("PIL.Image")


def test_the_list_of_filters_does_not_grow():
    with warnings.catch_warnings():
        with without_pillow_warnings():
            pass
        length = len(warnings.filters)
        for _ in range(5):
            warnings.filters.insert(0, warnings.filters.pop(1))
            with without_pillow_warnings():
                pass
        assert len(warnings.filters) == length


def test_a_real_warning_of_pillow(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)
    buffer = BytesIO()
    Image.new("L", (3, 2)).save(buffer, "PNG")
    with without_pillow_warnings():
        assert Image.open(buffer).size == (3, 2)
    with pytest.warns(Image.DecompressionBombWarning):
        Image.open(buffer)
