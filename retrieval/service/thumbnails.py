"""Small pictures for the page: made once, kept beside the index."""

from __future__ import annotations

import io
import threading
from contextlib import suppress
from pathlib import Path

from PIL import Image

from index_store import Row

from ..images import Source, open_picture
from ..threads import num_threads
from ..whole_files import replaced

SIDE = 320
FOLDER = "thumbnails"


class Thumbnails:
    """JPEGs of at most 320 pixels, found by the contents of the picture that they were made of.

    They lie in the directory of the index, where they can be removed at any time; where nothing can be
    written they are made each time.
    """

    def __init__(self, directory: Path) -> None:
        """Keep them in `directory`, which is made when it is needed."""
        self._directory = directory
        self._decoding = threading.BoundedSemaphore(num_threads())

    def kept(self, row: Row) -> bytes | None:
        """The thumbnail of this picture if it has been made."""
        try:
            return self._place(row).read_bytes()
        except OSError:
            return None

    def of(self, row: Row, path: Path) -> bytes:
        """The thumbnail of the picture at `path`, whose row this is, as a JPEG; kept from now on.

        Raises:
            ImageUnreadable: it cannot be read.
        """
        with self._decoding:
            made = thumbnail_jpeg(path)
        if not _is_as_indexed(row, path):
            return made
        kept = self._place(row)
        with suppress(OSError):
            # Not the directory of the index: where that is gone, nothing is kept.
            self._directory.mkdir(exist_ok=True)
            kept.parent.mkdir(exist_ok=True)
            with replaced(kept) as part:
                part.write_bytes(made)
        return made

    def _place(self, row: Row) -> Path:
        return self._directory / row.sha256[:2] / f"{row.sha256[2:]}.jpg"


def _is_as_indexed(row: Row, path: Path) -> bool:
    status = path.stat()
    return (status.st_size, status.st_mtime_ns) == (row.size, row.mtime_ns)


def thumbnail_jpeg(source: Source) -> bytes:
    """A picture as a JPEG of at most 320 pixels. Raises ImageUnreadable."""
    return small_jpeg(open_picture(source, at_least=SIDE // 2))


def small_jpeg(picture: Image.Image, side: int = SIDE) -> bytes:
    """`picture`, RGB, as a JPEG of at most `side` pixels."""
    picture.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=82, optimize=True)
    return file.getvalue()
