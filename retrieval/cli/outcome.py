"""How a command ends: its errors as one sentence each, and the exit status."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

from . import INTERRUPTED
from .chatter import without_chatter
from .printing import note, shown

Arguments = ParamSpec("Arguments")

FAILED = 1


def told(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """`command`, with whatever goes wrong told to the user: exit status 1, or 130 for Ctrl-C.

    What is not an error of ours, of the disk or of the memory is a fault of the program, and rises as it is.
    """

    @functools.wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            with without_chatter():
                command(*args, **kwargs)
                sys.stdout.flush()
        except BrokenPipeError:
            _leave_quietly()
        except KeyboardInterrupt as interruption:
            note("\nstopped: what was saved before is unchanged")
            raise typer.Exit(INTERRUPTED) from interruption
        except Exception as error:
            sentence = _sentence(error)
            if sentence is None:
                raise
            note(f"retrieve: {sentence}")
            _drop_what_cannot_be_written()
            raise typer.Exit(FAILED) from error

    return run


def _leave_quietly() -> None:
    """Who read our output wants no more of it, as `head`."""
    _drop_output()
    raise typer.Exit(0)


def _drop_what_cannot_be_written() -> None:
    """What a full disk refused is still in the buffer: Python would try, and fail, again when it exits."""
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()


def _drop_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _sentence(error: Exception) -> str | None:
    # Imported here: when all goes well, nobody needs them.
    from index_store import IndexStoreError

    from ..errors import RetrievalError

    if isinstance(error, (RetrievalError, IndexStoreError)):
        return shown(str(error))
    if isinstance(error, MemoryError):
        return "there is not enough memory: free some, or index fewer pictures at a time"
    if isinstance(error, OSError):
        where = "output" if error.filename is None else shown(os.fsdecode(error.filename))
        return f"{where}: {error.strerror or error}"
    return None
