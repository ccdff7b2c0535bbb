"""Small files that are written: whole or not at all, and not among pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import get_ident


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to, which takes its place once it is complete.

    Raises:
        OSError: the disk refused, and names `path`; what was there before still is.

    Example:
        >>> with replaced(Path("page.html")) as part:
        ...     _ = part.write_text("<p>whole")
    """
    # Not made of the name, which may be as long as a name can be; the ending tells a library what to write.
    part = path.with_name(f".retrieve-{os.getpid()}-{get_ident()}{path.suffix}")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    finally:
        with suppress(OSError):
            part.unlink()


def is_among_pictures(path: Path, folder: Path) -> bool:
    """Whether `path` lies in `folder`, hidden by no dot on the way: what is there is taken for a picture."""
    inside = path.is_relative_to(folder)
    return inside and not any(part.startswith(".") for part in path.relative_to(folder).parts)
