"""An index and its folder: where each of them lies, also when they have been moved, and what the index is."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from index_store import Index, IndexNotFound

from .encoder.model import DESCRIPTION

INDEX = ".retrieve"
"""The directory in a folder of pictures where its index lies, unless another is named."""

_MANIFEST = "manifest.json"
_NUMBER_BYTES = 4
_LOOKED_FOR = 100


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


def is_indexed(path: Path) -> bool:
    """Whether `path` is an indexed folder, or the directory of an index."""
    return (path / INDEX).is_dir() or (path / _MANIFEST).is_file()


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

    Of the places where it may be, the first that holds one of the first pictures; if none does, the first.
    """
    candidates = _candidates(index.settings.get("folder", {}), index.directory)
    return next((folder for folder in candidates if holds_pictures(folder, index)), candidates[0])


def holds_pictures(folder: Path, index: Index) -> bool:
    """Whether `folder` holds any of the first hundred pictures of `index`, or the index is empty."""
    first, others = index.ids[:1], index.ids[1:_LOOKED_FOR]
    # Mostly the first is there, and nobody has to ask for the others.
    return len(first) == 0 or any(
        (folder / row.path).exists() for ids in (first, others) for row in index.catalog.rows_of(ids)
    )


def _candidates(kept: dict[str, Any], directory: Path) -> list[Path]:
    place = _plain(directory)
    relative = [_plain(place / kept["relative"])] if "relative" in kept else []
    absolute = [Path(kept["absolute"])] if "absolute" in kept else []
    return [*relative, *absolute] or [place.parent]


def _plain(path: Path) -> Path:
    # By the letter: a .retrieve that is a link to a larger disk still belongs to the folder it is in.
    return Path(os.path.normpath(path.absolute()))


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What there is to know of an index without opening its encoder.

    pictures, rejected: how many files have a vector, and how many could not be used. encoder: its
    architecture, `size` the pixels of a side it sees, `dim` the numbers a vector, `details` what it says of
    itself. fitted: how many pictures of the folder it was fitted to, and how many `drawn` ones; None if it
    was not fitted to this folder. skipped: how many files of each kind were left out, where it was counted.
    bytes_per_picture: of a vector; bytes_of_pictures: of all vectors and rows; bytes_on_disk: of everything,
    the encoder too.
    """

    folder: Path
    directory: Path
    pictures: int
    rejected: int
    encoder: str
    fingerprint: str
    size: int
    dim: int
    details: dict[str, Any]
    fitted: dict[str, Any] | None
    skipped: dict[str, int]
    metric: str
    structure: str
    bytes_per_picture: int
    bytes_of_pictures: int
    bytes_on_disk: int
    format_version: int
    generation: int
    built: datetime

    @classmethod
    def of(cls, index: Index) -> IndexFacts:
        """Ask `index`."""
        manifest = index.manifest
        encoder = json.loads(index.attachment(DESCRIPTION).read_bytes())
        return cls(
            folder=folder_of(index),
            directory=index.directory,
            pictures=len(index),
            rejected=index.catalog.num_rejected(),
            encoder=str(encoder["name"]),
            fingerprint=manifest.encoder or "",
            size=int(encoder["size"]),
            dim=index.dim,
            details=encoder["details"],
            fitted=index.settings.get("fitted"),
            skipped=index.settings.get("skipped") or {},
            metric=manifest.metric,
            structure=manifest.structure,
            bytes_per_picture=index.dim * _NUMBER_BYTES,
            bytes_of_pictures=sum(
                file.size for name, file in manifest.files.items() if name not in index.attachments
            ),
            bytes_on_disk=sum(file.size for file in manifest.files.values()),
            format_version=manifest.format_version,
            generation=manifest.generation,
            built=manifest.changed,
        )

    def to_json(self) -> dict[str, Any]:
        """The same as an object of what JSON can hold."""
        values = {name: getattr(self, name) for name in self.__slots__}
        values["built"] = self.built.isoformat(timespec="seconds")
        return values | path_values("folder", self.folder) | path_values("directory", self.directory)


def path_values(name: str, path: str | os.PathLike[str]) -> dict[str, str]:
    """`path` for JSON, under `name`: exactly as it is.

    A path that is not UTF-8 cannot be text: then bytes that are not are written as escapes, for reading, and
    `name`_bytes holds the path itself in base64, for `os.fsdecode(base64.b64decode(...))`.

    Example:
        >>> path_values("path", "caf\\udce9.jpg")
        {'path': 'caf\\\\xe9.jpg', 'path_bytes': 'Y2Fm6S5qcGc='}
    """
    text, encoded = os.fspath(path), os.fsencode(path)
    readable = encoded.decode("utf-8", "backslashreplace")
    if readable == text:
        return {name: text}
    return {name: readable, f"{name}_bytes": base64.b64encode(encoded).decode("ascii")}
