"""Keeping an index current while its folders change: waits until the system tells, then takes it up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from index_store import Index, IndexBusy, IndexNotFound, IndexUnwritable

from ..errors import NoPictures, RetrievalError, printable
from ..images import find_images
from ..index_paths import Folders, folders_of, refuse_remote
from ..progress import Progress
from .changes import Update
from .settling import Settling
from .update import update_folders

SETTLED_SECONDS = 1.0
"""How long a file has to be at rest, or gone: it may be being written, or on its way to another name."""

_TRY_AGAIN_SECONDS = 5.0
_MOST_TRIES = 12
_QUIET_MILLISECONDS = 500  # without a change, and a burst of them is over
_BURST_MILLISECONDS = 10_000  # at most, before what has come so far is taken up


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an index could not be brought up to date; it is tried again every few seconds."""

    reason: str


def watch_folders(directory: Path, *, stop: Event | None = None) -> Iterator[Update | Trouble]:
    """Keep the index in `directory` current until `stop` is set; tells what changed, whenever something did.

    It begins with what changed before. Many changes at once are taken up together when they are over, or
    after ten seconds. A file that is still being written is left for later. Of a folder that vanishes, with
    its disk say, nothing is taken out of the index: that is told as a `Trouble`, once.

    Raises:
        IndexNotFound, IndexDamaged: there is no index, or none that can be used.
        IndexUnwritable: it could not be written for a minute, in which it was tried every five seconds.
        OptionInvalid: a folder is at a URL.
        RetrievalError: the system does not tell of changes.
    """
    ended, told, tries, begun = stop or Event(), "", 0, False
    while not ended.is_set():
        for news in _until_trouble(directory, ended):
            if isinstance(news, Update):
                told, tries, begun = "", 0, True
                if news:
                    yield news
                continue
            tries = tries + 1 if isinstance(news, IndexUnwritable) else 0
            is_gone = isinstance(news, IndexNotFound)
            if tries == _MOST_TRIES or (is_gone and not begun):
                raise news
            if is_gone:
                news = RetrievalError(f"index {printable(directory)} is gone: it is waited for")
            if str(news) != told:
                told = str(news)
                yield Trouble(told)
            ended.wait(_TRY_AGAIN_SECONDS)


def _until_trouble(directory: Path, ended: Event) -> Iterator[Update | Exception]:
    try:
        yield from _while_they_stay(directory, ended)
    except (NoPictures, IndexNotFound, IndexBusy, IndexUnwritable) as error:
        yield error


def _while_they_stay(directory: Path, ended: Event) -> Iterator[Update]:
    """What changes in the folders, until one of them is another: a disk was taken away, or put in."""
    with Index.open(directory) as index:
        folders = folders_of(index)
    refuse_remote(folders, "retrieve watch")
    tops = list(folders.tops.values())
    for top in tops:
        if not top.is_dir():
            find_images(top)  # raises, with the reason
    seen, waiting, settling = _identities(tops), True, Settling(SETTLED_SECONDS)
    for events in _events(folders, directory, ended):
        if _identities(tops) != seen:
            return
        # The first time too: what changes from here on is an event, since watching has begun.
        if events or waiting:
            yield update_folders(directory, Progress(), settling=settling)
            waiting = settling.waiting


def _events(folders: Folders, directory: Path, ended: Event) -> Iterator[bool]:
    """Whether something has changed in the folders, twice a second at least.

    Raises:
        RetrievalError: the system refuses to tell.
    """
    # Here and not above: nobody else needs it.
    from watchfiles import watch

    own = directory.resolve()
    events = watch(
        *folders.tops.values(),
        watch_filter=lambda _, path: _concerns(folders, own, path),
        step=_QUIET_MILLISECONDS,
        debounce=_BURST_MILLISECONDS,
        rust_timeout=_QUIET_MILLISECONDS,
        yield_on_timeout=True,
        stop_event=ended,
        ignore_permission_denied=True,
    )
    try:
        yield from map(bool, events)
    except FileNotFoundError:
        # It vanished before it was watched: the next look says so.
        return
    except OSError as error:
        raise RetrievalError(
            f"cannot watch {printable(str(folders))}: {error}: let the system watch more folders "
            "(fs.inotify.max_user_watches on Linux), or run `retrieve index` from time to time"
        ) from error


def _identities(tops: list[Path]) -> list[tuple[int, int] | None]:
    """Device and inode of each folder; None where there is none."""

    def identity(top: Path) -> tuple[int, int] | None:
        try:
            facts = os.stat(top)  # noqa: PTH116
        except OSError:
            return None
        return facts.st_dev, facts.st_ino

    return [identity(top) for top in tops]


def _concerns(folders: Folders, own: Path, path: str) -> bool:
    """Whether a change at `path` can change the index in `own`: not within it, nor where it is hidden."""
    if Path(path).is_relative_to(own) or Path(path).resolve().is_relative_to(own):
        return False
    for top in folders.tops.values():
        if Path(path).is_relative_to(top):
            return not any(part.startswith(".") for part in Path(path).relative_to(top).parts)
    return True
