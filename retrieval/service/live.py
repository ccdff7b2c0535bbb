"""The index as the service sees it: always the newest generation, asked by many requests at once."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from index_store import Catalog, IndexStoreError, Row

from ..combine import EmbeddedQuery, Region, embed_part
from ..embed import EmbeddedPicture
from ..encoder import FeatureMaps
from ..encoder.model import DECODER
from ..errors import ImageUnreadable, RetrievalError, printable
from ..insight.calibration import Calibration
from ..nearest import HitsAndRows
from ..query_options import QueryOptions
from ..retriever import Retriever
from ..threads import num_threads
from .schema import PictureFacts
from .searches import Searches
from .thumbnails import FOLDER, Thumbnails
from .together import one_at_a_time

Result = TypeVar("Result")

_SECONDS_BETWEEN_LOOKS = 1.0


class FileGone(ImageUnreadable):
    """A picture of the index whose file is there no more."""


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

    async def keep_looking(self) -> None:
        """Look for a new generation every second, also while nobody asks."""
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            _ = self.current

    @property
    def current(self) -> Snapshot:
        """The newest generation, as far as it was there a second ago; never waits for one to be opened."""
        if time.monotonic() - self._looked > _SECONDS_BETWEEN_LOOKS and self._lock.acquire(blocking=False):
            self._looked = time.monotonic()
            if self._snapshot.stamp == _stamp(self._directory):
                self._lock.release()
            else:
                threading.Thread(target=self._take_up, daemon=True).start()
        return self._snapshot

    def _take_up(self) -> None:
        # Being replaced, moved or damaged: what is open can still be asked.
        with suppress(OSError, IndexStoreError, RetrievalError):
            self._snapshot = Snapshot(Retriever.open(self._directory), self._snapshot)
            self._snapshot.prepare()
        self._lock.release()


class Snapshot:
    """One generation of an index, and what is asked of it by several requests at once."""

    def __init__(self, retriever: Retriever, earlier: Snapshot | None = None) -> None:
        """Ask `retriever`. `earlier`: what distances mean is taken from there until it is measured here."""
        self.retriever = retriever
        self.stamp = _stamp(retriever.index.directory)
        self.thumbnails = Thumbnails(retriever.index.directory / FOLDER)
        self._decoding = ThreadPoolExecutor(num_threads(), thread_name_prefix="decode")
        self._searches = Searches(retriever)
        self._catalog = _read_beside(retriever.index.catalog, retriever.index.manifest.format_version)
        self._calibrations: dict[bool, Calibration] = {}
        self._calibrating = threading.Lock()
        same = earlier is not None and earlier.encoder_name == self.encoder_name
        self._earlier = earlier._calibrations if earlier is not None and same else {}

    @property
    def encoder_name(self) -> str | None:
        """The fingerprint of the encoder: distances mean the same only with the same one."""
        return self.retriever.index.manifest.encoder

    def prepare(self) -> None:
        """Begin, on a thread, with what takes seconds, so that the first question need not wait for it."""
        threading.Thread(target=self._prepare, daemon=True).start()

    def _prepare(self) -> None:
        # Loaded for combined queries, which takes a second.
        import scipy.optimize  # noqa: F401

        # RuntimeError: the service ends meanwhile, and no more threads are begun.
        with suppress(OSError, IndexStoreError, RetrievalError, RuntimeError):
            for copies in (False, True)[: 1 + self.has_copies]:
                self._measured(copies=copies)
            _ = self.folder_counts
        _keep_all_there_is()

    def calibration(self, *, copies: bool = False) -> Calibration:
        """What distances mean in this folder, or those between vectors for `copies`; measured once."""
        return self.known_calibration(copies=copies) or self._measured(copies=copies)

    def known_calibration(self, *, copies: bool = False) -> Calibration | None:
        """The same where it has been measured, else None."""
        return self._calibrations.get(copies) or self._earlier.get(copies)

    def _measured(self, *, copies: bool) -> Calibration:
        # Of several processes one measures, and the others read what it has kept.
        with self._calibrating, one_at_a_time():
            if copies not in self._calibrations:
                self._calibrations[copies] = Calibration.kept(self.retriever, copies=copies)
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
        """How many pictures each folder holds, those in folders inside it included; the folders in order."""
        found: Counter[str] = Counter()
        for path in (row.path for row in self.retriever.index.catalog.rows()):
            parts = path.split("/")[:-1]
            # Two slashes in a row follow the name of a further folder of the index.
            found.update("/".join(parts[: end + 1]) for end, part in enumerate(parts) if part)
        return dict(sorted(found.items()))

    def ids(self, condition: str | None) -> NDArray[np.int64]:
        """The ids of all pictures, or of those that meet the `condition`; ascending.

        Raises:
            OptionInvalid: it is no condition on the columns.
        """
        return self._ids_by_condition(condition)

    @cached_property
    def _ids_by_condition(self) -> Callable[[str | None], NDArray[np.int64]]:
        """Pages are looked at one after the other, and a condition is compared with every row."""
        index = self.retriever.index
        return lru_cache(8)(lambda condition: index.ids if condition is None else index.where(condition))

    def rows(self, ids: Sequence[int] | NDArray[np.int64]) -> list[Row]:
        """The rows of these pictures. Raises IdsUnknown for ids that the index does not hold."""
        return self._catalog.rows_of(ids)

    def row_as_json(self, row: Row) -> PictureFacts:
        """What the page shows of a picture."""
        return {"id": row.id, "path": printable(row.path), "width": row.width, "height": row.height}

    def file(self, row: Row) -> Path:
        """The file of a picture. Raises FileGone."""
        path = self.retriever.folders / row.path
        if not path.is_file():
            raise FileGone(row.path, "the file is gone since it was indexed")
        return path

    def stored(self, rows: Sequence[Row], *, copies: bool = False) -> list[EmbeddedPicture]:
        """Pictures of the index as queries, to find `copies` if so asked. Raises IdsUnknown."""
        index, ids = self.retriever.index, [row.id for row in rows]
        vectors = np.asarray((index.copies if copies else index.vectors)(ids))
        return [
            EmbeddedPicture(vector, row.width, row.height, row.sha256, id=row.id)
            for vector, row in zip(vectors, rows, strict=True)
        ]

    async def decoding(self, act: Callable[[], Result]) -> Result:
        """What `act` gives, which decodes pictures: on a thread, and as many at once as are computed at once.

        So many are in memory, however many are asked for.
        """
        return await asyncio.get_running_loop().run_in_executor(self._decoding, act)

    def embed(self, source: bytes | Path, region: Region | None, *, copies: bool = False) -> EmbeddedPicture:
        """A picture, or the part of it that counts, as a query, to find `copies` if so asked.

        Raises:
            ImageUnreadable: it cannot be read. QueryInvalid: the region lies outside.
        """
        return embed_part(self.retriever.encoder, source, region, copies=copies)

    async def nearest(self, query: EmbeddedQuery, k: int, options: QueryOptions) -> HitsAndRows:
        """The `k` nearest pictures; queries of other requests that wait at the time are searched together."""
        return await self._searches.ask(query, k, options)


def _keep_all_there_is() -> None:
    """Look for garbage once more, and from now on only among what is new.

    All modules and rows take a tenth of a second to look through, in which nobody is answered.
    """
    # What earlier generations left behind was kept as well.
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _read_beside(catalog: Catalog, format_version: int) -> Catalog:
    """The same rows by a connection of its own, so that a few need not wait for those of a whole batch."""
    if type(catalog) is Catalog:
        # A new generation has other files: what is open already can still be read.
        with suppress(IndexStoreError):
            return Catalog.open(catalog.path, catalog.generation, format_version)
    return catalog


def _stamp(directory: Path) -> tuple[int, int, int] | None:
    """What changes whenever a generation is put in force; None while there is none."""
    try:
        status = (directory / "manifest.json").stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
