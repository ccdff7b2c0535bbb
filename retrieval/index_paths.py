"""An index and its folders: where each of them lies, also when they have been moved."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index_store import Index, IndexNotFound, OptionInvalid, Row

from .errors import printable
from .images import folder_at, is_remote

INDEX = ".retrieve"
"""The directory in a folder of pictures where its index lies, unless another is named."""

_MANIFEST = "manifest.json"
SEPARATOR = "//"
"""What stands between the name of a folder and the path in it, in rows of all folders but the first."""

_LOOKED_FOR = 100


def index_directory(folder: Path, index: Path | None = None) -> Path:
    """Where to make the index of `folder`: inside it, or in the directory `index`.

    `index` may also be a folder of pictures that has its index inside, then this index is meant.

    Example:
        >>> index_directory(Path("photos")).as_posix()
        'photos/.retrieve'

    Raises:
        OptionInvalid: `folder` is at a URL, and there is no `index`.
    """
    if is_remote(folder) and index is None:
        raise OptionInvalid(f"the index of {folder} cannot lie there: name a folder for it with --index DIR")
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
    it can be moved without the folder. Of a folder at a URL it keeps that.
    """
    if is_remote(folder):
        return {"url": str(folder)}
    top, place = _plain(folder), _plain(directory)
    try:
        relative = os.path.relpath(top, place)
    except ValueError:
        # On Windows there is no way from one drive to another.
        return {"absolute": str(top)}
    inside = place.is_relative_to(top)
    return {"relative": relative} if inside else {"relative": relative, "absolute": str(top)}


@dataclass(frozen=True)
class Folders:
    """The folders of pictures of one index, and the file behind a row's path: `folders / row.path`.

    The first folder has the name "". Rows of its pictures hold paths relative to it, rows of another folder's
    "name//" and then the path relative to that one: two slashes in a row occur in no other path.

    tops: the folders by their names, as absolute paths; one at a URL as `images.folder_at` gives it.

    Example:
        >>> folders = Folders({"": Path("/photos"), "scans": Path("/disk/scans")})
        >>> (folders / "cat/1.jpg").as_posix(), (folders / "scans//a.png").as_posix()
        ('/photos/cat/1.jpg', '/disk/scans/a.png')
        >>> folders.path_of(Path("/disk/scans/a.png"))
        'scans//a.png'
    """

    tops: Mapping[str, Path]

    @classmethod
    def of(cls, folder: Path) -> Folders:
        """A folder alone."""
        return cls({"": _plain(folder)})

    def __truediv__(self, path: str) -> Path:
        """The file of the row with this `path`."""
        name, inside = split_path(path)
        return self.tops[name] / inside

    def __str__(self) -> str:
        """The folders, with commas between."""
        return ", ".join(map(str, self.tops.values()))

    @property
    def first(self) -> Path:
        """The folder that the index was made of at first."""
        return self.tops[""]

    def path_of(self, file: Path) -> str | None:
        """The path of `file` as a row has it; None where it lies in none of the folders on this machine."""
        here = {name: top for name, top in self.tops.items() if not is_remote(top)}
        named = _plain(file)
        # A picture reached through a link to a folder goes by its real path, where that is inside as well.
        # Not by `Path.resolve`, which up to Python 3.12 ends with an error at a link that leads to itself.
        real = Path(os.path.realpath(named.parent), named.name)
        for plain in (real, named, Path(os.path.realpath(file))):
            for name, top in here.items():
                for folder in (top, top.resolve()):
                    if plain.is_relative_to(folder):
                        return prefixed(name, plain.relative_to(folder).as_posix())
        return None

    def name_of(self, folder: Path) -> str | None:
        """The name of `folder` among them; None where it is none of them."""
        same = (name for name, top in self.tops.items() if top.resolve() == folder.resolve())
        return next(same, None)

    def extended(self, folder: Path) -> Folders:
        """These folders with one more, which is called by the last part of its path.

        Raises:
            OptionInvalid: it lies in one of them or around one: its pictures would be indexed twice.
        """
        _refuse_nested(folder, self.tops.values())
        name = printable(_plain(folder).name) or "folder"
        names = [name, *(f"{name}-{number}" for number in range(2, len(self.tops) + 3))]
        free = next(each for each in names if each not in self.tops)
        return Folders({**self.tops, free: _plain(folder)})

    def moved(self, name: str, folder: Path) -> Folders:
        """These folders, of which the one of this `name` is `folder` by now.

        Raises:
            OptionInvalid: it lies in another of them or around one.
        """
        _refuse_nested(folder, [top for other, top in self.tops.items() if other != name])
        return Folders({**self.tops, name: _plain(folder)})

    def references(
        self, directory: Path, known: Mapping[str, dict[str, str]] | None = None
    ) -> dict[str, dict[str, str]]:
        """What an index in `directory` keeps of them in its settings, to find them again.

        known: what it keeps so far, which stays of those that it leads to.
        """
        kept = {name: place for name, place in (known or {}).items() if name in self.tops}
        kept = {
            name: place for name, place in kept.items() if self.tops[name] in _candidates(place, directory)
        }
        return {name: kept.get(name) or folder_reference(top, directory) for name, top in self.tops.items()}


