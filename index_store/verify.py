"""Whether an index is sound, in full: what is wrong with which file, and what of it `repair` can mend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .arrays import row_dtypes
from .catalog import Catalog
from .checks import Depth, Ids
from .errors import IndexDamaged
from .files import altered_spans, damage, has_wrong_size
from .generation import Generation
from .manifest import LIVING, Manifest
from .names import CATALOG, COPIES, CORE, MANIFEST, SEARCH
from .searchers import FlatSearcher

_SAMPLE = 100
_DEEP_SAMPLE = 1000
_NEIGHBORS = 10

AGAIN = "bring it back from a backup, or make the index anew"
REPAIR = "repair the index"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with an index.

    file: its name on disk. fault: what is wrong with it. way_out: what to do. repairable: whether `repair`
    mends it. positions: of the vectors in the files that are lost with it.
    """

    file: str
    fault: str
    way_out: str
    repairable: bool = False
    positions: tuple[int, ...] = ()

    def __str__(self) -> str:
        """The fault as one sentence."""
        return f"{self.file} {self.fault}: {self.way_out}"


@dataclass(frozen=True, slots=True)
class Report:
    """What `verify` found.

    faults: none if the index is sound. count, rows, removed: vectors held, how many of them have a row, and
    vectors removed but still in the files. recall: the share of the ten nearest by exact search that the
    search structure finds, over a sample of the stored vectors; None where there is none to compare.
    """

    faults: tuple[Fault, ...]
    count: int = 0
    rows: int = 0
    removed: int = 0
    recall: float | None = None


def verify(directory: str | Path, *, deep: bool = False) -> Report:
    """Compare everything in the index in `directory` with the manifest, and with each other; change nothing.

    deep: ask the search structure for ten times as many vectors.

    Raises:
        IndexNotFound, FormatUnsupported: no index there, or one of another version.
    """
    directory = Path(directory)
    try:
        manifest = Manifest.read(directory)
    except IndexDamaged as err:
        return Report((Fault(MANIFEST, f"is damaged ({err})", AGAIN),))
    report = _verify(directory, manifest, deep=deep)
    if report.faults and Manifest.read(directory) != manifest:
        # A writer has saved another generation since, and removed files of this one.
        return verify(directory, deep=deep)
    return report


def open_checked(directory: Path, check: Depth) -> Generation:
    """Open the current generation; "full" also compares the catalog with itself and with the ids.

    Raises:
        IndexNotFound, IndexDamaged, FormatUnsupported: as the messages say.
    """
    generation = Generation.open(directory, check)
    if check == "full":
        try:
            faults = [*content_faults(generation.catalog, generation.ids, generation.manifest)]
            if faults:
                raise damage(directory, [f"{directory / fault.file} {fault.fault}" for fault in faults])
        except BaseException:
            generation.close()
            raise
    return generation


def _verify(directory: Path, manifest: Manifest, *, deep: bool) -> Report:
    faults = [*file_faults(directory, manifest)]
    counts = (manifest.count, manifest.rows, manifest.removed)
    needed = {stored.path for name, stored in manifest.files.items() if name in (*CORE, COPIES)}
    if needed & {fault.file for fault in faults}:
        return Report(tuple(faults), *counts)
    try:
        generation = Generation(directory, manifest)
    except IndexDamaged as err:
        return Report((*faults, Fault(manifest.files[CATALOG].path, f"is damaged ({err})", AGAIN)), *counts)
    try:
        faults += content_faults(generation.catalog, generation.ids, manifest)
        recall = None if faults else _recall(generation, _DEEP_SAMPLE if deep else _SAMPLE)
    finally:
        generation.close()
    return Report(tuple(faults), manifest.count, generation.manifest.rows, manifest.removed, recall)


