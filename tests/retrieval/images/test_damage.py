"""Whatever happens to the bytes of a picture, it is decoded or refused in one way."""

import struct
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from retrieval.errors import ImageUnreadable
from retrieval.images import decode, load, open_picture, read_picture

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


def saved(name, image=RAMP, **options):
    buffer = BytesIO()
    image.save(buffer, name, **KINDS.get(name, {}), **options)
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


def broken():
    slope, grain = (
        np.add.outer(np.arange(48), np.arange(64)),
        np.random.default_rng(0).normal(0, 6, (48, 64, 3)),
    )
    image = Image.fromarray((2 * slope[:, :, None] + 16 + np.clip(grain, -16, 16)).astype(np.uint8))
    for name in ("BMP", "GIF", "JPEG", "PNG", "PPM", "TGA", "TIFF"):
        data = saved(name, image)
        yield f"{name} cut", data[: len(data) - 200], "the file is truncated or damaged"
    for name in ("JPEG2000", "WEBP"):
        data = saved(name, image)
        yield f"{name} cut", data[: len(data) - 200], "the picture data are damaged"
    for name in ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"):
        yield f"{name} header alone", saved(name, image)[:30], f"a.? {name} file"
    progressive = saved("JPEG", image, progressive=True)
    yield "progressive cut", progressive[:-200], "truncated or damaged .a JPEG file."
    packed = saved("TIFF", image, compression="tiff_lzw")
    yield "packed TIFF cut", packed[: len(packed) // 2], "a.? TIFF file"
    yield "packed TIFF damaged", packed[:100] + bytes(500) + packed[600:], "damaged"
    png = saved("PNG", image)
    yield "PNG with a broken zlib stream", png[:200] + bytes(40) + png[240:], "the picture data are damaged"
    yield "text", b"Dear Sir or Madam", "it holds text"
    yield "svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "it holds an SVG drawing"
    yield "empty", b"", "empty file"
    yield "zeros", bytes(1000), "no picture format"
    yield "postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "it holds text"


@pytest.mark.parametrize(("data", "reason"), [pytest.param(*rest, id=label) for label, *rest in broken()])
def test_broken_files_are_refused_by_path_and_reason(tmp_path, data, reason):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(data)
    with pytest.raises(ImageUnreadable, match=reason) as caught:
        read_picture(path, 16)
    assert caught.value.path == str(path)
    assert "0x" not in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(ImageUnreadable, match=r"the given bytes cannot be read"):
        load(data, 16)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        OverflowError("x"),
        struct.error("x"),
        SyntaxError("x"),
        RecursionError("x"),
        MemoryError(),
    ],
)
def test_whatever_a_decoder_raises_becomes_one_error(monkeypatch, error):
    def fail(_):
        raise error

    monkeypatch.setattr(decode, "to_rgb", fail)
    with pytest.raises(ImageUnreadable, match="the given PIL image cannot be read: ") as caught:
        load(RAMP, 4)
    assert caught.value.__cause__ is error


def test_an_interrupt_is_no_fault_of_the_picture(monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(decode, "to_rgb", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load(RAMP, 4)


def test_an_array_that_is_no_picture_is_refused():
    with pytest.raises(
        ImageUnreadable, match=r"the given array cannot be read: it has shape \(3,\), expected"
    ):
        load(np.zeros(3, dtype=np.uint8), 4)
