"""From one generation to the next: the swap, and what it leaves behind."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import FormatUnsupported, IndexBusy, IndexDamaged, IndexNotFound, IndexUnwritable
from .files import sync_directory, write_part, writing
from .manifest import Manifest
from .names import LOCK, MANIFEST, PART, is_stray_name, newest_generation

if TYPE_CHECKING:
    from filelock import BaseFileLock


def lock_for_writing(directory: Path) -> BaseFileLock:
    """Take the lock that one writer at a time holds; the system frees it when its holder dies.

    Raises:
        IndexBusy: another writer holds it. IndexUnwritable: no lock can be made there.
    """
    # Here and not above: a reader, whose start is to be quick, takes no lock.
    from filelock import FileLock, Timeout

    # Not local to a thread: an index may be closed by another thread than the one that opened it.
    lock = FileLock(directory / LOCK, thread_local=False)
    with writing(directory):
        try:
            lock.acquire(blocking=False)
        except Timeout as err:
            raise IndexBusy(
                f"index {directory} is being written by somebody else: wait until that is done, "
                "or close the other Index"
            ) from err
    return lock


def stage_manifest(directory: Path, manifest: Manifest) -> None:
    """Write `manifest` beside the one in force, and everything it names down to the disk."""
    write_part(directory / MANIFEST, [manifest.to_json().encode()])
    sync_directory(directory)


def swap(directory: Path) -> None:
    """Put the staged manifest in force: before this the old generation is the index, after it the new one."""
    (directory / (MANIFEST + PART)).replace(directory / MANIFEST)
    sync_directory(directory)


def remove_strays(directory: Path) -> None:
    """Remove files of ours that the manifest in force does not name.

    Old generations, and what a writer left that was killed. Files whose names are not of our pattern are
    somebody else's.
    """
    try:
        kept = {stored.path for stored in Manifest.read(directory).files.values()}
    except IndexNotFound:
        kept = set()
    except (IndexDamaged, FormatUnsupported):
        # What cannot be read may still be rescued.
        return
    for path in directory.iterdir() if directory.is_dir() else ():
        if path.name not in kept and is_stray_name(path.name):
            # On Windows a file stays while a reader has it open: the next writer removes it.
            with contextlib.suppress(OSError):
                path.unlink()


def following(directory: Path, manifest: Manifest) -> Manifest:
    """`manifest` of an empty index, numbered so that it can stand beside whatever is in `directory`.

    Ids go on where the index in force stops, so that an id kept from it never means another vector.

    Raises:
        IndexUnwritable: somebody else's manifest.json would have to give way.
    """
    generation, next_id = newest_generation(directory), 0
    try:
        saved = Manifest.read(directory)
        generation, next_id = max(generation, saved.generation), saved.next_id
    except IndexNotFound:
        pass
    except (IndexDamaged, FormatUnsupported) as err:
        if generation == 0:
            raise IndexUnwritable(
                f"cannot make an index in {directory}: it has a {MANIFEST} but no index: "
                "name another directory, or move that file away"
            ) from err
    return dataclasses.replace(manifest, generation=generation + 1, next_id=next_id)
