"""The pictures among which copies are looked for: those of an index, and of folders beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index_store import Row

from ..embed import EmbeddedFile, embed
from ..encoder import Encoder
from ..images import find_images
from ..index_paths import Folders, is_indexed, refuse_remote, split_path
from ..progress import Progress
from ..retriever import Retriever

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ComparedPicture:
    """One picture: its file, what is known of it, and the folder that it belongs to."""

    path: Path
    row: Row
    folder: Path


@dataclass(frozen=True, slots=True, eq=False)
class ComparedPictures:
    """`pictures`, no file twice, and their `vectors` (n, d) float32 of unit length, all made by `encoder`.

    second: whether they are the encoder's vectors for copies; otherwise it has none, and they are latent.
    folders: those that pictures were taken from.
    """

    pictures: Sequence[ComparedPicture]
    vectors: Vectors
    encoder: Encoder
    second: bool
    folders: tuple[Path, ...]

    @classmethod
    def of(
        cls, retriever: Retriever, others: Sequence[Path] = (), progress: Progress | None = None
    ) -> ComparedPictures:
        """Those of the index of `retriever` and those in `others`.

        Where one of `others` is a folder of that index, only the folders that are named count of it. Another
        one is read from its own index where the same encoder made it, otherwise from its files.

        Raises:
            NoPictures: a folder is missing or holds none.
        """
        second = bool(retriever.encoder.copy_dim and retriever.index.copy_dim)
        inside = [name for other in others if (name := retriever.folders.name_of(other)) is not None]
        dim = retriever.index.copy_dim if second else retriever.index.dim
        found = list(_indexed(retriever, {"", *inside} if inside else None, second=second))
        for other in others:
            if retriever.folders.name_of(other) is None:
                found += _beside(retriever, other, progress or Progress(), second=second)
        kept = _each_file_once([picture for picture, _ in found])
        pictures = [found[at][0] for at in kept]
        vectors = np.array([found[at][1] for at in kept], dtype=np.float32).reshape(len(kept), dim)
        folders = tuple(dict.fromkeys(picture.folder for picture in pictures))
        return cls(pictures, vectors, retriever.encoder, second, folders)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.pictures)


def _indexed(
    retriever: Retriever, names: set[str] | None, *, second: bool
) -> Iterator[tuple[ComparedPicture, Vectors]]:
    """The pictures of an index, or of its folders of these `names`, with their vectors."""
    index, folders = retriever.index, retriever.folders
    refuse_remote(folders, "retrieve duplicates")
    vectors = index.copies() if second else index.vectors()
    for row, vector in zip(index.catalog.rows(), vectors, strict=True):
        name = split_path(row.path)[0]
        if names is None or name in names:
            yield ComparedPicture(folders / row.path, row, folders.tops[name]), vector


def _beside(
    retriever: Retriever, folder: Path, progress: Progress, *, second: bool
) -> list[tuple[ComparedPicture, Vectors]]:
    """The pictures of another folder, with vectors of the encoder of `retriever`."""
    if is_indexed(folder):
        other = Retriever.open(folder)
        if other.encoder.fingerprint == retriever.encoder.fingerprint:
            return list(_indexed(other, None, second=second))
        folders = other.folders
        return [
            found
            for name in folders.tops
            for found in _embedded(retriever, folders.tops[name], progress, second)
        ]
    return _embedded(retriever, folder, progress, second)


def _embedded(
    retriever: Retriever, folder: Path, progress: Progress, second: bool
) -> list[tuple[ComparedPicture, Vectors]]:
    scan = find_images(folder)
    tops, found = Folders.of(folder), []
    with progress.step(f"embed {folder.name}", len(scan.pictures)) as step:
        for each in embed(tops, scan.pictures, retriever.encoder):
            step.advance()
            if isinstance(each, EmbeddedFile):
                picture = ComparedPicture(tops / each.row.path, each.row, tops.first)
                vector = each.copy if second and each.copy is not None else each.vector
                found.append((picture, vector / np.linalg.norm(vector)))
    return found


def _each_file_once(pictures: Sequence[ComparedPicture]) -> list[int]:
    """Which to keep so that no file comes twice, by a link or in a folder named twice; real paths first."""
    first: dict[str, int] = {}
    for at, picture in enumerate(pictures):
        real = os.path.realpath(picture.path)
        if real not in first or (os.fspath(picture.path) == real and first[real] != at):
            first[real] = at
    return sorted(first.values())
