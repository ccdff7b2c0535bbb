"""How a command ends: its errors as one sentence each, and the exit status."""

from __future__ import annotations

import functools
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

import typer

from . import INTERRUPTED
from .printing import note, printable

Arguments = ParamSpec("Arguments")

FAILED = 1

# Lines of Google's logging up to errors, which reach Python as well. Fatal ones begin with F.
_USELESS_LINES = re.compile(
    rb"[IWE]\d{4} \d\d:\d\d:|WARNING: All log messages before absl::InitializeLog"
    rb"|To enable the following instructions: .* rebuild TensorFlow"
    rb"|INFO: Created TensorFlow Lite XNNPACK delegate"
)
_STDERR = 2
_LOOP = "Symlink loop from "  # how `Path.resolve` says it, up to Python 3.12
_MENDING = "`retrieve verify --repair` mends what can be mended"


def report_errors(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """`command`, with its errors as one sentence on stderr and exit status 1, or 130 for Ctrl-C.

    What is not an error of ours, of the disk or of the memory is a fault of the program, and rises as it is.
    """

    @functools.wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            with filtered_native_stderr():
                command(*args, **kwargs)
                sys.stdout.flush()
        except BrokenPipeError:
            _end_without_reader()
        except KeyboardInterrupt as interruption:
            note("\nstopped: what was saved before is unchanged")
            raise typer.Exit(INTERRUPTED) from interruption
        except Exception as error:
            sentence = _sentence(error)
            if sentence is None:
                raise
            note(f"retrieve: {sentence}")
            drop_unwritable_output()
            raise typer.Exit(FAILED) from error

    return run


def _end_without_reader() -> None:
    """Whoever read our output, `head` for one, wants no more of it."""
    _drop_output()
    raise typer.Exit(0)


def drop_unwritable_output() -> None:
    """What a full disk refused is still in the buffer: Python would try, and fail, again when it exits."""
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()


def _drop_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _sentence(error: Exception) -> str | None:
    # Imported here: when all goes well, nobody needs them.
    from index_store import IndexDamaged, IndexStoreError

    from ..errors import RetrievalError

    if isinstance(error, IndexDamaged) and _MENDING not in str(error):
        return printable(f"{error}. {_MENDING}; `retrieve index FOLDER --refit` makes the index anew")
    if isinstance(error, (RetrievalError, IndexStoreError)):
        return printable(str(error))
    if isinstance(error, MemoryError):
        return "there is not enough memory: close other programs, or use fewer --threads"
    if isinstance(error, RuntimeError) and str(error).startswith(_LOOP):
        link = str(error).removeprefix(_LOOP).strip("'")
        return printable(f"{link}: the link leads back to itself")
    if isinstance(error, UnicodeEncodeError) and error.encoding != "utf-8":
        name = printable(error.object)
        return f"{name}: names of files are {error.encoding} here, set PYTHONUTF8=1 for those that are not"
    if isinstance(error, OSError):
        where = "output" if error.filename is None else printable(os.fsdecode(error.filename))
        return f"{where}: {error.strerror or error}"
    return None


@contextmanager
def filtered_native_stderr() -> Iterator[None]:
    """Keep from the user what TensorFlow and LiteRT write from C++ at their start; no setting turns it off.

    In the block `sys.stderr` writes to the user as before, while what C++ writes there waits for the end,
    when it is written without those lines.
    """
    if not _is_the_process_stderr():
        yield
        return
    sys.stderr.flush()
    kept, own = os.dup(_STDERR), sys.stderr
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), _STDERR)
        sys.stderr = open(  # noqa: SIM115, PTH123 - of a descriptor, closed below
            os.dup(kept), "w", buffering=1, encoding=own.encoding, errors=own.errors
        )
        try:
            yield
        finally:
            sys.stderr.close()
            sys.stderr = own
            os.dup2(kept, _STDERR)
            os.close(kept)
            caught.seek(0)
            for line in caught:
                if not _USELESS_LINES.match(line):
                    os.write(_STDERR, line)


def _is_the_process_stderr() -> bool:
    try:
        return sys.stderr.fileno() == _STDERR
    except (AttributeError, OSError, ValueError):
        return False
