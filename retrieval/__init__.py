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
    from .encoder import Decoder as Decoder
    from .encoder import Encoder as Encoder
    from .encoder import EncoderDescription as EncoderDescription
    from .encoder import Model as Model
    from .errors import DecoderMissing as DecoderMissing
    from .errors import EncoderInvalid as EncoderInvalid
    from .errors import ImageUnreadable as ImageUnreadable
    from .errors import NoPictures as NoPictures
    from .errors import RetrievalError as RetrievalError
    from .index_facts import IndexFacts as IndexFacts
    from .indexing.settings import BuildSettings as BuildSettings
    from .progress import Progress as Progress
    from .retriever import Hit as Hit
    from .retriever import Retriever as Retriever

_ROOMS = {
    "indexing.settings": ["BuildSettings"],
    "encoder": ["Decoder", "Encoder", "EncoderDescription", "Model"],
    "errors": ["DecoderMissing", "EncoderInvalid", "ImageUnreadable", "NoPictures", "RetrievalError"],
    "index_facts": ["IndexFacts"],
    "progress": ["Progress"],
    "retriever": ["Hit", "Retriever"],
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = sorted(_ROOM_OF)


def __getattr__(name: str) -> object:
    """Load what is named here when it is first asked for."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_ROOM_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    """The names that there are to import."""
    return __all__
