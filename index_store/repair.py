"""Mend an index: keep what is sound, rebuild what is derived, and name what is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import map_rows, row_dtypes
from .catalog import Catalog
from .checks import Ids, Mask, Vectors
from .files import writing
from .manifest import LIVING, Manifest
from .names import CATALOG, COPIES, IDS, VECTORS
from .rewrite import rewrite
from .rows import Row
from .swap import WriterLock, following, remove_strays, swap, writer_lock
from .verify import Fault, file_faults, verify


@dataclass(frozen=True, slots=True)
class Repair:
    """What `repair` did.

    repaired: the faults that were mended. lost: the paths of the files whose vectors were damaged and are no
    longer in the index; num_lost: how many vectors that are, with those whose path is lost as well.
    left: the faults that are still there. metadata: of the lost, by path, as far as they had some.
    """

    repaired: tuple[Fault, ...] = ()
    lost: tuple[str, ...] = ()
    num_lost: int = 0
    left: tuple[Fault, ...] = ()
    metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Salvage:
    """What can still be read of a damaged index: as much of a generation as `rewrite` needs."""

    manifest: Manifest
    ids: Ids
    vectors: Vectors
    copies: Vectors
    catalog: Catalog
    alive: Mask | None


def repair(directory: str | Path, *, lock: WriterLock | None = None) -> Repair:
    """Mend the index in `directory`: write what is sound of it anew, as one new generation.

    Vectors whose numbers or rows were damaged are left out: the caller can make them again from the files,
    which are like new ones. A sound index stays as it is. lock: the `writer_lock` of the directory, if it is
    held.

    Raises:
        IndexNotFound, FormatUnsupported: as in `verify`. IndexBusy: somebody writes to it.
        IndexDamaged: too little is left to go on with. IndexUnwritable: the disk refused.
    """
    directory = Path(directory)
    before = verify(directory).faults
    if not any(fault.repairable for fault in before):
        return Repair(left=before)
    used = writer_lock(directory) if lock is None else lock
    try:
        lost, num_lost = _write_anew(directory)
    finally:
        if lock is None:
            used.release()
    left = verify(directory).faults
    known = {str(fault) for fault in left}
    repaired = tuple(fault for fault in before if str(fault) not in known)
    metadata = {row.path: row.metadata for row in lost if row.metadata}
    return Repair(repaired, tuple(row.path for row in lost), num_lost, left, metadata)


def _write_anew(directory: Path) -> tuple[tuple[Row, ...], int]:
    """Save what is sound as a new generation; returns the rows that are lost, and how many vectors are."""
    manifest = Manifest.read(directory)
    source = _salvage(directory, manifest)
    try:
        with writing(directory):
            draft = rewrite(source, directory, directory, following(directory, manifest), keep=source.alive)
            try:
                draft.seal()
            finally:
                draft.close()
            swap(directory)
        lost = _lost_rows(source)
    finally:
        source.catalog.close()
    remove_strays(directory)
    kept = int(np.count_nonzero(source.alive)) if source.alive is not None else manifest.total
    return lost, manifest.count - kept


def _salvage(directory: Path, manifest: Manifest) -> Salvage:
    paths = {name: directory / stored.path for name, stored in manifest.files.items()}
    # Without a catalog nobody knows which pictures the vectors are of.
    catalog = Catalog.open(paths[CATALOG], manifest.generation, manifest.format_version)
    arrays = {
        name: _read_what_is_there(paths[name], row, manifest.total)
        for name, row in row_dtypes(manifest.dim, manifest.copy_dim).items()
    }
    keep = np.ones(manifest.total, dtype=bool)
    for fault in file_faults(directory, manifest):
        if fault.file == manifest.files[IDS].path and len(known := catalog.all_ids()) == manifest.total:
            arrays[IDS] = known
        else:
            keep[list(fault.positions)] = False
    keep[keep] = np.isin(arrays[IDS][keep], _sound_ids(catalog, arrays[IDS][keep], manifest))
    copies = arrays.get(COPIES, np.empty((manifest.total, 0), np.float32))
    return Salvage(manifest, arrays[IDS], arrays[VECTORS], copies, catalog, keep)


def _sound_ids(catalog: Catalog, ids: Ids, manifest: Manifest) -> Ids:
    """The ids of vectors that are held and whose rows, if they have some, can be read."""
    sound = np.array([row.id for row in catalog.readable_rows(ids)], dtype=np.int64)
    if manifest.rows == manifest.count or manifest.format_version < LIVING:
        return sound
    damaged, _, _ = catalog.examine()
    return np.setdiff1d(np.setdiff1d(ids, catalog.removed()), damaged)


def _lost_rows(source: Salvage) -> tuple[Row, ...]:
    """The sound rows whose vectors are not kept."""
    assert source.alive is not None
    gone = source.ids[~source.alive]
    return tuple(source.catalog.readable_rows(gone))


def _read_what_is_there(path: Path, row: np.dtype[Any], total: int) -> NDArray[Any]:
    """The rows of an array; zeros for those that its file no longer has."""
    try:
        there = min(path.stat().st_size // row.itemsize, total)
    except OSError:
        there = 0
    if there == total:
        return map_rows(path, row, total)
    padded = np.zeros(total, dtype=row)
    padded[:there] = map_rows(path, row, there)
    return padded
