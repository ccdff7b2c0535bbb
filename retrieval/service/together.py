"""What the processes of one service share: a folder, for counts and for a lock."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from filelock import FileLock

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it when it is loaded, and then counts there
_LOCK = "one-at-a-time.lock"


def is_one_of_several() -> bool:
    """Whether this process is one of several of a service."""
    return _FOLDER in os.environ


def one_at_a_time() -> AbstractContextManager[object]:
    """Inside is one process of the service at most; one that dies lets others in."""
    return FileLock(Path(os.environ[_FOLDER]) / _LOCK) if is_one_of_several() else nullcontext()


@contextmanager
def sharing() -> Iterator[None]:
    """Inside, processes that begin are of one service."""
    before = os.environ.get(_FOLDER)
    with tempfile.TemporaryDirectory(prefix="retrieve-") as folder:
        os.environ[_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[_FOLDER]
            if before is not None:
                os.environ[_FOLDER] = before
