"""The index as the service sees it: always the newest generation, asked by many requests at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index_store import IndexStoreError, Row

from ..answers import Hit
from ..combine import EmbeddedQuery, Region, embed_part
from ..embed import EmbeddedPicture
from ..encoder import FeatureMaps
from ..encoder.model import DECODER
from ..errors import ImageUnreadable, RetrievalError, printable
from ..insight.calibration import Calibration
from ..query_options import QueryOptions
from ..retriever import Retriever
from ..threads import num_threads
from .thumbnails import FOLDER, Thumbnails

_SECONDS_BETWEEN_LOOKS = 1.0


class LiveRetriever:
    """The newest `Retriever` of an index.

    A request uses the one that it got from `current` to its end, whatever becomes of the index meanwhile.
    """

    def __init__(self, path: Path) -> None:
        """Open the index of the folder at `path`, or the index that is itself there."""
        self._snapshot = Snapshot(Retriever.open(path))
        self._directory = self._snapshot.retriever.index.directory
        self._looked = time.monotonic()
        self._lock = threading.Lock()

    @property
    def current(self) -> Snapshot:
        """The newest generation, as far as it was there a second ago."""
        if time.monotonic() - self._looked > _SECONDS_BETWEEN_LOOKS and self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looked = time.monotonic()
                self._lock.release()
        return self._snapshot

    def _look(self) -> None:
        try:
            if self._snapshot.stamp != _stamp(self._directory):
                self._snapshot = Snapshot(Retriever.open(self._directory))
        except (OSError, IndexStoreError, RetrievalError):
            # Being replaced, moved or damaged: what is open can still be asked.
            return


class Snapshot:
    """One generation of an index, and what is asked of it by several requests at once."""

    def __init__(self, retriever: Retriever) -> None:
        """Ask `retriever`."""
        self.retriever = retriever
        self.stamp = _stamp(retriever.index.directory)
        self.thumbnails = Thumbnails(retriever.index.directory / FOLDER)
        self._searches = _Searches(retriever)
        self._encoding = threading.BoundedSemaphore(num_threads())
        self._calibrations: dict[bool, Calibration] = {}
        self._calibrating = threading.Lock()

    def calibration(self, *, copies: bool = False) -> Calibration:
        """What distances mean in this folder, or those between vectors for `copies`; measured once."""
        with self._calibrating:
            if copies not in self._calibrations:
                self._calibrations[copies] = Calibration.of(self.retriever, copies=copies)
            return self._calibrations[copies]

    @cached_property
    def maps(self) -> FeatureMaps:
        """What the encoder sees at each place. Raises EncoderInvalid if it has no such map."""
        return FeatureMaps(self.retriever.encoder)

    @cached_property
    def has_decoder(self) -> bool:
        """Whether vectors can be turned back into pictures."""
        return DECODER in self.retriever.index.attachments

    @property
    def has_copies(self) -> bool:
        """Whether there are vectors to find copies by."""
        return bool(self.retriever.index.copy_dim)

    @cached_property
    def columns(self) -> list[str]:
        """The columns that a condition may name."""
        return list(self.retriever.index.columns())

    @cached_property
    def folder_counts(self) -> dict[str, int]:
        """How many pictures each folder holds, the folders in order."""
        found = Counter(_folder(row.path) for row in self.retriever.index.catalog.rows())
        return dict(sorted(found.items()))

    def ids(self, *, folder: str | None, where: str | None) -> NDArray[np.int64]:
        """The ids of all pictures, of those in `folder`, of those that meet the condition `where`; ascending.

        Raises:
            OptionInvalid: `where` is no condition on the columns.
        """
        index = self.retriever.index
        ids = index.ids if where is None else index.where(where)
        if folder is not None:
            ids = np.intersect1d(ids, self._ids_by_folder.get(folder, np.empty(0, dtype=np.int64)))
        return np.asarray(ids)

    @cached_property
    def _ids_by_folder(self) -> dict[str, NDArray[np.int64]]:
        found: dict[str, list[int]] = {}
        for row in self.retriever.index.catalog.rows():
            found.setdefault(_folder(row.path), []).append(row.id)
        return {folder: np.array(ids, dtype=np.int64) for folder, ids in found.items()}

    def rows(self, ids: Sequence[int] | NDArray[np.int64]) -> list[Row]:
        """The rows of these pictures. Raises IdsUnknown for ids that the index does not hold."""
        return self.retriever.index.catalog.rows_of(ids)

    def path_of(self, picture: int) -> str:
        """The path of a picture as the index has it, for a person."""
        return printable(self.rows([picture])[0].path)

    def row_as_json(self, row: Row) -> dict[str, Any]:
        """What the page shows of a picture."""
        return {"id": row.id, "path": printable(row.path), "width": row.width, "height": row.height}

    def file(self, picture: int) -> tuple[Row, Path]:
        """The row and the file of a picture.

        Raises:
            IdsUnknown: the index does not hold it. ImageUnreadable: the file is gone.
        """
        [row] = self.rows([picture])
        path = self.retriever.folders / row.path
        if not path.is_file():
            raise ImageUnreadable(row.path, "the file is gone since it was indexed")
        return row, path

    def stored(self, ids: Sequence[int], *, copies: bool = False) -> list[EmbeddedPicture]:
        """Pictures of the index as queries, to find `copies` if so asked. Raises IdsUnknown."""
        index = self.retriever.index
        vectors = np.asarray((index.copies if copies else index.vectors)(np.asarray(ids, dtype=np.int64)))
        return [
            EmbeddedPicture(vector, row.width, row.height, row.sha256)
            for vector, row in zip(vectors, self.rows(ids), strict=True)
        ]

    def embed(self, source: bytes | Path, region: Region | None, *, copies: bool = False) -> EmbeddedPicture:
        """A picture, or the part of it that counts, as a query, to find `copies` if so asked.

        Raises:
            ImageUnreadable: it cannot be read. QueryInvalid: the region lies outside.
        """
        with self._encoding:
            return embed_part(self.retriever.encoder, source, region, copies=copies)

    def nearest(self, query: EmbeddedQuery, k: int, options: QueryOptions) -> list[Hit]:
        """The `k` nearest pictures; queries of other requests that wait at the time are searched together."""
        return self._searches.ask(query, k, options)


@dataclass
class _Waiting:
    query: EmbeddedQuery
    k: int
    answer: list[Hit] | None = None
    error: Exception | None = None


class _Searches:
    """Searches for all requests that wait, in one call: whoever comes first searches for the others too."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()
        self._searching = threading.Lock()

    def ask(self, query: EmbeddedQuery, k: int, options: QueryOptions) -> list[Hit]:
        if options.where is not None or options.copies:
            return self._retriever.nearest([query], k, options)[0]
        mine = _Waiting(query, k)
        with self._lock:
            self._waiting.append(mine)
        with self._searching:
            if mine.answer is None and mine.error is None:
                with self._lock:
                    batch, self._waiting = self._waiting, []
                self._search(batch)
        if mine.error is not None:
            raise mine.error
        return mine.answer or []

    def _search(self, batch: Sequence[_Waiting]) -> None:
        try:
            found = self._retriever.nearest(
                [each.query for each in batch], max(each.k for each in batch), QueryOptions()
            )
            for each, hits in zip(batch, found, strict=True):
                each.answer = hits[: each.k]
        except Exception as error:
            # Raised again in every request that it concerns.
            for each in batch:
                each.error = error


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _stamp(directory: Path) -> tuple[int, int, int]:
    """What changes whenever a generation is put in force."""
    status = (directory / "manifest.json").stat()
    return status.st_ino, status.st_mtime_ns, status.st_size
