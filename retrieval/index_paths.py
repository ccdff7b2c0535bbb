"""Where the index of a folder lies, and where the folder of an index lies, also when they have been moved."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from index_store import Index, IndexNotFound

INDEX = ".retrieve"
"""The directory in a folder of pictures where its index lies, unless another is named."""

_MANIFEST = "manifest.json"


def index_directory(folder: Path, index: Path | None = None) -> Path:
    """Where to make the index of `folder`: inside it, or in the directory `index`.

    `index` may also be a folder of pictures that has its index inside, then this index is meant.

    Example:
        >>> index_directory(Path("photos")).as_posix()
        'photos/.retrieve'
    """
    if index is None or index.absolute() == folder.absolute():
        return folder / INDEX
    return index / INDEX if (index / INDEX / _MANIFEST).is_file() else index


def existing_index(path: Path) -> Path:
    """The directory of the index that `path` means: an indexed folder, or the directory itself.

    Raises:
        IndexNotFound: there is none.
    """
    candidates = [path] if path.name == INDEX else [path / INDEX, path]
    for directory in candidates:
        if (directory / _MANIFEST).is_file():
            return directory
    if path.is_file():
        raise IndexNotFound(f"{path} is a file: name an indexed folder, or the directory of an index")
    there = "" if path.is_dir() else ", there is no such folder"
    raise IndexNotFound(f"no index in {path}{there}: make one with `retrieve index FOLDER`")


def nearest_index(start: Path | None = None) -> Path:
    """The index in `start` (the current directory) or, failing that, in the nearest folder around it.

    Raises:
        IndexNotFound: there is none up to the root.
    """
    here = Path.cwd() if start is None else start.absolute()
    for folder in (here, *here.parents):
        if (folder / INDEX / _MANIFEST).is_file():
            return folder / INDEX
    raise IndexNotFound(
        f"no index in {here} nor in any folder around it: make one with `retrieve index FOLDER`, "
        "or name one with --index"
    )


def folder_reference(folder: Path, directory: Path) -> dict[str, str]:
    """What an index in `directory` keeps to find `folder` again: the way from the one to the other.

    A folder with its index inside can be moved. An index elsewhere keeps the absolute path as well, so that
    it can be moved without the folder.
    """
    top, place = _plain(folder), _plain(directory)
    try:
        relative = os.path.relpath(top, place)
    except ValueError:
        # On Windows there is no way from one drive to another.
        return {"absolute": str(top)}
    inside = place.is_relative_to(top)
    return {"relative": relative} if inside else {"relative": relative, "absolute": str(top)}


def folder_of(index: Index) -> Path:
    """The folder that `index` was made of, as an absolute path.

    Of the places where it may be, the first that holds the first picture; if none does, the first.
    """
    candidates = list(_candidates(index.settings.get("folder", {}), index.directory))
    row = next(index.catalog.rows(), None)
    for folder in candidates:
        if row is not None and (folder / row.path).exists():
            return folder
    return candidates[0]


def _candidates(kept: dict[str, Any], directory: Path) -> list[Path]:
    place = _plain(directory)
    relative = [_plain(place / kept["relative"])] if "relative" in kept else []
    absolute = [Path(kept["absolute"])] if "absolute" in kept else []
    return [*relative, *absolute] or [place.parent]


def _plain(path: Path) -> Path:
    # By the letter: a .retrieve that is a link to a larger disk still belongs to the folder it is in.
    return Path(os.path.normpath(path.absolute()))
