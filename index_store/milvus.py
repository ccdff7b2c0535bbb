"""Vectors and rows in Milvus: an index whose directory holds only what is around them.

`Index.create(..., store="milvus:URI")` begins one; `Index.open` knows it by its settings. URI is a server,
say http://host:19530, with the token in MILVUS_TOKEN if it wants one, or a file for Milvus Lite. The
directory keeps the manifest, the settings, the attachments, the rejected files and the writer's lock.

What differs: rows and vectors are there for every reader as soon as they are added, not with the next `save`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from .checks import Ids, Vectors, check_ids, check_store, check_whole_number, first_few
from .draft import Draft
from .errors import IdsUnknown, OptionInvalid, RowsInvalid
from .generation import Generation
from .index import Index
from .index_view import Neighbors
from .manifest import Manifest, Settings
from .milvus_catalog import MilvusCatalog, entities_of
from .milvus_collection import COPIES, MOST, VECTOR, Collection
from .milvus_filter import COLUMNS, filter_of
from .rows import Row, check_facts, check_rows
from .swap import WriterLock

STORE, COLLECTION, NAMES = "store", "collection", "columns"
"""The settings that say where vectors and rows are, and which columns metadata have."""

_PREFIX = "milvus:"
_KEPT = (STORE, COLLECTION, NAMES)


def milvus_settings(store: str, settings: Settings) -> Settings:
    """The settings of a new index whose vectors and rows go to `store`, as in "milvus:http://host:19530".

    Raises:
        OptionInvalid: not a store that is known.
    """
    return {**settings, STORE: check_store(store), COLLECTION: f"retrieve_{uuid.uuid4().hex}", NAMES: []}


class _Matching(np.ndarray[tuple[int], np.dtype[np.int64]]):
    """Ids that came by a condition: a search among them takes the condition to Milvus, not the ids."""

    condition: str


class MilvusIndex(Index):
    """An `Index` with its vectors and rows in a collection of Milvus."""

    def __init__(self, directory: Path, content: Generation | Draft, lock: WriterLock | None) -> None:
        """Use `Index.create` or `Index.open`."""
        super().__init__(directory, content, lock)
        self._connected: Collection | None = None
        self._looked_for_ids = False

    @property
    def _collection(self) -> Collection:
        """The one that the settings name: another one once a refit was adopted."""
        name, manifest = self.manifest.settings[COLLECTION], self.manifest
        if self._connected is None or self._connected.name != name:
            dims = {VECTOR: manifest.dim} | ({COPIES: manifest.copy_dim} if manifest.copy_dim else {})
            uri = manifest.settings[STORE].removeprefix(_PREFIX)
            self._connected = Collection.open(uri, name, dims, manifest.metric, create=self._lock is not None)
        return self._connected

    def __len__(self) -> int:
        """How many vectors it holds, saved or not."""
        return self._collection.count()

    @property
    def ids(self) -> Ids:
        """All ids, (n,) int64, ascending."""
        return self._collection.ids("")

    def first_ids(self, count: int) -> Ids:
        """The `count` smallest ids, (n,) int64, ascending; fewer if there are fewer."""
        return self._collection.ids("", count)

    @property
    def catalog(self) -> MilvusCatalog:
        """The rows, which are in Milvus, and the rejected files, which are in the directory."""
        return MilvusCatalog(self._collection, super().catalog)

    def vectors(self, ids: Sequence[int] | Ids | None = None) -> Vectors:
        """The vectors with these ids, or all in the order of their ids: (n, dim) float32."""
        return self._collection.vectors(VECTOR, self.ids if ids is None else self._held(ids))

    def copies(self, ids: Sequence[int] | Ids | None = None) -> Vectors:
        """The second vectors, those that tell copies, as in `vectors`: (n, copy_dim) float32."""
        return self._collection.vectors(COPIES, self.ids if ids is None else self._held(ids))

    def columns(self) -> tuple[str, ...]:
        """The columns that `where` knows: those of the rows, and the names in their metadata."""
        return (*COLUMNS, *self.settings[NAMES])

    def where(self, condition: str) -> Ids:
        """The ids (n,) int64, ascending, of the rows that meet a condition.

        Milvus itself evaluates it: comparisons of columns with text and numbers, joined by and, or and not;
        in, like, is null. Functions and arithmetic of SQL are refused.

        Raises:
            OptionInvalid: it is no such condition, or names a column that is not there.
        """
        translated = filter_of(condition, self.columns())
        found = self._collection.ids(translated).view(_Matching)
        found.condition = translated
        return found

    def search(
        self, queries: ArrayLike, k: SupportsIndex = 10, *, among: Sequence[int] | Ids | None = None
    ) -> Neighbors:
        """The `k` nearest vectors of every row of `queries` (m, dim), nearest first; 16,384 at most."""
        return self._nearest(VECTOR, self._check(queries, "queries"), k, among)

    def search_copies(
        self, queries: ArrayLike, k: SupportsIndex = 10, *, among: Sequence[int] | Ids | None = None
    ) -> Neighbors:
        """The same as `search` by the second vectors: queries are (m, copy_dim)."""
        if not self.copy_dim:
            raise OptionInvalid(f"index {self._directory} has no vectors that tell copies")
        return self._nearest(COPIES, self._check(queries, "queries", self.copy_dim), k, among)

    def add(
        self, vectors: ArrayLike, rows: Sequence[Row] | None = None, *, copies: ArrayLike | None = None
    ) -> Ids:
        """Add `vectors` (n, dim), with a row each or without rows, and return their ids (n,) int64."""
        checked = self._check(vectors, "vectors")
        seconds = self._check_copies(copies, len(checked))
        if rows is not None:
            check_rows(rows, len(checked))
            self._refuse_known(rows)
        draft = self._draft()
        first = self._first_free(draft.manifest.next_id)
        ids = np.arange(first, first + len(checked), dtype=np.int64)
        self._collection.upsert(entities_of(ids.tolist(), rows, checked, seconds))
        draft.change(next_id=first + len(checked))
        self._know_columns(rows or ())
        if rows:
            draft.catalog.forget_rejected([row.path for row in rows])
        return ids

    def remove(self, ids: Sequence[int] | Ids) -> None:
        """Remove the vectors with these ids, and their rows. They are never given to others."""
        self._draft()
        self._collection.delete(self._held(ids))

    def update_rows(self, rows: Sequence[Row]) -> None:
        """Replace the rows of the same ids, say of files that were renamed; their vectors stay."""
        check_facts(rows)
        ids = [int(row.id) for row in rows]
        if len(set(ids)) < len(ids):
            raise RowsInvalid("an id comes twice: give every id one row")
        draft = self._draft()
        self._held(ids)
        self._refuse_known(rows, but=set(ids))
        seconds = self.copies(ids) if self.copy_dim else None
        self._collection.upsert(entities_of(ids, rows, self.vectors(ids), seconds))
        self._know_columns(rows)
        draft.catalog.forget_rejected([row.path for row in rows])

    def set_settings(self, settings: Settings) -> None:
        """Keep other settings; where the vectors and rows are stays."""
        kept = {name: self.settings[name] for name in _KEPT}
        super().set_settings({**settings, **kept})

    def adopt(self, directory: str | Path) -> None:
        """Replace everything by what the index in `directory` holds, and remove that index."""
        coming = Manifest.read(Path(directory)).settings
        if coming.get(STORE) != self.settings[STORE]:
            raise OptionInvalid(
                f"index {directory} is not in {self.settings[STORE]} as {self._directory} is: make it there"
            )
        before = self._collection
        super().adopt(directory)
        before.drop()

    def _nearest(
        self, field: str, queries: Vectors, k: SupportsIndex, among: Sequence[int] | Ids | None
    ) -> Neighbors:
        number = min(check_whole_number("k", k), MOST)
        condition = getattr(among, "condition", "")
        if among is not None and not condition:
            condition = f"id in {self._held(among)}"
        if among is not None and not len(among):
            nothing = np.empty((len(queries), 0), np.float32)
            return Neighbors(nothing, nothing.astype(np.int64))
        return Neighbors(*self._collection.search(field, queries, number, condition))

    def _first_free(self, next_id: int) -> int:
        """The first id that was never given: a writer that was killed before it saved has given some more."""
        if not self._looked_for_ids:
            self._looked_for_ids = True
            given = self._collection.ids(f"id >= {next_id}")
            return int(given[-1]) + 1 if len(given) else next_id
        return next_id

    def _know_columns(self, rows: Sequence[Row]) -> None:
        """Keep the names in the metadata of `rows`, which `where` may ask for."""
        settings = self.settings
        names = {name for row in rows for name in row.metadata}
        if names - set(settings[NAMES]):
            self._draft().change(settings={**settings, NAMES: sorted(names | set(settings[NAMES]))})

    def _held(self, ids: Sequence[int] | Ids) -> list[int]:
        """These ids, checked. Raises IdsUnknown: there is none such. OptionInvalid: they are no ids."""
        wanted: list[int] = check_ids(ids).tolist()
        held = {entity["id"] for entity in self._collection.entities(wanted, ["id"])}
        if unknown := [each for each in wanted if each not in held]:
            raise IdsUnknown(
                f"index {self._directory} has no vector with id {first_few(unknown)}: "
                "use the ids that it answered with"
            )
        return wanted

    def _refuse_known(self, rows: Sequence[Row], but: set[int] | None = None) -> None:
        for known in self.catalog.at_paths([row.path for row in rows]):
            if known.id not in (but or ()):
                raise RowsInvalid(f"path {known.path!r} has a row already: give every file one row")
