from __future__ import annotations

import subprocess
import sys

import pytest

import retrieval

NAMES = [
    "BuildSettings",
    "Decoder",
    "DecoderMissing",
    "Encoder",
    "EncoderDescription",
    "EncoderInvalid",
    "Hit",
    "ImageUnreadable",
    "IndexFacts",
    "Model",
    "NoPictures",
    "Progress",
    "RetrievalError",
    "Retriever",
]


def test_the_public_names_are_these_and_all_are_there():
    assert sorted(retrieval.__all__) == NAMES == dir(retrieval)
    for name in NAMES:
        assert getattr(retrieval, name).__name__ == name


def test_another_name_is_refused_as_everywhere():
    with pytest.raises(AttributeError, match=r"module 'retrieval' has no attribute 'Engine'"):
        retrieval.Engine  # noqa: B018


def test_importing_it_loads_next_to_nothing():
    code = (
        "import sys, retrieval; print(*[name for name in ('numpy', 'PIL', 'faiss') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
