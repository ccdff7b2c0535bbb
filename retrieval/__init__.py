"""Content-based image retrieval that learns from your own pictures.

`Retriever` is the product in one class. `import retrieval` itself loads next to nothing: what is named here
is loaded when it is first used.

Example:
    >>> from retrieval import Retriever
    >>> retriever = Retriever.build("photos")
    >>> [hit.path.name for hit in retriever.query("photos/cat/1.jpg", k=2)]
    ['1.jpg', '7.jpg']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .build import BuildSettings
    from .encoder import Decoder, Encoder, EncoderDescription, Model
    from .errors import (
        DecoderMissing,
        EncoderInvalid,
        FolderMissing,
        ImageUnreadable,
        NoPictures,
        RetrievalError,
    )
    from .index_paths import IndexFacts
    from .progress import Progress
    from .retriever import Hit, Retriever

_ROOMS = {
    "BuildSettings": "build",
    "Decoder": "encoder",
    "DecoderMissing": "errors",
    "Encoder": "encoder",
    "EncoderDescription": "encoder",
    "EncoderInvalid": "errors",
    "FolderMissing": "errors",
    "Hit": "retriever",
    "ImageUnreadable": "errors",
    "IndexFacts": "index_paths",
    "Model": "encoder",
    "NoPictures": "errors",
    "Progress": "progress",
    "RetrievalError": "errors",
    "Retriever": "retriever",
}

__all__ = [
    "BuildSettings",
    "Decoder",
    "DecoderMissing",
    "Encoder",
    "EncoderDescription",
    "EncoderInvalid",
    "FolderMissing",
    "Hit",
    "ImageUnreadable",
    "IndexFacts",
    "Model",
    "NoPictures",
    "Progress",
    "RetrievalError",
    "Retriever",
]


def __getattr__(name: str) -> object:
    """Load what is named here when it is first asked for."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_ROOMS[name]}", __name__), name)


def __dir__() -> list[str]:
    """The names that there are to import."""
    return sorted(__all__)
