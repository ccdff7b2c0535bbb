"""FAISS, loaded when it is first needed."""

from __future__ import annotations

from typing import Any


def load_faiss() -> Any:
    """The module `faiss`. Importing it takes a good part of the time of a query that can do without it."""
    import faiss

    return faiss
