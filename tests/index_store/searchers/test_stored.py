"""Every byte of a structure's file counts: changed, the file is refused before FAISS sees it."""

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index_store import IndexDamaged
from index_store.searchers.stored import open_structure, read_facts, write_structure

CONTENT = np.random.default_rng(0).integers(0, 256, 10_001, dtype=np.uint8)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    path = tmp_path_factory.mktemp("stored") / "search"
    content = faiss.swig_ptr(CONTENT)
    write_structure(path, lambda writer: writer(content, 1, len(CONTENT)), {"covered": 7})
    return path


def test_what_is_written_is_read(stored):
    _, facts, held = open_structure(stored, mapped=True)
    assert facts == {"covered": 7}
    assert held.tolist() == CONTENT.tolist()
    assert read_facts(stored)["covered"] == 7


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_damaged_byte_is_told(stored, tmp_path_factory, data):
    whole = bytearray(stored.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    wrecked = tmp_path_factory.getbasetemp() / "wrecked"
    wrecked.write_bytes(whole)
    with pytest.raises(IndexDamaged, match=r"wrecked.*build it again from the vectors"):
        open_structure(wrecked, mapped=True)
