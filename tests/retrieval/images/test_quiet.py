import threading
import warnings
from io import BytesIO

import pytest
from PIL import Image

from retrieval.images.quiet import pillow_muted


def warn_as(module):
    """Issue a warning as if from a line of `module`."""
    warnings.warn_explicit("of no use to a user", UserWarning, "file.py", 1, module=module)


def test_pillow_is_muted_inside_only():
    with pillow_muted():
        warn_as("PIL.TiffImagePlugin")
    with pytest.warns(UserWarning, match="of no use"):
        warn_as("PIL.TiffImagePlugin")


def test_muting_nests():
    with pillow_muted():
        with pillow_muted():
            warn_as("PIL.Image")
        warn_as("PIL.Image")


def test_others_are_heard():
    with pillow_muted(), pytest.warns(UserWarning, match="of no use"):
        warn_as("numpy.core")


def test_other_threads_are_heard():
    heard = []

    def warn_and_listen():
        try:
            warn_as("PIL.Image")
        except UserWarning as warning:  # the tests turn warnings into errors
            heard.append(str(warning))

    with pillow_muted():
        thread = threading.Thread(target=warn_and_listen)
        thread.start()
        thread.join()
    assert heard == ["of no use to a user"]


def test_a_filter_set_later_does_not_outrank():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pillow_muted():
            warn_as("PIL.Image")


def test_the_list_of_filters_does_not_grow():
    with warnings.catch_warnings():
        with pillow_muted():
            pass
        length = len(warnings.filters)
        for _ in range(5):
            warnings.filters.insert(0, warnings.filters.pop(1))
            with pillow_muted():
                pass
        assert len(warnings.filters) == length


def test_a_real_warning_of_pillow(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)
    buffer = BytesIO()
    Image.new("L", (3, 2)).save(buffer, "PNG")
    with pillow_muted():
        assert Image.open(buffer).size == (3, 2)
    with pytest.warns(Image.DecompressionBombWarning):
        Image.open(buffer)
