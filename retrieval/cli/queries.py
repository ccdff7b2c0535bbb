"""What a user asks for on the command line: files, folders, a picture on stdin."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from ..answers import Query as Query
from ..errors import ImageUnreadable, RetrievalError
from ..images import find_images
from .printing import printable

STDIN = "-"


def expand(names: Sequence[str]) -> tuple[list[Query], list[RetrievalError]]:
    """The queries that `names` stand for, and what is wrong with the others."""
    queries: list[Query] = []
    failures: list[RetrievalError] = []
    for name in names:
        try:
            found, rejected = _meant_by(name)
        except RetrievalError as error:
            found, rejected = [], [error]
        queries += found
        failures += rejected
    return queries, failures


def _meant_by(name: str) -> tuple[list[Query], list[RetrievalError]]:
    if name == STDIN:
        return [Query("standard input", _stdin())], []
    if not os.path.isdir(name):  # noqa: PTH112 - `Path.is_dir` fails in a folder that cannot be read
        return [Query(name, name)], []
    folder, findings = Path(name), find_images(name)
    if not findings.pictures:
        return [], [ImageUnreadable(name, "it is a folder without pictures")]
    queries = [Query(str(folder / found.path), folder / found.path) for found in findings.pictures]
    return queries, [ImageUnreadable(str(folder / one.path), one.reason) for one in findings.rejections]


def _stdin() -> bytes:
    if sys.stdin is None:  # closed by the shell
        raise ImageUnreadable("standard input", "it is closed")
    if sys.stdin.isatty():
        raise typer.BadParameter(
            f"{printable(STDIN)} wants a picture on standard input, as in: retrieve query - < a.jpg"
        )
    data = sys.stdin.buffer.read()
    if not data:
        raise ImageUnreadable("standard input", "nothing came")
    return data
