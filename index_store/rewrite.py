"""An index written anew, in new files: without what was removed, in the current format, in another place."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from .catalog import Catalog
from .checks import Ids, Mask, Vectors
from .draft import Draft
from .files import BLOCK, StoredFile, altered_spans, check_files, describe_file
from .manifest import FORMAT_VERSION, Manifest
from .names import OWN
from .rows import Row

# Vectors that are copied at a time.
_STEP = 10_000


class Source(Protocol):
    """What is written anew: a generation, or what is left of one."""

    @property
    def manifest(self) -> Manifest:
        """What it is."""

    @property
    def ids(self) -> Ids:
        """All ids, (n,) int64."""

    @property
    def vectors(self) -> Vectors:
        """All vectors, (n, dim) float32."""

    @property
    def copies(self) -> Vectors:
        """All second vectors, (n, copy_dim) float32."""

    @property
    def alive(self) -> Mask | None:
        """Which of them are held, (n,) bool; None for all."""

    @property
    def catalog(self) -> Catalog:
        """Their rows."""


def rewrite(
    source: Source,
    source_directory: Path,
    directory: Path,
    place: Manifest,
    *,
    keep: Mask | None = None,
) -> Draft:
    """A draft in `directory` with all that `source` holds, or what `keep` says of it.

    `place` has the generation and the next id: ids below it are those of the index that is there. Those of
    `source` are kept where they are not among them, and moved behind them otherwise.

    Raises:
        IndexDamaged: a file of `source` was altered. It would get a valid checksum.
    """
    saved = source.manifest
    if keep is None:
        check_files(source_directory, saved.files, "full")
        keep = source.alive
    positions = np.arange(saved.total) if keep is None else np.flatnonzero(keep)
    same_place = source_directory == directory
    first = int(source.ids[0]) if len(source.ids) else 0
    shift = 0 if same_place else max(0, place.next_id - first)
    next_id = max(place.next_id, saved.next_id + shift)
    manifest = dataclasses.replace(
        saved,
        generation=place.generation,
        count=0,
        removed=0,
        rows=0,
        next_id=next_id,
        files=_attachments(directory, saved) if same_place else {},
        format_version=FORMAT_VERSION,
    )
    draft = Draft.create(directory, manifest)
    try:
        _copy_vectors(source, draft, positions, shift)
        for rejected in source.catalog.sound_rejected():
            draft.catalog.reject(rejected)
        if not same_place:
            for name in (name for name in saved.files if name not in OWN):
                draft.attach(name, source_directory / saved.files[name].path)
    except BaseException:
        draft.close()
        raise
    return draft


def _attachments(directory: Path, saved: Manifest) -> dict[str, StoredFile]:
    """The attached files, which stay as they are, with checksums of the current format."""
    return {
        name: file if file.block == BLOCK else _in_blocks(directory / file.path, file)
        for name, file in saved.files.items()
        if name not in OWN
    }


def _in_blocks(path: Path, file: StoredFile) -> StoredFile:
    """A file that was one block, whatever its size, in blocks; a damaged one gets sums that do not match."""
    try:
        sound = path.stat().st_size == file.size and not altered_spans(path, file)
    except OSError:
        sound = False
    if sound:
        return describe_file(path)
    return StoredFile(file.path, file.size, file.sums * -(-file.size // BLOCK))


def _copy_vectors(source: Source, draft: Draft, positions: Ids, shift: int) -> None:
    for start in range(0, len(positions), _STEP):
        step = positions[start : start + _STEP]
        ids = source.ids[step]
        draft.append(
            np.ascontiguousarray(source.vectors[step]),
            _rows_among(source, ids, shift),
            np.ascontiguousarray(source.copies[step]) if source.manifest.copy_dim else None,
            ids + shift,
        )


def _rows_among(source: Source, ids: Ids, shift: int) -> Sequence[Row]:
    return [dataclasses.replace(row, id=row.id + shift) for row in source.catalog.rows_among(ids)]
