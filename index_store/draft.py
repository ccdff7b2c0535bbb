"""The next generation of an index, while a writer fills it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from .arrays import ArrayFile, layouts
from .catalog import CatalogDraft
from .checks import Ids, Vectors
from .errors import OptionInvalid
from .files import damage, read_chunks, settle_file, write_file
from .manifest import FORMAT_VERSION, Manifest
from .names import APPEND_ONLY, CATALOG, CORE, IDS, SEARCH, VECTORS, real_name
from .rows import RejectedFile, Row
from .searchers import SEARCHERS, FlatSearcher, Searcher
from .swap import stage_manifest


class Draft:
    """Files that no manifest in force names yet.

    `manifest` is the truth about how far the draft has come: an `append` that is interrupted leaves it as it
    was, and the next one writes over what the interrupted one left. Methods raise OSError or
    sqlite3.OperationalError when the disk refuses.
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
        with ExitStack() as opened:
            arrays = {}
            for name, layout in layouts(manifest.dim).items():
                arrays[name] = ArrayFile.create(directory / real_name(name, manifest.generation), layout)
                opened.callback(arrays[name].close)
            catalog = CatalogDraft.create(directory / real_name(CATALOG, manifest.generation))
            opened.pop_all()
            return cls(directory, manifest, arrays, catalog)

    @classmethod
    def extend(cls, directory: Path, saved: Manifest) -> Draft:
        """Begin the generation after `saved`, with all that it holds, in the current format.

        Raises:
            IndexDamaged: a file of it was altered: a new generation would bless the damage.
        """
        attachments = {name: file for name, file in saved.files.items() if name not in (*CORE, SEARCH)}
        generation = saved.generation + 1
        manifest = dataclasses.replace(
            saved, generation=generation, files=attachments, format_version=FORMAT_VERSION
        )
        with ExitStack() as opened:
            arrays = {}
            for name, layout in layouts(saved.dim).items():
                stored = saved.files[name]
                arrays[name] = ArrayFile.resume(directory / stored.path, layout, stored)
                opened.callback(arrays[name].close)
            catalog = _copy_catalog(directory, saved)
            opened.pop_all()
            return cls(directory, manifest, arrays, catalog)

    @property
    def vectors(self) -> Vectors:
        """All vectors up to now, (n, dim) float32, memory-mapped."""
        return self._arrays[VECTORS].read(self.manifest.count)

    @property
    def ids(self) -> Ids:
        """Their ids, (n,) int64, ascending."""
        return self._arrays[IDS].read(self.manifest.count)

    def searcher(self) -> Searcher:
        """An exact searcher over all vectors up to now: a structure is worth building only once."""
        return FlatSearcher.build(self.vectors, self.manifest.metric)

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

    def reject(self, rejected: RejectedFile) -> None:
        """Keep why a file was rejected."""
        self.catalog.reject(rejected)

    def attach(self, name: str, source: str | Path | bytes) -> None:
        """Copy a file into the generation."""
        stored = write_file(self._directory / real_name(name, self.manifest.generation), _chunks(source))
        self._change(files={**self.manifest.files, name: stored})

    def seal(self) -> None:
        """Bring everything down to the disk and stage the manifest. May be done again if it fails."""
        count, generation = self.manifest.count, self.manifest.generation
        files = dict(self.manifest.files)
        for name in APPEND_ONLY:
            self._arrays[name].sync()
            files[name] = self._arrays[name].describe(count)
        self.catalog.forget_from(self.manifest.next_id)
        files[CATALOG] = settle_file(self._directory / real_name(CATALOG, generation))
        kind = SEARCHERS[self.manifest.structure]
        if kind.derived:
            path = self._directory / real_name(SEARCH, generation)
            kind.build(self.vectors, self.manifest.metric).save(path)
            files[SEARCH] = settle_file(path)
        self._change(changed=now())
        stage_manifest(self._directory, dataclasses.replace(self.manifest, files=files))

    def close(self) -> None:
        """Close the files; arrays handed out stay readable."""
        self.catalog.close()
        for array in self._arrays.values():
            array.close()

    def _change(self, **values: object) -> None:
        self.manifest = dataclasses.replace(self.manifest, **values)  # type: ignore[arg-type]


def now() -> datetime:
    """The time, UTC, to the second."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def _copy_catalog(directory: Path, saved: Manifest) -> CatalogDraft:
    stored = saved.files[CATALOG]
    source, target = directory / stored.path, directory / real_name(CATALOG, saved.generation + 1)
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
