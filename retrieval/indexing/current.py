"""Keeping an open index current: what changes in its folders, and what other processes change in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from index_store import Index

from ..encoder import Encoder
from ..index_paths import Folders, folders_of
from ..models import encoder_of
from ..progress import Progress

if TYPE_CHECKING:
    from .changes import Update


class KeptCurrent:
    """An open index with the encoder of its vectors and the folders of its pictures."""

    index: Index
    encoder: Encoder
    folders: Folders

    def update(self, *, progress: Progress | None = None) -> Update:
        """Take up what has changed in the folders, and search in that from now on; returns what it was.

        Raises:
            NoPictures: a folder is missing or suddenly empty. IndexBusy: somebody else is writing the index.

        Example:
            >>> print(retriever.update())
            + 12 new, - 3 gone, 5 renamed
        """
        # Here and not above: who only asks has no use for it.
        from .update import update_folders

        changes = update_folders(self.index.directory, progress or Progress())
        self.refresh()
        return changes

    def remove(self, paths: str | Path | Sequence[str | Path]) -> Update:
        """Take the pictures at `paths`, one or several, and those in folders among them, out of the index.

        Files that are still there are left out of later updates too, until they change.

        Raises:
            RetrievalError: one of them is not in the index; nothing is removed then.
        """
        from .single_files import remove_files

        several = [paths] if isinstance(paths, (str, Path)) else paths
        changes = remove_files(self.index.directory, [Path(path) for path in several])
        self.refresh()
        return changes

    def refresh(self) -> bool:
        """Search in the newest generation of the index from now on; False if that was so already.

        Not to be called while other threads ask: the encoder may be another one.
        """
        encoder = self.index.manifest.encoder
        if not self.index.refresh():
            return False
        self.folders = folders_of(self.index)
        if self.index.manifest.encoder != encoder:
            self.encoder = encoder_of(self.index)
            for name in ("model", "decoder"):
                self.__dict__.pop(name, None)
        return True
