"""What has changed in folders since they were indexed: what is to be embedded, and what only moved."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from index_store import Catalog, RejectedFile, Row

from ..errors import ImageUnreadable
from ..images import UNREADABLE_FOLDER, FolderScan, ImageFile, read_file
from ..index_paths import split_path

REMOVED = "left out by `retrieve remove`: `retrieve add` takes it back"
"""The reason of files that were taken out of the index, but are still in the folder."""

_UNASSIGNED = -1

ContentsOf = Callable[[Sequence[str]], Iterable[str | None]]
"""The SHA-256 of each file, given by the paths of their rows; None where a file cannot be read."""


class Moved(NamedTuple):
    """A row before and after its file was renamed; of a copied file, the row of the other and its own."""

    before: Row
    after: Row


@dataclass(frozen=True, slots=True)
class FolderChanges:
    """What an index has to take up to be current again.

    embed: new and changed files. replaced: of the changed ones, the rows that go when the new come, by path.
    gone: rows whose files are no more. renamed: rows that keep their id and vector under another path.
    copied: files with the contents of a picture that is in the index, and stays there; their rows have no id
    yet. touched: rows whose files have another time, but the same contents. rejected: files to be rejected
    without another look. forgotten: paths of rejected files that are gone or may be pictures now.
    """

    embed: tuple[ImageFile, ...] = ()
    replaced: dict[str, Row] = field(default_factory=dict)
    gone: tuple[Row, ...] = ()
    renamed: tuple[Moved, ...] = ()
    copied: tuple[Moved, ...] = ()
    touched: tuple[Row, ...] = ()
    rejected: tuple[RejectedFile, ...] = ()
    forgotten: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return any(getattr(self, name) for name in self.__slots__)

    @classmethod
    def between(
        cls,
        catalog: Catalog,
        scan: FolderScan,
        contents_of: ContentsOf,
        *,
        folders: Collection[str] = ("",),
        leave: Collection[str] = (),
    ) -> FolderChanges:
        """Compare `scan`, of the `folders` of these names, with the rows in `catalog`.

        A file of the size and time of its row is the same. Of the others, those are read for their contents
        that have the size of any row: only they can be a picture that is known. Files in `leave` stay as
        they are, whatever they hold.
        """
        comparison = _Comparison.of(catalog, scan, frozenset(folders), frozenset(leave))
        return comparison.decided(catalog, contents_of)

    @classmethod
    def of_files(
        cls,
        catalog: Catalog,
        scan: FolderScan,
        contents_of: ContentsOf,
        *,
        is_missing: Callable[[Row], bool],
    ) -> FolderChanges:
        """What is to be done for the files in `scan` alone, whatever has become of all others.

        is_missing: whether the file of a row is gone; a file of the same contents is then that one, renamed.
        """
        rows = {file.path: row for file in scan.pictures if (row := catalog.find(file.path))}
        files = [file for file in scan.pictures if not _is_same(rows.get(file.path), file)]
        hashes = contents_of([file.path for file in files])
        contents = {file.path: sha256 for file, sha256 in zip(files, hashes, strict=True)}
        known = catalog.by_content(sorted({sha256 for sha256 in contents.values() if sha256}))
        lost = {row.id: row for rows in known.values() for row in rows if is_missing(row)}
        unusable = {row.id: row for one in scan.rejections if (row := catalog.find(one.path))}
        comparison = _Comparison(
            files=files,
            rows={file.path: rows[file.path] for file in files if file.path in rows},
            released=lost | unusable,
            sizes={file.size for file in files},
            rejected=scan.rejections,
            doubted={file.path for file in files if catalog.find_rejected(file.path)},
        )
        changes = comparison.decided(catalog, lambda paths: [contents[path] for path in paths])
        # What is named is looked at again, and told of, also if it was rejected before.
        return dataclasses.replace(
            changes,
            gone=tuple(row for row in changes.gone if row.id in unusable),
            forgotten=tuple(sorted(comparison.doubted)),
        )


@dataclass(frozen=True, slots=True)
class Update:
    """What has changed in an index, by the paths of the rows.

    renamed: pairs of the path before and after. copied: files with the contents of another picture.
    rejected: files that cannot be used, with the reason, as far as that was not known before.
    """

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    copied: tuple[str, ...] = ()
    rejected: tuple[RejectedFile, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything has changed."""
        return any(getattr(self, name) for name in self.__slots__)

    def __str__(self) -> str:
        """For a person, on one line.

        Example:
            >>> str(Update(new=("a.jpg", "b.jpg"), gone=("c.jpg",)))
            '+ 2 new, - 1 gone'
        """
        signs = {"new": "+ ", "gone": "- "}
        order = ("new", "gone", "renamed", "copied", "changed", "rejected")
        counts = ((name, len(getattr(self, name))) for name in order)
        return ", ".join(f"{signs.get(name, '')}{count:,} {name}" for name, count in counts if count)

    def to_json(self) -> dict[str, int]:
        """How many of each."""
        return {name: len(getattr(self, name)) for name in self.__slots__}

    def paths_to_json(self) -> dict[str, Any]:
        """The paths of each; of what was renamed before and after, of what was rejected with the reason."""
        paths = {name: list(getattr(self, name)) for name in self.__slots__}
        return {**paths, "rejected": {one.path: one.reason for one in self.rejected}}


