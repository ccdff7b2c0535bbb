"""Whatever happens to the bytes of a picture, it is decoded or refused in one way."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from retrieval.errors import ImageUnreadable
from retrieval.images import open_picture

RAMP = Image.fromarray((np.arange(24 * 16 * 3) % 251).astype(np.uint8).reshape(16, 24, 3))
KINDS = {
    "BMP": {},
    "GIF": {},
    "JPEG": {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"},
    "PNG": {},
    "PPM": {},
    "TGA": {},
    "TIFF": {},
    "WEBP": {},
}


def saved(name):
    buffer = BytesIO()
    RAMP.save(buffer, name, **KINDS[name])
    return buffer.getvalue()


def outcome(data):
    try:
        return open_picture(data, at_least=4)
    except ImageUnreadable as error:
        return error


def decoded_or_refused(data):
    """Whether `data` was decoded; fails if it was refused in any but the one way."""
    result = outcome(data)
    if isinstance(result, ImageUnreadable):
        assert result.reason
        assert "0x" not in str(result)
        assert "\n" not in str(result)
        return False
    assert result.mode == "RGB"
    return True


@pytest.mark.parametrize("name", KINDS)
def test_the_undamaged_picture_is_decoded(name):
    assert decoded_or_refused(saved(name))


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes(name, data):
    content = bytearray(saved(name))
    # Headers say how to read the rest, so most of the damage goes there.
    places = st.one_of(st.integers(0, min(120, len(content) - 1)), st.integers(0, len(content) - 1))
    for place, value in data.draw(
        st.dictionaries(places, st.integers(0, 255), min_size=1, max_size=8)
    ).items():
        content[place] = value
    decoded_or_refused(bytes(content))


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_cut_and_continued_bytes(name, data):
    content = saved(name)
    kept = data.draw(st.integers(0, len(content)))
    decoded_or_refused(content[:kept] + data.draw(st.binary(max_size=20)))


@pytest.mark.parametrize("name", sorted(KINDS.keys() - {"GIF"}))
def test_a_picture_that_lost_its_second_half_is_never_half_decoded(name):
    content = saved(name)
    assert not decoded_or_refused(content[: len(content) // 2])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(content):
    decoded_or_refused(content)
