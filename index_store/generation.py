"""A saved generation of an index, for reading."""

from __future__ import annotations

import threading
from pathlib import Path

from .arrays import layouts
from .catalog import Catalog
from .checks import Check, Ids, Vectors
from .errors import IndexDamaged
from .files import check_files, damage
from .manifest import Manifest
from .names import CATALOG, IDS, SEARCH, VECTORS
from .searchers import SEARCHERS, Searcher


class Generation:
    """What one manifest names, opened.

    Everything but attachments and the search structure is held open, so that it can be read on when a later
    generation has replaced it.
    """

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        """Use `open`."""
        paths = {name: directory / stored.path for name, stored in manifest.files.items()}
        arrays = layouts(manifest.dim)
        self.manifest = manifest
        try:
            self.vectors: Vectors = arrays[VECTORS].open(paths[VECTORS], manifest.count)
            self.ids: Ids = arrays[IDS].open(paths[IDS], manifest.count)
        except (OSError, ValueError) as err:
            raise damage(directory, [f"{paths[VECTORS]} or {paths[IDS]} cannot be mapped ({err})"]) from err
        self.catalog = Catalog.open(paths[CATALOG], manifest.format_version)
        self._directory = directory
        self._searcher: Searcher | None = None
        self._searcher_lock = threading.Lock()

    @classmethod
    def open(cls, directory: Path, check: Check) -> Generation:
        """Open the generation in force.

        Raises:
            IndexNotFound, IndexDamaged, FormatUnsupported: as the messages say.
        """
        manifest = Manifest.read(directory)
        try:
            return cls._open(directory, manifest, check)
        except IndexDamaged:
            if Manifest.read(directory) == manifest:
                raise
            # A writer has put another generation in force since, and removed the files of this one.
            return cls.open(directory, check)

    @classmethod
    def _open(cls, directory: Path, manifest: Manifest, check: Check) -> Generation:
        needed = {name: stored for name, stored in manifest.files.items() if name != SEARCH}
        check_files(directory, needed, check)
        return cls(directory, manifest)

    def searcher(self) -> Searcher:
        """The searcher that the manifest asks for; made at the first call."""
        with self._searcher_lock:
            if self._searcher is None:
                self._searcher = self._make_searcher()
            return self._searcher

    def close(self) -> None:
        """Close the files; arrays handed out stay readable."""
        self.catalog.close()

    def _make_searcher(self) -> Searcher:
        kind, metric = SEARCHERS[self.manifest.structure], self.manifest.metric
        stored = self.manifest.files.get(SEARCH)
        if stored is not None:
            try:
                # In full, whatever its size: FAISS trusts what it reads, one bad byte can crash the process.
                check_files(self._directory, {SEARCH: stored}, "full")
                return kind.load(self._directory / stored.path, self.vectors, metric)
            except IndexDamaged:
                # Only derived from the vectors, which are sound.
                pass
        return kind.build(self.vectors, metric)