@dataclass(slots=True)
class _Comparison:
    """What sizes and times tell.

    files: those that are not as the index has them; rows: of those that had one, by path. released: rows
    whose files are gone, by id. sizes: of all rows. doubted: rejected paths that may be rejected no more.
    """

    files: list[ImageFile]
    rows: dict[str, Row]
    released: dict[int, Row]
    sizes: set[int]
    rejected: tuple[RejectedFile, ...]
    doubted: set[str]

    @classmethod
    def of(
        cls, catalog: Catalog, scan: FolderScan, folders: frozenset[str], leave: frozenset[str]
    ) -> _Comparison:
        rejections = {one.path: one for one in catalog.rejected() if split_path(one.path)[0] in folders}
        found = {file.path: file for file in scan.pictures}
        hidden = _below_unreadable(scan)
        rows, released, sizes, same = {}, {}, set(), set()
        for row in catalog.rows():
            sizes.add(row.size)
            file = found.get(row.path)
            if row.path in leave or (file and _is_same(row, file)):
                same.add(row.path)
            elif file is not None:
                rows[row.path] = row
            elif split_path(row.path)[0] in folders and not hidden(row.path):
                released[row.id] = row
        known = {path for path, one in rejections.items() if _is_unchanged(one, found.get(path))}
        kept = same | known | leave
        files = [file for file in scan.pictures if file.path not in kept]
        rejected = tuple(one for one in scan.rejections if rejections.get(one.path) != one)
        doubted = set(rejections) - known - leave - {one.path for one in scan.rejections}
        return cls(files, rows, released, sizes, rejected, doubted)

    def decided(self, catalog: Catalog, contents_of: ContentsOf) -> FolderChanges:
        doubtful = [file for file in self.files if file.size in self.sizes]
        hashes = contents_of([file.path for file in doubtful]) if doubtful else ()
        contents = {file.path: sha256 for file, sha256 in zip(doubtful, hashes, strict=True) if sha256}
        touched = [
            _with_file(row, file)
            for file in doubtful
            if (row := self.rows.get(file.path)) and row.sha256 == contents.get(file.path)
        ]
        same = {row.path for row in touched}
        released = self.released | {row.id: row for path, row in self.rows.items() if path not in same}
        moving = [file for file in self.files if file.path not in same]
        renamed, copied, embed = _placed(moving, contents, catalog, released)
        for move in renamed:
            del released[move.before.id]
        coming = {file.path for file in embed} | {move.after.path for move in copied}
        return FolderChanges(
            embed=tuple(embed),
            replaced={row.path: row for row in released.values() if row.path in coming},
            gone=tuple(row for row in released.values() if row.path not in coming),
            renamed=tuple(renamed),
            copied=tuple(copied),
            touched=tuple(touched),
            rejected=self.rejected,
            forgotten=tuple(sorted(self.doubted - {file.path for file in embed})),
        )


def _placed(
    files: Iterable[ImageFile], contents: dict[str, str], catalog: Catalog, released: dict[int, Row]
) -> tuple[list[Moved], list[Moved], list[ImageFile]]:
    """Which of `files` are pictures that the index knows, renamed or copied, and which are to be embedded.

    A file takes over the row of a released picture of its contents; where none is left, it is a copy.
    """
    known = catalog.by_content(sorted(set(contents.values()))) if contents else {}
    free = defaultdict(list)
    for sha256, rows in known.items():
        free[sha256] = [row for row in reversed(rows) if row.id in released]
    renamed: list[Moved] = []
    copied: list[Moved] = []
    embed: list[ImageFile] = []
    for file in files:
        sha256 = contents.get(file.path, "")
        rows = known.get(sha256, [])
        if free[sha256]:
            before = free[sha256].pop()
            renamed.append(Moved(before, _with_file(before, file)))
        elif rows:
            copy = dataclasses.replace(_with_file(rows[0], file), id=_UNASSIGNED, metadata={})
            copied.append(Moved(rows[0], copy))
        else:
            embed.append(file)
    return renamed, copied, embed


def has_contents(path: Path, row: Row) -> bool:
    """Whether the file at `path` can be read, and holds what `row` was made of."""
    try:
        return path.stat().st_size == row.size and read_file(path)[1].sha256 == row.sha256
    except (OSError, ImageUnreadable):
        return False


def _is_same(row: Row | None, file: ImageFile) -> bool:
    return row is not None and (row.size, row.mtime_ns) == (file.size, file.mtime_ns)


def _with_file(row: Row, file: ImageFile) -> Row:
    return dataclasses.replace(row, path=file.path, size=file.size, mtime_ns=file.mtime_ns)


def _is_unchanged(rejected: RejectedFile, file: ImageFile | None) -> bool:
    """Whether `file` was rejected for its contents, which are the same."""
    if file is None or rejected.mtime_ns == 0:
        return False
    return (rejected.size, rejected.mtime_ns) == (file.size, file.mtime_ns)


def _below_unreadable(scan: FolderScan) -> Callable[[str], bool]:
    """Whether a path lies in a folder that could not be read: what is in there now, nobody knows."""
    tops = tuple(
        f"{one.path}/" for one in scan.rejections if one.path and one.reason.startswith(UNREADABLE_FOLDER)
    )
    return lambda path: bool(tops) and path.startswith(tops)
