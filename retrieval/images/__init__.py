"""Pictures in: find, decode, turn upright, resize, the same at fitting, indexing and query; contact sheets.

Example:
    >>> scan = find_images("photos")
    >>> picture, facts = read_picture(Path("photos", scan.pictures[0].path), 64)
    >>> picture.pixels.shape
    (64, 64, 3)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from index_store import RejectedFile

from .decode import (
    DECODING,
    MAX_PIXELS,
    Decoding,
    Picture,
    load,
    load_picture,
    load_sizes,
    open_picture,
    read_picture,
)
from .find import UNREADABLE_FOLDER, FolderScan, ImageFile, Skipped, find_files, find_images
from .remote import StoreFailed, find_remote, folder_at, is_remote
from .source import FileFacts, Source, read_file

if TYPE_CHECKING:
    from .sheet import RIGHT, WRONG, SheetCell, SheetRow, contact_sheet, grid

_OF_SHEETS = frozenset({"RIGHT", "WRONG", "SheetCell", "SheetRow", "contact_sheet", "grid"})

__all__ = [
    "DECODING",
    "MAX_PIXELS",
    "RIGHT",
    "UNREADABLE_FOLDER",
    "WRONG",
    "Decoding",
    "FileFacts",
    "FolderScan",
    "ImageFile",
    "Picture",
    "RejectedFile",
    "SheetCell",
    "SheetRow",
    "Skipped",
    "Source",
    "StoreFailed",
    "contact_sheet",
    "find_files",
    "find_images",
    "find_remote",
    "folder_at",
    "grid",
    "is_remote",
    "load",
    "load_picture",
    "load_sizes",
    "open_picture",
    "read_file",
    "read_picture",
]


def __getattr__(name: str) -> object:
    """Load what draws when it is first asked for: most queries draw nothing."""
    if name not in _OF_SHEETS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(".sheet", __name__), name)
