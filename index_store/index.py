"""The index: vectors with ids and rows in a directory, searched and changed one generation at a time."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import SupportsIndex

from .checks import (
    CHECKS,
    METRICS,
    Check,
    Metric,
    check_choice,
    check_fingerprint,
    check_whole_number,
)
from .draft import Draft, now
from .errors import IndexReadOnly
from .files import writing
from .generation import Generation
from .index_changes import IndexChanges
from .manifest import LIVING, Manifest, Settings, check_settings
from .names import LOCK
from .rewrite import rewrite
from .structure import check_structure
from .swap import WriterLock, following, remove_index, remove_strays, swap, writer_lock
from .verify import open_checked


class Index(IndexChanges):
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
        copy_dim: SupportsIndex = 0,
        store: str | None = None,
    ) -> Index:
        """Begin an empty index for `dim`-dim vectors.

        An index that is in `directory` already stays there until `save` replaces it; ids continue where it
        stops. `encoder` is the fingerprint of what makes the vectors; `settings` is any JSON object that the
        caller wants to keep; `lock` is the `writer_lock` of the directory where the caller holds it already;
        `copy_dim` is how many numbers a second vector has, one that tells copies, if there is one; `store` is
        where vectors and rows go if not into the directory, as in "milvus:http://host:19530".

        Raises:
            OptionInvalid: an argument outside its choices. IndexBusy: another writer is at work.
            FormatUnsupported: an index of a newer format is there. IndexUnwritable: the disk refused.
        """
        directory, moment = Path(directory).absolute(), now()
        settings = {} if settings is None else settings
        settings = settings if store is None else _settings_in(store, settings)
        manifest = Manifest(
            generation=1,
            dim=check_whole_number("dim", dim),
            metric=check_choice("metric", metric, METRICS),
            structure=check_structure(structure, check_whole_number("dim", dim)),
            encoder=check_fingerprint(encoder),
            created=moment,
            changed=moment,
            settings=check_settings(settings),
            copy_dim=check_whole_number("copy_dim", copy_dim, least=0),
        )
        with _using(lock, directory) as used, writing(directory):
            kind = _kind(cls, manifest.settings)
            return kind(directory, Draft.create(directory, following(directory, manifest)), used)

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

        check: "quick" compares the size of every file and its last 4 MiB with the manifest (a writer no more
        of its arrays than it goes on from, at most 256 KiB), "full" all of it, and every row of the catalog.
        writable: also take the lock that one writer at a time holds. lock: the
        `writer_lock` of the directory, where the caller holds it already; the index is then writable.

        Raises:
            IndexNotFound: no index there. FormatUnsupported: made by another version.
            IndexDamaged: names the files that are missing, too short or altered.
            IndexBusy: another writer is at work (only if `writable`).
        """
        # Also after the process has changed its directory.
        directory = Path(directory).absolute()
        check_choice("check", check, CHECKS)
        if not writable and lock is None:
            content = open_checked(directory, check)
            return _kind(cls, content.manifest.settings)(directory, content, None)
        # Before the lock, which would leave a file in a directory that holds no index.
        Manifest.read(directory)
        with _using(lock, directory) as used:
            content = open_checked(directory, "end" if check == "quick" else check)
            return _kind(cls, content.manifest.settings)(directory, content, used)

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

    def save(self) -> None:
        """Make everything since the last save the current generation; without changes, do nothing.

        The time it takes follows what was changed, not what is there. The index can be changed and saved
        again afterwards.

        Raises:
            IndexUnwritable: the disk refused. The current index is still the old one, and `save` can be tried
                again, unless the very last step failed.
        """
        content = self._opened()
        self._refuse_reader()
        if isinstance(content, Draft):
            with writing(self._directory):
                self._put_in_force(content)

    def compact(self) -> None:
        """Save, and write the files anew without the vectors that were removed; ids stay.

        Readers that have the index open can still use it. Without removed vectors, only save.

        Raises:
            IndexDamaged: a file of the index was altered. IndexUnwritable: as in `save`.
        """
        self.save()
        content = self._opened()
        if isinstance(content, Generation) and content.manifest.removed:
            with writing(self._directory):
                self._put_in_force(self._rewritten(content, self._directory))

    def adopt(self, directory: str | Path) -> None:
        """Replace everything by what the index in `directory` holds, and remove that index.

        It becomes the next generation of this one, by one rename, with its encoder, settings and attachments.
        Its ids are moved behind those that this index ever gave. What was not saved here is discarded.

        Raises:
            IndexNotFound, IndexDamaged, FormatUnsupported: no sound index in `directory`.
            IndexBusy: somebody writes to it. IndexReadOnly, IndexUnwritable: as in `save`.
        """
        self._opened()
        self._refuse_reader()
        source_directory = Path(directory)
        Manifest.read(source_directory)
        with writer_lock(source_directory), writing(self._directory):
            source = open_checked(source_directory, "full")
            try:
                self._put_in_force(self._rewritten(source, source_directory))
            finally:
                source.close()
            remove_index(source_directory)
        with contextlib.suppress(OSError):
            (source_directory / LOCK).unlink(missing_ok=True)
            source_directory.rmdir()

    def refresh(self) -> bool:
        """Take up the newest generation; returns whether there was a newer one than the one in use.

        Row, vectors and catalog that were handed out stay as they are. The one that writes has it already.

        Raises:
            IndexNotFound, IndexDamaged, FormatUnsupported: as in `open`; the index goes on with what it had.
        """
        content = self._opened()
        if self._lock is not None or Manifest.read(self._directory) == content.manifest:
            return False
        # The old one is closed when the last one who uses it, another thread say, lets go of it.
        self._content = Generation.open(self._directory, "quick")
        return True

    def _rewritten(self, source: Generation, source_directory: Path) -> Draft:
        place = following(self._directory, source.manifest)
        # Ids that were given and not saved are not given again either.
        place = dataclasses.replace(place, next_id=max(place.next_id, self.manifest.next_id))
        return rewrite(source, source_directory, self._directory, place)

    def _put_in_force(self, draft: Draft) -> None:
        previous = self._content
        try:
            draft.seal()
        except BaseException:
            if draft is not previous:
                draft.close()
                remove_strays(self._directory)
            raise
        # From here on the files of the draft may be those of the index: nothing must write to them.
        self._content = None
        sums = draft.sums
        draft.close()
        if previous is not None and previous is not draft:
            previous.close()
        swap(self._directory)
        remove_strays(self._directory)
        # Not compared with their checksums, which were just made from them.
        self._content = Generation(self._directory, Manifest.read(self._directory), sums)

    def _draft(self) -> Draft:
        content = self._opened()
        if isinstance(content, Draft):
            return content
        self._refuse_reader()
        with writing(self._directory):
            if content.manifest.format_version >= LIVING:
                draft = Draft.extend(self._directory, content.manifest, content.sums)
            else:
                draft = self._rewritten(content, self._directory)
        self._content = draft
        return draft

    def _refuse_reader(self) -> None:
        if self._lock is None:
            raise IndexReadOnly(
                f"index {self._directory} was opened for reading: open it with writable=True to change it"
            )


def _settings_in(store: str, settings: Settings) -> Settings:
    # Here and not above: it builds on `Index`.
    from .milvus import milvus_settings

    return milvus_settings(store, settings)


def _kind(cls: type[Index], settings: Settings) -> type[Index]:
    """The class of an index with these settings: where its vectors and rows are."""
    if "store" not in settings:
        return cls
    from .milvus import MilvusIndex

    return MilvusIndex


@contextlib.contextmanager
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
