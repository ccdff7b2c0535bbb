"""Taking up into an index what has changed in its folders."""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import TypeVar

import numpy as np

from index_store import Index, RejectedFile, Row, writer_lock

from ..embed import Embed, EmbeddedFile, embed
from ..encoder import Encoder
from ..errors import ImageUnreadable, NoPictures
from ..images import FolderScan, ImageFile, Skipped, find_images, find_remote, is_remote, read_file
from ..index_paths import Folders, folders_of, prefixed
from ..models import encoder_of
from ..parallel import in_order
from ..progress import Progress, Step
from .changes import ContentsOf, FolderChanges, Moved, Update
from .made import complete, refuse_emptied, take_up_folders
from .settling import Settling

COMMIT_SECONDS = 30.0
COMMIT_PICTURES = 10_000
"""How much work a crash can undo at most: the pictures of so many seconds, and no more than these."""

_BATCH = 512
_MOST_DEAD = 0.25

Item = TypeVar("Item")
File = TypeVar("File", ImageFile, RejectedFile)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Python looks for none inside: among many files and rows, which are not, that takes ever longer."""
    was_looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_looking:
            gc.enable()


@_no_garbage()
def scan_folders(folders: Folders, names: Iterable[str], *, skip: Sequence[Path] = ()) -> FolderScan:
    """The pictures in the folders of these `names`, by the paths of their rows.

    Raises:
        NoPictures: one of them is not there or cannot be read.
    """
    pictures: list[ImageFile] = []
    rejections: list[RejectedFile] = []
    skipped: list[Skipped] = []
    for name in names:
        top = folders.tops[name]
        found = find_remote(top) if is_remote(top) else find_images(top, skip=skip)
        pictures += called(name, found.pictures)
        rejections += called(name, found.rejections)
        skipped += [found.skipped]
    return FolderScan(tuple(pictures), tuple(rejections), Skipped.sum(skipped))


def called(name: str, files: Sequence[File]) -> Sequence[File]:
    """`files` of the folder of this name, by the paths of their rows."""
    return [dataclasses.replace(file, path=prefixed(name, file.path)) for file in files] if name else files


def contents_in(folders: Folders) -> ContentsOf:
    """What reads files of `folders` for the SHA-256 of their contents, on all processors."""

    def sha256_of(path: str) -> str | None:
        try:
            return read_file(folders / path)[1].sha256
        except ImageUnreadable:
            return None

    return lambda paths: in_order(sha256_of, paths)


def take_up(
    index: Index,
    folders: Folders,
    changes: FolderChanges,
    encoder: Encoder,
    progress: Progress,
    embedding: Embed | None = None,
) -> Update:
    """Bring `index` up to `changes`; on the way it is saved every half minute or 10,000 pictures.

    The last of it is not saved yet. Nothing that was committed is embedded again if this is interrupted: the
    next comparison of folder and index finds what is left to do.

    Raises:
        NoPictures: afterwards the index would be empty, for not one of the files can be read.
    """
    _take_up_rows(index, changes)
    rejected, known = _embed(index, folders, changes, encoder, progress, embedding)
    if len(index) == 0 and rejected:
        last = rejected[-1]
        raise NoPictures(
            str(folders),
            f"none of {len(rejected)} files can be read, the last is {last.path}: {last.reason}",
        )
    if index.removed > _MOST_DEAD * (index.removed + len(index)):
        with progress.step("compact"):
            index.compact()
    unread = {one.path for one in rejected}
    read = [file.path for file in changes.embed if file.path not in unread]
    fresh = [move.after.path for move in changes.copied]
    return Update(
        new=tuple(path for path in read if path not in changes.replaced),
        changed=tuple(path for path in [*read, *fresh] if path in changes.replaced),
        gone=tuple(row.path for row in changes.gone)
        + tuple(path for path in changes.replaced if path in unread),
        renamed=tuple((move.before.path, move.after.path) for move in changes.renamed),
        copied=tuple(path for path in fresh if path not in changes.replaced),
        rejected=(*changes.rejected, *(one for one in rejected if one.path not in known)),
    )


def _take_up_rows(index: Index, changes: FolderChanges) -> None:
    """All that needs no encoder."""
    if changes.gone:
        index.remove([row.id for row in changes.gone])
    if moved := [*(move.after for move in changes.renamed), *changes.touched]:
        index.update_rows(moved)
    if changes.forgotten:
        index.forget_rejected(changes.forgotten)
    for rejected in changes.rejected:
        index.reject(rejected)
    copied = iter(changes.copied)
    while batch := list(islice(copied, _BATCH)):
        _copy(index, batch, changes.replaced)


def _copy(index: Index, moves: Sequence[Moved], replaced: dict[str, Row]) -> None:
    ids = [move.before.id for move in moves]
    vectors, copies = index.vectors(ids), index.copies(ids) if index.manifest.copy_dim else None
    _remove_replaced(index, (move.after.path for move in moves), replaced)
    index.add(vectors, [move.after for move in moves], copies=copies)


def _remove_replaced(index: Index, paths: Iterable[str], replaced: dict[str, Row]) -> None:
    if ids := [replaced[path].id for path in paths if path in replaced]:
        index.remove(ids)


def _embed(
    index: Index,
    folders: Folders,
    changes: FolderChanges,
    encoder: Encoder,
    progress: Progress,
    embedding: Embed | None,
) -> tuple[list[RejectedFile], set[str]]:
    """Embed what is to be embedded; returns what is rejected, and the paths of what was so before."""
    rejected: list[RejectedFile] = []
    known: set[str] = set()
    if not changes.embed:
        return rejected, known
    saved, waiting = monotonic(), 0
    with progress.step("embed", total=len(changes.embed)) as step:
        embedded = _advancing((embedding or embed)(folders, changes.embed, encoder), step)
        while batch := list(islice(embedded, _BATCH)):
            _remove_replaced(index, map(_path_of, batch), changes.replaced)
            unusable = [item for item in batch if isinstance(item, RejectedFile)]
            known |= {one.path for one in unusable if index.catalog.find_rejected(one.path) == one}
            for one in unusable:
                if one.path not in known:
                    index.reject(one)
            rejected += unusable
            _add(index, [item for item in batch if isinstance(item, EmbeddedFile)], changes.replaced)
            waiting += len(batch)
            if waiting >= COMMIT_PICTURES or monotonic() - saved >= COMMIT_SECONDS:
                index.save()
                saved, waiting = monotonic(), 0
    return rejected, known


def _path_of(item: EmbeddedFile | RejectedFile) -> str:
    return item.path if isinstance(item, RejectedFile) else item.row.path


def _add(index: Index, pictures: Sequence[EmbeddedFile], replaced: dict[str, Row]) -> None:
    if pictures:
        vectors = np.stack([one.vector for one in pictures])
        copies = [one.copy for one in pictures if one.copy is not None]
        rows = [_keeping_metadata(one.row, replaced) for one in pictures]
        index.add(vectors, rows, copies=np.stack(copies) if copies else None)


def _keeping_metadata(row: Row, replaced: dict[str, Row]) -> Row:
    before = replaced.get(row.path)
    return dataclasses.replace(row, metadata=before.metadata) if before else row


def _advancing(items: Iterator[Item], step: Step) -> Iterator[Item]:
    for item in items:
        step.advance()
        yield item


def bring_up_to_date(
    index: Index,
    folders: Folders,
    scan: FolderScan,
    encoder: Encoder,
    progress: Progress,
    *,
    directory: Path,
    names: Collection[str],
    settling: Settling | None = None,
    embedding: Embed | None = None,
) -> Update:
    """Compare `index` with `scan`, of those `folders` with these `names`; take up what has changed, and save.

    directory: where the index lies in the end. settling: what leaves for later what is in motion. embedding:
    what embeds the new and changed ones; `embed` by default.
    """
    take_up_folders(index, folders, directory)
    settling = settling or Settling(0.0)
    leave = settling.unsettled(scan.pictures)
    with _no_garbage():
        changes = FolderChanges.between(index.catalog, scan, contents_in(folders), folders=names, leave=leave)
    changes = settling.settled(changes)
    taken = take_up(index, folders, changes, encoder, progress, embedding)
    # What was skipped was counted of all folders, or is not known.
    complete(index, scan.skipped if len(names) == len(folders.tops) else None)
    with progress.step("save"):
        index.save()
    return taken


def update_folders(directory: Path, progress: Progress, *, settling: Settling | None = None) -> Update:
    """Take up all that has changed in the folders of the index in `directory`.

    settling: what leaves for later what is in motion; by default nothing is.

    Raises:
        NoPictures: a folder is missing, or suddenly empty. IndexBusy: somebody else is writing the index.
    """
    with writer_lock(directory) as lock, Index.open(directory, lock=lock) as index:
        folders = folders_of(index)
        with progress.step("find pictures"):
            scan = scan_folders(folders, folders.tops, skip=[directory])
        refuse_emptied(index, folders, folders.tops, scan)
        return bring_up_to_date(
            index,
            folders,
            scan,
            encoder_of(index),
            progress,
            directory=directory,
            names=folders.tops.keys(),
            settling=settling,
        )
