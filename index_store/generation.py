"""A saved generation of an index, for reading."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from .arrays import alive_mask, map_rows, positions_of, row_dtypes
from .catalog import Catalog
from .checks import Depth, Ids, Mask, Vectors
from .errors import IndexDamaged
from .files import BlockSums, check_files, damage
from .manifest import Manifest
from .names import CATALOG, COPIES, IDS, SEARCH, VECTORS
from .searchers import FlatSearcher, Searcher, load


class Generation:
    """The files that one manifest names, opened.

    All but the attachments and the search structure stay open: they can still be read when a later generation
    has replaced this one.
    """

    def __init__(
        self, directory: Path, manifest: Manifest, sums: Mapping[str, BlockSums] | None = None
    ) -> None:
        """Use `open`. `sums` are those of its arrays, where they are known."""
        paths = {name: directory / stored.path for name, stored in manifest.files.items()}
        rows, total = row_dtypes(manifest.dim, manifest.copy_dim), manifest.total
        self.manifest = manifest
        self.sums = sums or {}
        try:
            self.vectors: Vectors = map_rows(paths[VECTORS], rows[VECTORS], total)
            self.ids: Ids = map_rows(paths[IDS], rows[IDS], total)
            self.copies: Vectors = np.empty((total, 0), dtype=np.float32)
            if manifest.copy_dim:
                self.copies = map_rows(paths[COPIES], rows[COPIES], total)
        except (OSError, ValueError) as err:
            raise damage(directory, [f"{paths[VECTORS]} or {paths[IDS]} cannot be mapped ({err})"]) from err
        self.catalog = Catalog.open(paths[CATALOG], manifest.generation, manifest.format_version)
        self._directory = directory
        self._searcher: Searcher | None = None
        self._copy_searcher: Searcher | None = None
        self._alive: Mask | None = None
        self._made_once = threading.Lock()

    @classmethod
    def open(cls, directory: Path, check: Depth) -> Generation:
        """Open the current generation, the one that the manifest names.

        Raises:
            IndexNotFound, IndexDamaged, FormatUnsupported: as the messages say.
        """
        manifest = Manifest.read(directory)
        needed = {name: stored for name, stored in manifest.files.items() if name != SEARCH}
        try:
            return cls(directory, manifest, check_files(directory, needed, check))
        except IndexDamaged:
            if Manifest.read(directory) == manifest:
                raise
            # A writer has saved another generation since, and removed the files of this one.
            return cls.open(directory, check)

    @property
    def alive(self) -> Mask | None:
        """Which of all vectors are held, (n,) bool; None where no vector was removed."""
        with self._made_once:
            if self._alive is None and self.manifest.removed:
                self._alive = alive_mask(self.ids, self.catalog.removed())
            return self._alive

    def held_positions(self, ids: Sequence[int] | Ids) -> Ids:
        """The positions (m,) of these ids. Raises IdsUnknown for those that are not held."""
        return positions_of(ids, self.ids, self._directory, self.alive)

    def searcher(self) -> Searcher:
        """The searcher that the manifest asks for; made at the first call."""
        with self._made_once:
            if self._searcher is None:
                self._searcher = self._make_searcher()
            return self._searcher

    def copy_searcher(self) -> Searcher:
        """The same over the second vectors: by comparing with all."""
        with self._made_once:
            if self._copy_searcher is None:
                self._copy_searcher = FlatSearcher(self.copies, self.manifest.metric)
            return self._copy_searcher

    def close(self) -> None:
        """Close the files; arrays handed out stay readable."""
        self.catalog.close()

    def _make_searcher(self) -> Searcher:
        stored = self.manifest.files.get(SEARCH)
        saved = None if stored is None else self._directory / stored.path
        return load(saved, self.manifest.structure, self.vectors, self.manifest.metric)