def _refuse_nested(folder: Path, tops: Iterable[Path]) -> None:
    for top in tops:
        if is_remote(top) != is_remote(folder):
            continue
        if folder.resolve().is_relative_to(top.resolve()):
            raise OptionInvalid(f"{folder} lies in {top}, which is indexed already: name {top}")
        if top.resolve().is_relative_to(folder.resolve()):
            raise OptionInvalid(
                f"{folder} is around {top}, whose pictures would be indexed twice: name another --index"
            )


def split_path(path: str) -> tuple[str, str]:
    """The name of the folder of a row's `path`, and the path relative to that folder.

    Example:
        >>> split_path("cat/1.jpg"), split_path("scans//a.png")
        (('', 'cat/1.jpg'), ('scans', 'a.png'))
    """
    name, separator, inside = path.partition(SEPARATOR)
    return (name, inside) if separator else ("", path)


def prefixed(name: str, path: str) -> str:
    """The path of a row for the file at `path` in the folder of this `name`; `split_path` undoes it."""
    return f"{name}{SEPARATOR}{path}" if name else path


def folders_of(index: Index) -> Folders:
    """The folders that `index` was made of, wherever they have been moved to.

    Of the places where one may be, the first that holds one of its first pictures; if none does, the first.

    Raises:
        IndexNotFound: `index` holds vectors of something else.
    """
    kept, first = dict(_references(index)), index.catalog.rows_of(index.first_ids(_LOOKED_FOR))
    return Folders({name: _found(name, kept[name], first, index.directory) for name in kept})


def refuse_remote(folders: Folders, command: str) -> None:
    """Refuse to go on where one of `folders` is at a URL.

    Raises:
        OptionInvalid: says which, and of what `command`.
    """
    for top in folders.tops.values():
        if is_remote(top):
            raise OptionInvalid(f"{command} needs pictures on this machine, and those of {top} are not")


def folder_of(index: Index) -> Path:
    """The folder that `index` was made of at first, as an absolute path."""
    return folders_of(index).first


def _references(index: Index) -> dict[str, dict[str, str]]:
    settings = index.settings
    # Until there could be several, an index kept its one folder as "folder".
    kept: dict[str, dict[str, str]] = settings.get("folders") or {"": settings.get("folder", {})}
    if not any(kept.values()) and not index.attachments:
        raise IndexNotFound(
            f"no index of pictures in {index.directory}, its vectors are of something else: "
            "make one with `retrieve index FOLDER`"
        )
    return kept


def _found(name: str, kept: dict[str, str], rows: Sequence[Row], directory: Path) -> Path:
    inside = [path for row_name, path in (split_path(row.path) for row in rows) if row_name == name]
    candidates = _candidates(kept, directory)
    if len(candidates) == 1:
        return candidates[0]
    holding = (top for top in candidates if any((top / path).exists() for path in inside))
    return next(holding, next((top for top in candidates if top.is_dir()), candidates[0]))


def _candidates(kept: Mapping[str, str], directory: Path) -> list[Path]:
    if "url" in kept:
        return [folder_at(kept["url"])]
    place = _plain(directory)
    relative = [_plain(place / kept["relative"])] if "relative" in kept else []
    absolute = [Path(kept["absolute"])] if "absolute" in kept else []
    return [*relative, *absolute] or [place.parent]


def _plain(path: Path) -> Path:
    if is_remote(path):
        return path
    # By the letter: a .retrieve that is a link to a larger disk still belongs to the folder it is in.
    return Path(os.path.normpath(path.absolute()))


def path_values(name: str, path: str | os.PathLike[str]) -> dict[str, str]:
    """`path` for JSON, under `name`: exactly as it is.

    A path that is not UTF-8 cannot be text: then bytes that are not are written as escapes, for reading, and
    `name`_bytes holds the path itself in base64, for `os.fsdecode(base64.b64decode(...))`.

    Example:
        >>> path_values("path", "caf\\udce9.jpg")
        {'path': 'caf\\\\xe9.jpg', 'path_bytes': 'Y2Fm6S5qcGc='}
    """
    text, encoded = str(path), os.fsencode(str(path))
    readable = encoded.decode("utf-8", "backslashreplace")
    if readable == text:
        return {name: text}
    return {name: readable, f"{name}_bytes": base64.b64encode(encoded).decode("ascii")}
