"""Single files into an index, and out of it."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from index_store import Index, RejectedFile, Row, writer_lock

from ..errors import ImageUnreadable, RetrievalError, printable
from ..images import FolderScan, find_files
from ..index_paths import Folders, folders_of, split_path
from ..models import encoder_of
from ..progress import Progress
from .changes import REMOVED, FolderChanges, Update
from .update import called, contents_in, take_up


def add_files(directory: Path, files: Sequence[Path], progress: Progress) -> Update:
    """Take single `files` up into the index in `directory`, without a look at the others in its folders.

    Raises:
        RetrievalError: a file lies in none of the folders, is not there, or is none that indexing would take;
            nothing is added then.
    """
    with writer_lock(directory) as lock, Index.open(directory, lock=lock) as index:
        folders = folders_of(index)
        paths = [_path_in(folders, file) for file in files]
        scan = _scan_files(folders, paths)
        changes = FolderChanges.of_files(
            index.catalog, scan, contents_in(folders), is_missing=lambda row: _is_missing(folders / row.path)
        )
        taken = take_up(index, folders, changes, encoder_of(index), progress)
        index.save()
    return taken


def remove_files(directory: Path, files: Sequence[Path]) -> Update:
    """Take `files`, or all pictures in folders among them, out of the index in `directory`.

    What is still there is left out by later indexing too, until it changes or is added again; but of several
    folders, one that is named itself belongs to the index no longer, unless it is the first.

    Raises:
        RetrievalError: a file is not in the index; nothing is removed then.
    """
    with writer_lock(directory) as lock, Index.open(directory, lock=lock) as index:
        folders = folders_of(index)
        rows = list({row.id: row for file in files for row in _rows_of(index, folders, file)}.values())
        index.remove([row.id for row in rows])
        whole = {name for file in files if (name := folders.name_of(file))}
        for row in rows:
            if split_path(row.path)[0] in whole:
                continue
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                index.reject(RejectedFile(row.path, REMOVED, *_size_and_time(folders / row.path, row)))
        for name in whole:
            _forget_folder(index, name)
        index.save()
    return Update(gone=tuple(row.path for row in rows))


def _forget_folder(index: Index, name: str) -> None:
    index.forget_rejected([one.path for one in index.catalog.rejected() if split_path(one.path)[0] == name])
    kept = {other: place for other, place in index.settings["folders"].items() if other != name}
    index.set_settings({**index.settings, "folders": kept})


def remove_rows(directory: Path, paths: Sequence[str]) -> None:
    """Take the rows of these `paths` out of the index in `directory`, whatever is there."""
    with Index.open(directory, writable=True) as index:
        index.remove([row.id for path in paths if (row := index.catalog.find(path))])
        index.save()


def remove_missing(directory: Path) -> Update:
    """Take all pictures out of the index in `directory` whose files are no more, be it all of a folder's."""
    with writer_lock(directory) as lock, Index.open(directory, lock=lock) as index:
        folders = folders_of(index)
        rows = [row for row in index.catalog.rows() if _is_missing(folders / row.path)]
        rejected = [one.path for one in index.catalog.rejected() if _is_missing(folders / one.path)]
        if rows:
            index.remove([row.id for row in rows])
        if rejected:
            index.forget_rejected(rejected)
        index.save()
    return Update(gone=tuple(row.path for row in rows))


def _path_in(folders: Folders, file: Path) -> str:
    path = folders.path_of(file)
    if path is None and not file.exists():
        raise ImageUnreadable(printable(file), "there is no such file")
    if path is None:
        raise RetrievalError(
            f"{printable(file)} lies outside of the indexed {printable(str(folders))}: move it there, or add "
            "its folder to the index with `retrieve index FOLDER --index DIR`"
        )
    return path


def _scan_files(folders: Folders, paths: Iterable[str]) -> FolderScan:
    inside = defaultdict(list)
    for path in paths:
        name, relative = split_path(path)
        inside[name].append(relative)
    scans = {name: find_files(folders.tops[name], some) for name, some in inside.items()}
    return FolderScan(
        tuple(file for name, scan in scans.items() for file in called(name, scan.pictures)),
        tuple(one for name, scan in scans.items() for one in called(name, scan.rejections)),
    )


def _rows_of(index: Index, folders: Folders, file: Path) -> list[Row]:
    # Pictures of a folder that is reached through a link go by their real paths. Not by `Path.is_dir`, which
    # ends with an error where a folder around it may not be read.
    path = _path_in(folders, Path(os.path.realpath(file)) if os.path.isdir(file) else file)  # noqa: PTH112
    name, inside = split_path(path)
    if inside == ".":
        if len(folders.tops) == 1:
            raise RetrievalError(
                f"{printable(file)} is all that is indexed: name pictures, or folders in it; to be rid of "
                f"the index, delete {printable(index.directory)}"
            )
        return [row for row in index.catalog.rows() if split_path(row.path)[0] == name]
    row = index.catalog.find(path)
    rows = [row] if row else [row for row in index.catalog.rows() if row.path.startswith(f"{path}/")]
    if not rows:
        raise RetrievalError(
            f"{printable(file)} is not in index {printable(index.directory)}: "
            "name pictures, or folders of pictures, that are"
        )
    return rows


def _size_and_time(path: Path, row: Row) -> tuple[int, int]:
    """Of the file at `path`; as its row has them where the system does not tell."""
    try:
        facts = path.stat()
    except PermissionError:
        return row.size, row.mtime_ns
    return facts.st_size, facts.st_mtime_ns


def _is_missing(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
