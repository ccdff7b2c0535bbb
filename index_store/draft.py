"""The next generation of an index, while a writer fills it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from .arrays import ArrayFile, alive_mask, positions_of, row_dtypes
from .catalog_draft import CatalogDraft
from .checks import Ids, Mask, Vectors
from .errors import OptionInvalid
from .files import BlockSums, StoredFile, read_chunks, settle_file, write_file
from .manifest import FORMAT_VERSION, Manifest
from .names import CATALOG, COPIES, IDS, OWN, SEARCH, VECTORS, real_name
from .rows import Row
from .searchers import FlatSearcher, Searcher, stays_in_force, up_to_date
from .swap import stage_manifest


class Draft:
    """What the manifest on disk does not name yet: rows behind those that count, catalog changes, files.

    `manifest` says how many vectors count: an `append` that is interrupted does not change it, and the next
    overwrites what that one left. Methods raise OSError or sqlite3.OperationalError when the disk refuses.
    """

    def __init__(
        self, directory: Path, manifest: Manifest, arrays: dict[str, ArrayFile], catalog: CatalogDraft
    ) -> None:
        """Use `create` or `extend`."""
        self.manifest = manifest
        self.catalog = catalog
        self._directory = directory
        self._arrays = arrays
        self._alive: Mask | None = None

    @classmethod
    def create(cls, directory: Path, manifest: Manifest) -> Draft:
        """Begin an empty generation, in new files."""
        return cls._begin(directory, manifest, None, {})

    @classmethod
    def extend(cls, directory: Path, saved: Manifest, sums: Mapping[str, BlockSums] | None = None) -> Draft:
        """Begin the generation after `saved`, in the same arrays and catalog.

        `sums` are those of its arrays, where they were compared already.

        Raises:
            IndexDamaged: the last block of an array was altered. It would get a valid checksum.
        """
        files = {name: file for name, file in saved.files.items() if name not in (*OWN,) or name == SEARCH}
        manifest = dataclasses.replace(
            saved, generation=saved.generation + 1, files=files, format_version=FORMAT_VERSION
        )
        return cls._begin(directory, manifest, saved, sums or {})

    @classmethod
    def _begin(
        cls, directory: Path, manifest: Manifest, saved: Manifest | None, sums: Mapping[str, BlockSums]
    ) -> Draft:
        def path_of(name: str) -> Path:
            real = saved.files[name].path if saved else real_name(name, manifest.generation)
            return directory / real

        with ExitStack() as opened:
            arrays = {}
            for name, row in row_dtypes(manifest.dim, manifest.copy_dim).items():
                stored = saved.files[name] if saved else None
                array = ArrayFile(path_of(name), row, stored, sums.get(name))
                arrays[name] = opened.enter_context(closing(array))
            if saved:
                catalog = CatalogDraft.resume(path_of(CATALOG), manifest.generation, manifest.next_id)
            else:
                catalog = CatalogDraft.create(path_of(CATALOG), manifest.generation)
            opened.pop_all()
            return cls(directory, manifest, arrays, catalog)

    @property
    def vectors(self) -> Vectors:
        """All vectors so far, removed ones too, (n, dim) float32, memory-mapped."""
        return self._arrays[VECTORS].read(self.manifest.total)

    @property
    def copies(self) -> Vectors:
        """The second vectors of all, (n, copy_dim) float32, memory-mapped."""
        if COPIES not in self._arrays:
            return np.empty((self.manifest.total, 0), dtype=np.float32)
        return self._arrays[COPIES].read(self.manifest.total)

    @property
    def ids(self) -> Ids:
        """The ids of all, (n,) int64, ascending."""
        return self._arrays[IDS].read(self.manifest.total)

    @property
    def alive(self) -> Mask | None:
        """Which of all vectors are held, (n,) bool; None where no vector was removed."""
        if self._alive is None and self.manifest.removed:
            self._alive = alive_mask(self.ids, self.catalog.removed())
        return self._alive

    @property
    def sums(self) -> dict[str, BlockSums]:
        """The sums of the arrays, which the next generation can go on from."""
        return {name: array.sums for name, array in self._arrays.items()}

    def searcher(self) -> Searcher:
        """An exact searcher over all vectors so far: a search structure is brought up to date by `seal`."""
        return FlatSearcher(self.vectors, self.manifest.metric)

    def copy_searcher(self) -> Searcher:
        """The same over the second vectors."""
        return FlatSearcher(self.copies, self.manifest.metric)

    def append(
        self,
        vectors: Vectors,
        rows: Sequence[Row] | None,
        copies: Vectors | None = None,
        ids: Ids | None = None,
    ) -> Ids:
        """Add checked vectors with their checked rows; `ids` where they have some already."""
        total, next_id = self.manifest.total, self.manifest.next_id
        if ids is None:
            ids = np.arange(next_id, next_id + len(vectors), dtype=np.int64)
        self._arrays[VECTORS].append(vectors, at=total)
        self._arrays[IDS].append(ids, at=total)
        if copies is not None:
            self._arrays[COPIES].append(copies, at=total)
        if rows is not None:
            self.catalog.add(rows, ids[: len(rows)] if len(rows) == len(ids) else [row.id for row in rows])
        self._change(
            count=self.manifest.count + len(ids),
            rows=self.manifest.rows + len(rows or ()),
            next_id=max(next_id, int(ids[-1]) + 1) if len(ids) else next_id,
        )
        return ids

    def remove(self, ids: Sequence[int]) -> None:
        """Let the vectors with these ids, which are held, no longer be held."""
        rows = self.catalog.remove(ids)
        self._change(
            count=self.manifest.count - len(ids),
            removed=self.manifest.removed + len(ids),
            rows=self.manifest.rows - rows,
        )

    def held_positions(self, ids: Sequence[int] | Ids) -> Ids:
        """The positions (m,) of these ids. Raises IdsUnknown for those that are not held."""
        return positions_of(ids, self.ids, self._directory, self.alive)

    def attach(self, name: str, source: str | Path | bytes) -> None:
        """Copy a file into the generation."""
        stored = write_file(self._path(name), _chunks(source))
        self._change(files={**self.manifest.files, name: stored})

    def change(self, **values: object) -> None:
        """Change other fields of the manifest."""
        self._change(**values)

    def detach(self, name: str) -> None:
        """Leave a file out of the generation."""
        self._change(files={key: file for key, file in self.manifest.files.items() if key != name})

    def seal(self) -> None:
        """Write everything to the disk, with the manifest staged for `swap`. May be repeated if it fails."""
        files = dict(self.manifest.files)
        for name, array in self._arrays.items():
            array.sync()
            files[name] = array.describe(self.manifest.total)
        self._seal_structure(files)
        self.catalog.forget_from(self.manifest.next_id)
        self.catalog.commit()
        files[CATALOG] = self.catalog.describe()
        self._change(changed=now())
        stage_manifest(self._directory, dataclasses.replace(self.manifest, files=files))

    def close(self) -> None:
        """Close the files; arrays handed out stay readable."""
        self.catalog.close()
        for array in self._arrays.values():
            array.close()

    def _seal_structure(self, files: dict[str, StoredFile]) -> None:
        structure, vectors = self.manifest.structure, self.vectors
        saved = self._directory / files[SEARCH].path if SEARCH in files else None
        if saved is not None and stays_in_force(saved, structure, len(vectors)):
            return
        searcher, changed = up_to_date(saved, structure, vectors, self.manifest.metric)
        self._change(structure_reason=searcher.reason)
        if changed:
            files.pop(SEARCH, None)
            if searcher.derived:
                searcher.save(self._path(SEARCH))
                files[SEARCH] = settle_file(self._path(SEARCH))

    def _path(self, name: str) -> Path:
        return self._directory / real_name(name, self.manifest.generation)

    def _change(self, **values: object) -> None:
        self.manifest = dataclasses.replace(self.manifest, **values)  # type: ignore[arg-type]
        self._alive = None


def now() -> datetime:
    """The time, UTC, to the second."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def _chunks(source: str | Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    try:
        yield from read_chunks(Path(source))
    except OSError as err:
        raise OptionInvalid(
            f"cannot attach {source}: {err.strerror or err}: name a file that can be read"
        ) from err
