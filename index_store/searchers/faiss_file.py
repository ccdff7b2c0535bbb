"""FAISS indexes on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import IndexDamaged
from .faiss_library import load_faiss


def write_faiss(index: Any, path: Path) -> None:
    """Write a FAISS index to `path`. Raises OSError if the disk refuses."""
    faiss = load_faiss()
    # Through Python's file: FAISS takes only names that are UTF-8, and hides what the system said.
    with path.open("wb") as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write))


def read_faiss(path: Path, kind: str, shape: tuple[int, int]) -> Any:
    """Read a FAISS index of class `kind` over vectors of `shape` (n, dim).

    Raises:
        IndexDamaged: missing, unreadable, or of another class or shape.
    """
    faiss = load_faiss()
    try:
        with path.open("rb") as file:
            index = faiss.read_index(faiss.PyCallbackIOReader(file.read))
    except (OSError, RuntimeError, MemoryError) as err:
        raise IndexDamaged(f"{path} is not a search structure: build it again from the vectors") from err
    found = (type(index).__name__, index.ntotal, index.d)
    if found != (kind, *shape):
        raise IndexDamaged(
            f"{path} holds {found}, expected {(kind, *shape)}: build it again from the vectors"
        )
    return index
