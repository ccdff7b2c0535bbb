"""Who may write, and the step from one generation to the next: lock, staging, swap, left-over files."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import (
    FormatUnsupported,
    IndexBusy,
    IndexDamaged,
    IndexNotFound,
    IndexUnwritable,
    OptionInvalid,
)
from .files import sync_directory, write_part, writing
from .manifest import Manifest
from .names import JOURNAL, LOCK, LOCK_HOLDER, MANIFEST, PART, is_stray_name, newest_generation

if TYPE_CHECKING:
    from filelock import BaseFileLock


class WriterLock:
    """The right to write to one directory, which one process at a time holds; see `writer_lock`.

    The system frees it when the process dies.
    """

    def __init__(self, directory: Path, lock: BaseFileLock, *, made: bool) -> None:
        """Use `writer_lock`."""
        self._directory = directory
        self._lock = lock
        self._made = made
        self._kept, self._in_use = True, False

    def __enter__(self) -> WriterLock:
        """Itself; the end of the block releases it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release it."""
        self.release()

    def release(self) -> None:
        """Let other writers in, as soon as no `Index` uses the lock any more. May be called twice.

        A directory that was made for the lock, and in which nothing was saved, is removed again.
        """
        self._kept = False
        self._free_if_unused()

    def use(self, directory: Path) -> None:
        """Let one `Index` in `directory` write; `end_use` ends that.

        Raises:
            OptionInvalid: the lock is of another directory, or was released. IndexBusy: it is in use.
        """
        if directory.resolve() != self._directory.resolve():
            raise OptionInvalid(f"lock is of {self._directory}, expected the lock of index {directory}")
        if not self._lock.is_locked:
            raise OptionInvalid(f"lock of {self._directory} was released: take it again with writer_lock")
        if self._in_use:
            raise IndexBusy(f"index {directory} is being written with this lock: close that Index first")
        self._in_use = True

    def end_use(self) -> None:
        """End what `use` began."""
        self._in_use = False
        self._free_if_unused()

    def _free_if_unused(self) -> None:
        if self._kept or self._in_use or not self._lock.is_locked:
            return
        try:
            with contextlib.suppress(OSError):
                (self._directory / LOCK_HOLDER).unlink(missing_ok=True)
                if self._made and not {path.name for path in self._directory.iterdir()} - {LOCK}:
                    # Before the lock is free, so that nobody waits for a file that goes. On Windows, where
                    # this is refused, the file goes with the lock.
                    (self._directory / LOCK).unlink()
        finally:
            self._lock.release()
        if self._made:
            with contextlib.suppress(OSError):
                self._directory.rmdir()


def writer_lock(directory: str | Path) -> WriterLock:
    """Take the lock that one writer at a time holds, for all the work that ends in a new index.

    `directory` is made if it is missing. While the lock is held it has the files `LOCK_FILES`; the first may
    stay there afterwards, and is no harm.

    Raises:
        IndexBusy: another writer holds it; the message names its process where it is known.
        FormatUnsupported: an index of a newer format is there, and must not be replaced.
        IndexUnwritable: no lock can be made there, or the directory belongs to something else.

    Example:
        >>> with writer_lock("corners") as lock, Index.create("corners", 2, lock=lock) as index:
        ...     index.save()
    """
    # Here and not above: a reader, whose start is to be quick, takes no lock.
    from filelock import FileLock, Timeout

    directory = Path(directory)
    with writing(directory):
        _refuse_others(directory)
        made = not directory.exists()
        directory.mkdir(parents=True, exist_ok=True)
        # Not local to a thread: an index may be closed by another thread than the one that opened it.
        lock = FileLock(directory / LOCK, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout as err:
            raise IndexBusy(f"index {directory} is being written by {_holder(directory)}") from err
        held = WriterLock(directory, lock, made=made)
        try:
            # Not into the lock itself, which cannot be read on Windows while it is held.
            holder = {"process": os.getpid(), "host": platform.node()}
            (directory / LOCK_HOLDER).write_text(json.dumps(holder))
        except BaseException:
            held.release()
            raise
    return held


def stage_manifest(directory: Path, manifest: Manifest) -> None:
    """Write `manifest` beside the current one, and make sure that the files it names are on the disk."""
    write_part(directory / MANIFEST, [manifest.to_json().encode()])
    sync_directory(directory)


def swap(directory: Path) -> None:
    """Replace the manifest by the staged one: from then on the new generation is the index."""
    (directory / (MANIFEST + PART)).replace(directory / MANIFEST)
    sync_directory(directory)


def remove_strays(directory: Path) -> None:
    """Remove files of ours that the current manifest does not name.

    These are old generations, and what a killed writer left. Files whose names are not of our pattern stay:
    they are not ours.
    """
    try:
        kept = {stored.path for stored in Manifest.read(directory).files.values()}
        # What a writer that was killed while it wrote the catalog left to undo that by.
        kept |= {name + JOURNAL for name in kept}
    except IndexNotFound:
        kept = set()
    except (IndexDamaged, FormatUnsupported):
        # Somebody may still repair it.
        return
    for path in directory.iterdir() if directory.is_dir() else ():
        if path.name not in kept and is_stray_name(path.name):
            # On Windows a file stays while a reader has it open: the next writer removes it.
            with contextlib.suppress(OSError):
                path.unlink()


def remove_index(directory: Path) -> None:
    """Remove the index in `directory`: its manifest, and the files whose names are of our pattern."""
    for path in (directory / MANIFEST, *directory.iterdir()):
        if path.name == MANIFEST or is_stray_name(path.name):
            with contextlib.suppress(OSError):
                path.unlink()


def following(directory: Path, manifest: Manifest) -> Manifest:
    """`manifest` of an empty index, numbered so that its files can lie beside those in `directory`.

    Ids continue where the current index stops: an id kept from it never means another vector.
    """
    generation, next_id = newest_generation(directory), 0
    with contextlib.suppress(IndexNotFound, IndexDamaged):
        saved = Manifest.read(directory)
        generation, next_id = max(generation, saved.generation), saved.next_id
    return dataclasses.replace(manifest, generation=generation + 1, next_id=next_id)


def _refuse_others(directory: Path) -> None:
    """Refuse to replace what is not an index of ours, sound or damaged."""
    try:
        Manifest.read(directory)
    except IndexNotFound:
        pass
    except FormatUnsupported as err:
        raise FormatUnsupported(f"{err}, or name another directory, or remove {directory} first") from err
    except IndexDamaged as err:
        if newest_generation(directory) == 0:
            raise IndexUnwritable(
                f"cannot make an index in {directory}: it has a {MANIFEST} but no index: "
                "name another directory, or move that file away"
            ) from err


def _holder(directory: Path) -> str:
    """Who holds the lock, and what to do about it."""
    try:
        holder = json.loads((directory / LOCK_HOLDER).read_bytes())
        process, host = holder["process"], holder["host"]
    except (OSError, ValueError, TypeError, KeyError):
        return "another process: wait until that is done, or stop it"
    if (process, host) == (os.getpid(), platform.node()):
        return "this process: close the other Index first"
    return f"process {process} on {host}: wait until that is done, or stop it"
