"""What is in motion is left for later: files that are being written, and pictures that have just vanished."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from time import monotonic, time_ns

from ..images import ImageFile
from .changes import FolderChanges


class Settling:
    """Over one look after another, what has been as it is for long enough to be taken up.

    A file may still be being written. A picture that is gone may come back a moment later under another
    name, and keeps its id then: one that was renamed while its folder was read is seen under neither.
    """

    def __init__(self, seconds: float) -> None:
        """Leave for later what changed or vanished less than so many `seconds` ago."""
        self.waiting = False
        """Whether the last look left anything for later."""
        self._seconds = seconds
        self._vanished: dict[str, float] = {}

    def unsettled(self, files: Iterable[ImageFile]) -> set[str]:
        """Paths of files that were just changed; a time to come tells nothing."""
        now = time_ns()
        found = {file.path for file in files if 0 <= now - file.mtime_ns < self._seconds * 1e9}
        self.waiting = bool(found)
        return found

    def settled(self, changes: FolderChanges) -> FolderChanges:
        """`changes` without the pictures that have just vanished."""
        now = monotonic()
        self._vanished = {row.path: self._vanished.get(row.path, now) for row in changes.gone}
        gone = tuple(row for row in changes.gone if now - self._vanished[row.path] >= self._seconds)
        self.waiting |= len(gone) < len(changes.gone)
        return dataclasses.replace(changes, gone=gone)
