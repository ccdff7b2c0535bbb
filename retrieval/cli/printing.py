"""What commands print: results on stdout, notes on stderr, and nothing that could upset a terminal."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..errors import counted as counted
from ..errors import printable as printable

if TYPE_CHECKING:
    from rich.console import Console


def make_output_safe() -> None:
    """From now on a sign that the terminal's encoding lacks is printed as its escape, not as an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def echo(text: str = "") -> None:
    """Print a line of the result."""
    print(text)


def note(text: str) -> None:
    """Print a line beside the result, on stderr."""
    print(text, file=sys.stderr, flush=True)


def echo_json(value: object) -> None:
    """Print `value` as JSON, which is the whole result: paths as they are, ASCII by JSON's own escapes."""
    print(json.dumps(value, indent=2, allow_nan=False))


def echo_fields(fields: Iterable[object]) -> None:
    """Print one line of fields with a tab between them, for other programs to read."""
    print("\t".join(printable(str(value)) for value in fields))


def is_terminal() -> bool:
    """Whether a person reads stdout, rather than a program."""
    return sys.stdout.isatty()


def console() -> Console:
    """Where rich prints tables: stdout. Loading rich takes a while, so only for a person."""
    from rich.console import Console

    return Console(highlight=False)
