"""Pictures in: find, decode, turn upright, resize — one way, at fitting, indexing and query — and show.

Example:
    >>> findings = find_images("photos")
    >>> picture, facts = read_picture(Path("photos", findings.pictures[0].path), 64)
    >>> picture.pixels.shape
    (64, 64, 3)
"""

from __future__ import annotations

from index_store import RejectedFile

from .decode import MAX_PIXELS, Picture, load, load_picture, open_picture, read_picture
from .facts import FileFacts, file_facts, read_file
from .find import find_images
from .findings import FolderScan, ImageFile
from .sheet import RIGHT, WRONG, SheetCell, SheetRow, contact_sheet, grid
from .source import Source

__all__ = [
    "MAX_PIXELS",
    "RIGHT",
    "WRONG",
    "FileFacts",
    "FolderScan",
    "ImageFile",
    "Picture",
    "RejectedFile",
    "SheetCell",
    "SheetRow",
    "Source",
    "contact_sheet",
    "file_facts",
    "find_images",
    "grid",
    "load",
    "load_picture",
    "open_picture",
    "read_file",
    "read_picture",
]
