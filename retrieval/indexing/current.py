"""Keeping an open index current: what changes in its folders, and what other processes change in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from index_store import Index

from ..encoder import Encoder
from ..index_paths import Folders, folders_of
from ..models import encoder_of
from ..progress import Progress

if TYPE_CHECKING:
    from typing_extensions import Self

    from .changes import Update


class KeptCurrent:
    """An open index with the encoder of its vectors and the folders of its pictures."""

    index: Index
    encoder: Encoder
    folders: Folders

    def __repr__(self) -> str:
        """Its class and first folder."""
        return f"{type(self).__name__}({str(self.folder)!r})"

    def __len__(self) -> int:
        """How many pictures can be found."""
        return len(self.index)

    def __enter__(self) -> Self:
        """Itself, to be closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def folder(self) -> Path:
        """The folder that the index was made of; of several the first."""
        return self.folders.first

    def close(self) -> None:
        """Let go of the files of the index; nothing can be asked any more."""
        self.index.close()

    def add(self, paths: str | Path | Iterable[str | Path], *, progress: Progress | None = None) -> Update:
        """Take up the pictures at `paths`, one or several, without a look at the others in the folders.

        Raises:
            RetrievalError: one lies in none of the folders, is not there, or is none that indexing would
                take; nothing is added then. IndexBusy: somebody else is writing the index.

        Example:
            >>> print(retriever.add("photos/new.jpg"))
            + 1 new
        """
        from .single_files import add_files

        changes = add_files(self.index.directory, _several(paths), progress or Progress())
        self.refresh()
        return changes

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

    def remove(self, paths: str | Path | Iterable[str | Path]) -> Update:
        """Take the pictures at `paths`, one or several, and those in folders among them, out of the index.

        Files that are still there are left out of later updates too, until they change.

        Raises:
            RetrievalError: one of them is not in the index; nothing is removed then.
        """
        from .single_files import remove_files

        changes = remove_files(self.index.directory, _several(paths))
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


def _several(paths: str | Path | Iterable[str | Path]) -> list[Path]:
    return [Path(path) for path in ([paths] if isinstance(paths, (str, Path)) else paths)]
