"""What a search of a folder brings back: pictures to decode, and problems to report."""

from __future__ import annotations

from dataclasses import dataclass

from index_store import RejectedFile


@dataclass(frozen=True, slots=True, order=True)
class ImageFile:
    """A file that promises to be a picture.

    `path` is relative to the folder, with `/` between its parts; `size` in bytes and `mtime_ns` in
    nanoseconds since 1970 tell whether the file has changed since it was last looked at.
    """

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class FolderScan:
    """What is in a folder; both parts sorted by path, so that the same folder always gives the same."""

    pictures: tuple[ImageFile, ...]
    rejections: tuple[RejectedFile, ...]
