"""The index: vectors with ids and rows in a directory, searched and changed one generation at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import SupportsIndex

from numpy.typing import ArrayLike

from .checks import (
    CHECKS,
    METRICS,
    Check,
    Ids,
    Metric,
    check_choice,
    check_fingerprint,
    check_whole_number,
)
from .draft import Draft, now
from .errors import IndexReadOnly
from .files import writing
from .generation import Generation
from .index_view import IndexView
from .manifest import Manifest, Settings, check_settings
from .names import check_attachment_name
from .rows import RejectedFile, Row, check_path, check_rows
from .structure import check_structure
from .swap import WriterLock, following, remove_strays, swap, writer_lock


class Index(IndexView):
    """Vectors under stable ids, with a row a file, in one directory.

    `save` makes a new generation the current one by one rename. Until then the directory holds the old one,
    whatever happens; readers that have it open can still use it afterwards. One writer at a time, any number
    of readers. A reader may be used from several threads, and need not be closed.

    Example:
        >>> with Index.create("corners", 2, metric="l2") as index:
        ...     ids = index.add([[0, 0], [3, 4], [6, 8]])
        ...     index.save()
        >>> Index.open("corners").search([[3, 3]], k=2).ids.tolist()
        [[1, 0]]
    """

    def __init__(self, directory: Path, content: Generation | Draft, lock: WriterLock | None) -> None:
        """Use `create` or `open`."""
        super().__init__(directory, content)
        self._lock = lock

    @classmethod
    def create(
        cls,
        directory: str | Path,
        dim: SupportsIndex,
        *,
        metric: Metric = "cosine",
        structure: str = "auto",
        encoder: str | None = None,
        settings: Settings | None = None,
        lock: WriterLock | None = None,
    ) -> Index:
        """Begin an empty index for `dim`-dim vectors.

        An index that is in `directory` already stays there until `save` replaces it; ids continue where it
        stops. `encoder` is the fingerprint of what makes the vectors; `settings` is any JSON object that the
        caller wants to keep; `lock` is the `writer_lock` of the directory where the caller holds it already.

        Raises:
            OptionInvalid: an argument outside its choices. IndexBusy: another writer is at work.
            FormatUnsupported: an index of a newer format is there. IndexUnwritable: the disk refused.
        """
        directory, moment = Path(directory), now()
        manifest = Manifest(
            generation=1,
            dim=check_whole_number("dim", dim),
            metric=check_choice("metric", metric, METRICS),
            structure=check_structure(structure),
            encoder=check_fingerprint(encoder),
            created=moment,
            changed=moment,
            settings=check_settings({} if settings is None else settings),
        )
        with _using(lock, directory) as used, writing(directory):
            return cls(directory, Draft.create(directory, following(directory, manifest)), used)

    @classmethod
    def open(
        cls,
        directory: str | Path,
        *,
        check: Check = "quick",
        writable: bool = False,
        lock: WriterLock | None = None,
    ) -> Index:
        """Open the index in `directory`.

        check: "quick" compares the size of every file and the contents of all up to 4 MiB with the manifest,
        "full" the contents of all. writable: also take the lock that one writer at a time holds. lock: the
        `writer_lock` of the directory, where the caller holds it already; the index is then writable.

        Raises:
            IndexNotFound: no index there. FormatUnsupported: made by another version.
            IndexDamaged: names the files that are missing, too short or altered.
            IndexBusy: another writer is at work (only if `writable`).
        """
        directory = Path(directory)
        check_choice("check", check, CHECKS)
        if not writable and lock is None:
            return cls(directory, Generation.open(directory, check), None)
        # Before the lock, which would leave a file in a directory that holds no index.
        Manifest.read(directory)
        with _using(lock, directory) as used:
            return cls(directory, Generation.open(directory, check), used)

    def __enter__(self) -> Index:
        """Itself; the end of the block closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close; what was not saved is discarded."""
        self.close()

    def close(self) -> None:
        """Close the files and end the writing; what was not saved is discarded. May be called twice."""
        content, self._content = self._content, None
        lock, self._lock = self._lock, None
        try:
            if content is not None:
                content.close()
            if lock is not None:
                remove_strays(self._directory)
        finally:
            if lock is not None:
                lock.end_use()

    def add(self, vectors: ArrayLike, rows: Sequence[Row] | None = None) -> Ids:
        """Add `vectors` (n, dim), with a row each or without rows, and return their ids (n,) int64.

        They go straight to disk. All of them are added or, if this fails, none.

        Raises:
            VectorsInvalid: names the rows that are not finite or have no direction.
            RowsInvalid: names a path that comes twice, or is in the index already.
            IndexReadOnly: not opened for writing. IndexUnwritable: the disk refused, for want of room say.
        """
        checked = self._check(vectors, "vectors")
        if rows is not None:
            check_rows(rows, len(checked))
        draft = self._draft()
        with writing(self._directory):
            return draft.append(checked, rows)

    def reject(self, rejected: RejectedFile) -> None:
        """Keep why a file was not indexed.

        Raises:
            RowsInvalid: the file has a row. IndexReadOnly, IndexUnwritable: as in `add`.
        """
        check_path(rejected.path)
        draft = self._draft()
        with writing(self._directory):
            draft.catalog.reject(rejected)

    def attach(self, name: str, source: str | Path | bytes) -> None:
        """Keep a copy of a file, or these bytes, in the index under `name`, say "encoder.tflite".

        Raises:
            OptionInvalid: a name that cannot be used, or a source that cannot be read.
            IndexReadOnly, IndexUnwritable: as in `add`.
        """
        check_attachment_name(name)
        draft = self._draft()
        with writing(self._directory):
            draft.attach(name, source)

    def save(self) -> None:
        """Make everything since the last save the current generation; without changes, do nothing.

        The index can be added to and saved again afterwards.

        Raises:
            IndexUnwritable: the disk refused. The current index is still the old one, and `save` can be tried
                again, unless the very last step failed.
        """
        content = self._opened()
        self._refuse_reader()
        if isinstance(content, Generation):
            return
        with writing(self._directory):
            content.seal()
            # From here on the files of the draft may be those of the index: nothing must write to them.
            self._content = None
            content.close()
            swap(self._directory)
        remove_strays(self._directory)
        self._content = Generation.open(self._directory, "quick")

    def _draft(self) -> Draft:
        content = self._opened()
        if isinstance(content, Draft):
            return content
        self._refuse_reader()
        with writing(self._directory):
            draft = Draft.extend(self._directory, content.manifest)
        self._content = draft
        return draft

    def _refuse_reader(self) -> None:
        if self._lock is None:
            raise IndexReadOnly(
                f"index {self._directory} was opened for reading: open it with writable=True to change it"
            )


@contextmanager
def _using(lock: WriterLock | None, directory: Path) -> Iterator[WriterLock]:
    """The lock for an `Index` made in the block: the caller's, or one that is freed when it is closed."""
    used = writer_lock(directory) if lock is None else lock
    used.use(directory)
    if lock is None:
        used.release()
    try:
        remove_strays(directory)
        yield used
    except BaseException:
        used.end_use()
        raise
