"""Small worlds for the tests of index_store."""

from __future__ import annotations

import numpy as np
import pytest

from index_store import Index, RejectedFile, Row

SQUARE = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], dtype=np.float32)


def row(path, number=0):
    """A row whose facts follow from a number."""
    return Row(path, size=100 + number, mtime_ns=10**18 + number, sha256=f"{number:064x}", width=8, height=6)


@pytest.fixture
def make_row():
    """See `row`."""
    return row


@pytest.fixture
def directory(tmp_path):
    """Where an index may be made."""
    return tmp_path / "index"


@pytest.fixture
def saved(directory, make_row):
    """A directory with a saved index: the ends of two axes with rows, a rejected file and an attachment."""
    with Index.create(directory, 2, metric="l2", encoder="e" * 64, settings={"side": 64}) as index:
        index.add(SQUARE, [make_row(f"{name}.png", at) for at, name in enumerate("abcd")])
        index.reject(RejectedFile("broken.png", "cut short"))
        index.attach("encoder.tflite", b"an encoder")
        index.save()
    return directory