def file_faults(directory: Path, manifest: Manifest) -> Iterator[Fault]:
    """What is wrong with the sizes and contents of the files, by the checksums of their blocks."""
    item_bytes = {name: row.itemsize for name, row in row_dtypes(manifest.dim, manifest.copy_dim).items()}
    for name, stored in manifest.files.items():
        path = directory / stored.path
        repairable = name in item_bytes or name == SEARCH
        try:
            size = path.stat().st_size
            bad = altered_spans(path, stored)
        except OSError as err:
            # Of what is made from other files nothing is lost; a missing array may be in a backup.
            fault = f"cannot be read ({err.strerror or err})"
            yield Fault(stored.path, fault, _way_out(name == SEARCH), name == SEARCH)
            continue
        if has_wrong_size(name, size, stored):
            fault = f"has {size} bytes, expected {stored.size}"
        elif bad:
            fault = (
                f"was altered in {len(bad)} of {len(stored.sums)} blocks, which do not match their checksums"
            )
        else:
            continue
        lost = _positions(bad, item_bytes[name], manifest.total) if name in item_bytes else ()
        yield Fault(stored.path, fault, _way_out(repairable), repairable, lost)


def content_faults(catalog: Catalog, ids: Ids, manifest: Manifest) -> Iterator[Fault]:
    """What is wrong within the catalog, and between it and the ids (n,) of all vectors."""
    name = catalog.path.name
    try:
        told = [text for (text,) in catalog.select("PRAGMA integrity_check(5)")]
        removed = catalog.removed()
        damaged, row_ids, unfound = catalog.examine()
        rejected = catalog.num_rejected() - len(catalog.sound_rejected())
    except IndexDamaged as err:
        yield Fault(name, f"cannot be read whole ({err.__cause__ or err})", REPAIR, True)
        return
    if told != ["ok"]:
        yield Fault(name, f"is no sound database ({'; '.join(told)})", REPAIR, True)
    if len(damaged):
        lost = tuple(np.flatnonzero(np.isin(ids, damaged)).tolist())
        yield Fault(name, f"was altered in {len(damaged)} rows", REPAIR, True, lost)
    if rejected:
        yield Fault(name, f"was altered in {rejected} rejected files", REPAIR, True)
    if unfound:
        yield Fault(name, f"does not find {unfound} rows by their path or contents", REPAIR, True)
    ascending = bool((np.diff(ids) > 0).all())
    if not ascending or (len(ids) and not 0 <= ids[0] <= ids[-1] < manifest.next_id):
        yield Fault(name, "has ids that do not ascend, or were never given", AGAIN)
    held = np.setdiff1d(ids, removed, assume_unique=ascending)
    if len(held) != manifest.count or not np.isin(removed, ids).all():
        yield Fault(name, f"holds {len(held)} vectors, expected {manifest.count}", REPAIR, True)
    rows = manifest.rows if manifest.format_version >= LIVING else len(row_ids) + len(damaged)
    if len(row_ids) + len(damaged) != rows or not np.isin(row_ids, held).all():
        yield Fault(name, f"has {len(row_ids)} sound rows of vectors held, expected {rows}", REPAIR, True)


def _way_out(repairable: bool) -> str:
    return REPAIR if repairable else AGAIN


def _positions(spans: list[tuple[int, int]], item_bytes: int, total: int) -> tuple[int, ...]:
    """The rows of an array that lie, in part at least, in these spans of bytes."""
    lost: set[int] = set()
    for start, stop in spans:
        lost.update(range(start // item_bytes, min(-(-stop // item_bytes), total)))
    return tuple(sorted(lost))


def _recall(generation: Generation, sample: int) -> float | None:
    """How many of the nearest vectors by exact search the saved structure finds."""
    manifest = generation.manifest
    searcher = generation.searcher()
    if not searcher.derived or not manifest.total:
        return None
    asked = np.random.default_rng(0).choice(manifest.total, min(sample, manifest.total), replace=False)
    queries = np.ascontiguousarray(generation.vectors[np.sort(asked)])
    _, found = searcher.search(queries, _NEIGHBORS)
    _, exact = FlatSearcher(generation.vectors, manifest.metric).search(queries, _NEIGHBORS)
    shared = sum(len(np.intersect1d(*pair)) for pair in zip(found, exact, strict=True))
    return shared / exact.size
