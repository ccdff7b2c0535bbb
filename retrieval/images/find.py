"""Which files in a folder are pictures, and which cannot be: each picture and each problem by its path."""

from __future__ import annotations

import errno
import os
import stat
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from index_store import RejectedFile

from ..errors import ImageUnreadable, NoPictures
from .formats import SIGNATURE_BYTES, is_other, picture_format, readable_suffixes, refused_suffixes
from .reasons import A_FOLDER, EMPTY, NOT_REGULAR, NOT_UTF8, printable, system_reason

UNREADABLE_FOLDER = "the folder cannot be read"
"""How the reason begins for which a folder in the scanned one was rejected."""

_HIDDEN_FOLDERS = frozenset({"__MACOSX"})

_Identity = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file that promises to be a picture.

    `path` is relative to the folder, with `/` between its parts; `size` in bytes and `mtime_ns` in
    nanoseconds since 1970 tell whether the file has changed since it was last looked at.
    """

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """How much a scan left out without naming it.

    hidden: files and folders whose name begins with a dot, and __MACOSX; a folder counts as one.
    other: files of other kinds, such as text, videos and archives.
    misnamed: files with the suffix of another kind that begin as a picture does, such as a JPEG named x.txt.
    """

    hidden: int = 0
    other: int = 0
    misnamed: int = 0

    @classmethod
    def sum(cls, parts: Iterable[Skipped]) -> Skipped:
        """What several scans left out."""
        counts = list(zip(*((each.hidden, each.other, each.misnamed) for each in parts), strict=True))
        return cls(*map(sum, counts))


@dataclass(frozen=True, slots=True)
class FolderScan:
    """What is in a folder: pictures and rejections by path, in order, and the counts of what was left out."""

    pictures: tuple[ImageFile, ...]
    rejections: tuple[RejectedFile, ...]
    skipped: Skipped = Skipped()


def find_images(folder: Path | str, *, skip: Collection[Path | str] = ()) -> FolderScan:
    """Find the pictures in `folder` and in the folders below it, without decoding any.

    A file counts as a picture by its suffix or, where the suffix says nothing, by its first bytes. Left
    out and counted: hidden files and folders, files of other kinds, and pictures named like those. Left out
    and not counted: the folders in `skip`. Rejected with a reason: pictures that Pillow does not read (SVG,
    camera raw, ...), empty files, names that are not UTF-8, folders that cannot be read, links that lead
    nowhere or to a folder that is read already. Links to folders are followed after all real folders, so
    that a picture goes by its real path if it has one.

    Raises:
        NoPictures: `folder` does not exist, is not a folder, or cannot be read. (A folder that holds no
            picture is no error here: `pictures` is empty.)

    Example:
        >>> scan = find_images("photos")
        >>> [found.path for found in scan.pictures], [rejected.path for rejected in scan.rejections]
        (['cat/1.jpg', 'dog.png'], ['empty.jpg'])
        >>> scan.skipped
        Skipped(hidden=1, other=3, misnamed=0)
    """
    root = Path(folder)
    _refuse_root(root)
    around = _identities(root.resolve().parents)
    search = _Search(root=root, skip=_identities(skip), around=around)
    search.read_tree("")
    search.follow_links()
    pictures = sorted(search.pictures, key=lambda file: file.path)
    return FolderScan(tuple(pictures), tuple(sorted(search.rejections)), Skipped(**search.skipped))


def find_files(folder: Path | str, paths: Iterable[str]) -> FolderScan:
    """What `find_images` would say of the files at these `paths`, relative to `folder`.

    Raises:
        ImageUnreadable: one is not there, or `find_images` would leave it out.
    """
    search = _Search(root=Path(folder), skip=frozenset(), around=frozenset())
    for path in paths:
        search.take(path)
    pictures = sorted(search.pictures, key=lambda file: file.path)
    return FolderScan(tuple(pictures), tuple(sorted(search.rejections)))


def _refuse_root(root: Path) -> None:
    name = printable(str(root))
    try:
        os.scandir(root).close()
    except FileNotFoundError as error:
        raise NoPictures(name, "there is no such folder") from error
    except NotADirectoryError as error:
        raise NoPictures(name, "it is a file, expected a folder of pictures") from error
    except OSError as error:
        raise NoPictures(name, f"the folder cannot be read: {system_reason(error)}") from error


def _identities(paths: Iterable[Path | str]) -> frozenset[_Identity]:
    return frozenset(_identity(Path(path)) for path in paths if Path(path).exists())


def _identity(path: Path) -> _Identity:
    facts = path.stat()
    return facts.st_dev, facts.st_ino


@dataclass(slots=True)
class _Search:
    """One walk through `root`. All paths are relative to it; "" is the folder itself."""

    root: Path
    skip: frozenset[_Identity]
    around: frozenset[_Identity]
    pictures: list[ImageFile] = field(default_factory=list)
    rejections: list[RejectedFile] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    folder_links: list[str] = field(default_factory=list)
    read_as: dict[_Identity, str] = field(default_factory=dict)

    def read_tree(self, top: str) -> None:
        """Read `top` and the real folders below it; links to folders are kept for later."""
        waiting = [top]
        while waiting:
            path = waiting.pop()
            try:
                if self._is_new(path):
                    waiting += self._read_folder(path)
            except OSError as error:
                self._reject(path, f"{UNREADABLE_FOLDER}: {system_reason(error)}")

    def take(self, path: str) -> None:
        """Take in the one file at `path`."""
        name, known = printable(str(self.root / path)), len(self.pictures) + len(self.rejections)
        try:
            mode = (self.root / path).stat().st_mode
        except OSError as error:
            raise ImageUnreadable(name, system_reason(error)) from error
        if not stat.S_ISREG(mode):
            raise ImageUnreadable(name, A_FOLDER if stat.S_ISDIR(mode) else NOT_REGULAR)
        above, _, last = path.rpartition("/")
        if any(is_hidden(part) for part in path.split("/")):
            raise ImageUnreadable(name, "it is hidden: rename it")
        with os.scandir(self.root / above) as entries:
            entry = next(entry for entry in entries if entry.name == last)
        (self._take_link if entry.is_symlink() else self._take_file)(entry, path)
        if len(self.pictures) + len(self.rejections) == known:
            raise ImageUnreadable(name, "its name or its contents are not those of a picture")

    def follow_links(self) -> None:
        while self.folder_links:
            links, self.folder_links = sorted(self.folder_links), []
            for link in links:
                self.read_tree(link)

    def _reject(self, path: str, reason: str) -> None:
        self.rejections.append(RejectedFile(printable(path), reason, *_size_and_mtime(self.root / path)))

    def _is_new(self, path: str) -> bool:
        identity = _identity(self.root / path)
        if identity in self.skip:
            return False
        if identity in self.around:
            self._reject(path, "the link leads to a folder around the one being read")
            return False
        if identity in self.read_as:
            known = self.read_as[identity] or "the top folder"
            self._reject(path, f"it leads to a folder that is read already: {known}")
            return False
        self.read_as[identity] = path
        return True

    def _read_folder(self, path: str) -> list[str]:
        """Take in the files of one folder; return the real folders in it, last first."""
        folders = []
        with os.scandir(self.root / path) as entries:
            for entry in entries:
                relative = f"{path}/{entry.name}" if path else entry.name
                if is_hidden(entry.name):
                    self.skipped["hidden"] += not self._is_in_skip(entry)
                elif entry.is_symlink():
                    self._take_link(entry, relative)
                elif entry.is_file():
                    self._take_file(entry, relative)
                elif not entry.is_dir():
                    self.skipped["other"] += 1
                elif self._has_usable_name(relative):
                    folders.append(relative)
        return sorted(folders, reverse=True)

    def _is_in_skip(self, entry: os.DirEntry[str]) -> bool:
        try:
            return bool(self.skip) and _identity(Path(entry.path)) in self.skip
        except OSError:  # a link that leads nowhere
            return False

    def _take_link(self, entry: os.DirEntry[str], relative: str) -> None:
        try:
            if entry.is_file():
                self._take_file(entry, relative)
            elif not entry.is_dir():
                entry.stat()  # fails, with the reason, for a link that leads nowhere
                self.skipped["other"] += 1
            elif self._has_usable_name(relative):
                self.folder_links.append(relative)
        except OSError as error:
            nowhere = error.errno == errno.ENOENT
            self._reject(relative, "the link leads to nothing" if nowhere else system_reason(error))

    def _take_file(self, entry: os.DirEntry[str], relative: str) -> None:
        suffix = suffix_of(entry.name)
        if is_other(suffix):
            self._count_other(entry)
            return
        try:
            if not (names_picture(suffix) or _begins_as_picture(entry)):
                self.skipped["other"] += 1
                return
            if not self._has_usable_name(relative):
                return
            facts = entry.stat()
        except OSError as error:
            self._reject(relative, system_reason(error))
            return
        if reason := refused_suffixes().get(suffix, "" if facts.st_size else EMPTY):
            self._reject(relative, reason)
        else:
            self.pictures.append(ImageFile(relative, facts.st_size, facts.st_mtime_ns))

    def _count_other(self, entry: os.DirEntry[str]) -> None:
        # To look into each such file takes about 20 µs, little beside what its neighbours take to decode.
        try:
            misnamed = _begins_as_picture(entry)
        except OSError:
            misnamed = False
        self.skipped["misnamed" if misnamed else "other"] += 1

    def _has_usable_name(self, relative: str) -> bool:
        # The catalogue, JSON and the terminal hold text; a name that is not text cannot come back from them.
        usable = printable(relative) == relative
        if not usable:
            self._reject(relative, NOT_UTF8)
        return usable


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this `name` is left out."""
    return name.startswith(".") or name in _HIDDEN_FOLDERS


def _size_and_mtime(path: Path) -> tuple[int, int]:
    """Bytes and nanoseconds since 1970 of a regular file; zeros for a folder and what cannot be asked."""
    try:
        facts = path.stat()
    except OSError:
        return 0, 0
    return (facts.st_size, facts.st_mtime_ns) if stat.S_ISREG(facts.st_mode) else (0, 0)


def suffix_of(name: str) -> str:
    """The lower-case suffix of a file's `name`, dot included; "" if it has none."""
    stem, dot, ending = name.rpartition(".")
    return f"{dot}{ending}".lower() if stem else ""


def names_picture(suffix: str) -> bool:
    """Whether the lower-case `suffix` is one of pictures, those that cannot be read included."""
    return suffix in readable_suffixes() or suffix in refused_suffixes()


def _begins_as_picture(entry: os.DirEntry[str]) -> bool:
    with Path(entry.path).open("rb", buffering=0) as file:
        return picture_format(file.read(SIGNATURE_BYTES)) is not None
