"""The next generation of an index, while a writer fills it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from .arrays import ArrayFile, row_dtypes
from .catalog import CatalogDraft
from .checks import Ids, Vectors
from .errors import OptionInvalid
from .files import damage, read_chunks, settle_file, write_file
from .manifest import FORMAT_VERSION, Manifest
from .names import APPEND_ONLY, CATALOG, CORE, IDS, SEARCH, VECTORS, real_name
from .rows import Row
from .searchers import FlatSearcher, Searcher, up_to_date
from .swap import stage_manifest


class Draft:
    """Files that the manifest on disk does not name yet.

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

    @classmethod
    def create(cls, directory: Path, manifest: Manifest) -> Draft:
        """Begin an empty generation."""
        return cls._begin(directory, manifest, saved=None)

    @classmethod
    def extend(cls, directory: Path, saved: Manifest) -> Draft:
        """Begin the generation after `saved`, with all that it holds, in the current format.

        Raises:
            IndexDamaged: a file of it was altered. A new generation would give it a valid checksum.
        """
        files = {name: file for name, file in saved.files.items() if name not in (*CORE, SEARCH)}
        generation = saved.generation + 1
        manifest = dataclasses.replace(
            saved, generation=generation, files=files, format_version=FORMAT_VERSION
        )
        return cls._begin(directory, manifest, saved)

    @classmethod
    def _begin(cls, directory: Path, manifest: Manifest, saved: Manifest | None) -> Draft:
        def path_of(name: str) -> Path:
            return directory / real_name(name, manifest.generation)

        with ExitStack() as opened:
            arrays = {}
            for name, row in row_dtypes(manifest.dim).items():
                stored = saved.files[name] if saved else None
                path = directory / stored.path if stored else path_of(name)
                arrays[name] = opened.enter_context(closing(ArrayFile(path, row, stored)))
            path = path_of(CATALOG)
            catalog = _copy_catalog(directory, saved, path) if saved else CatalogDraft.create(path)
            opened.pop_all()
            return cls(directory, manifest, arrays, catalog)

    @property
    def vectors(self) -> Vectors:
        """All vectors so far, (n, dim) float32, memory-mapped."""
        return self._arrays[VECTORS].read(self.manifest.count)

    @property
    def ids(self) -> Ids:
        """Their ids, (n,) int64, ascending."""
        return self._arrays[IDS].read(self.manifest.count)

    def searcher(self) -> Searcher:
        """An exact searcher over all vectors so far: a search structure is built once, by `seal`."""
        return FlatSearcher(self.vectors, self.manifest.metric)

    def append(self, vectors: Vectors, rows: Sequence[Row] | None) -> Ids:
        """Add checked vectors with their checked rows, and give them ids."""
        count, first_id = self.manifest.count, self.manifest.next_id
        ids = np.arange(first_id, first_id + len(vectors), dtype=np.int64)
        self._arrays[VECTORS].append(vectors, at=count)
        self._arrays[IDS].append(ids, at=count)
        if rows is not None:
            self.catalog.add(rows, first_id)
        self._change(count=count + len(ids), next_id=first_id + len(ids))
        return ids

    def attach(self, name: str, source: str | Path | bytes) -> None:
        """Copy a file into the generation."""
        stored = write_file(self._path(name), _chunks(source))
        self._change(files={**self.manifest.files, name: stored})

    def seal(self) -> None:
        """Write everything to the disk, with the manifest staged for `swap`. May be repeated if it fails."""
        files = dict(self.manifest.files)
        for name in APPEND_ONLY:
            self._arrays[name].sync()
            files[name] = self._arrays[name].describe(self.manifest.count)
        self.catalog.forget_from(self.manifest.next_id)
        files[CATALOG] = settle_file(self._path(CATALOG))
        searcher, changed = up_to_date(None, self.manifest.structure, self.vectors, self.manifest.metric)
        if changed:
            path = self._path(SEARCH)
            searcher.save(path)
            files[SEARCH] = settle_file(path)
        self._change(changed=now())
        stage_manifest(self._directory, dataclasses.replace(self.manifest, files=files))

    def close(self) -> None:
        """Close the files; arrays handed out stay readable."""
        self.catalog.close()
        for array in self._arrays.values():
            array.close()

    def _path(self, name: str) -> Path:
        return self._directory / real_name(name, self.manifest.generation)

    def _change(self, **values: object) -> None:
        self.manifest = dataclasses.replace(self.manifest, **values)  # type: ignore[arg-type]


def now() -> datetime:
    """The time, UTC, to the second."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def _copy_catalog(directory: Path, saved: Manifest, target: Path) -> CatalogDraft:
    stored = saved.files[CATALOG]
    source = directory / stored.path
    copied = write_file(target, read_chunks(source))
    if (copied.size, copied.sha256) != (stored.size, stored.sha256):
        raise damage(directory, [f"{source} was altered: its contents do not match their checksum"])
    return CatalogDraft.resume(target, saved.format_version)


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
