import errno
import struct
import zlib

import pytest
from PIL import Image, UnidentifiedImageError

from retrieval.images.reasons import decoding_reason, printable, system_reason, too_many_pixels

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
