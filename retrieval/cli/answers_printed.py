"""Answers on stdout: a table for a person, lines with tabs for a program, or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import RetrievalError
from ..retriever import Hit, Retriever
from .answers import Answer
from .printing import console, is_terminal, say_fields, say_json, shown

_DIGITS = 4


def print_answers(answers: Sequence[Answer]) -> None:
    """Print `answers` as tables on a terminal, otherwise as lines of rank, distance, path, query, "self"."""
    if is_terminal():
        _print_tables(answers)
        return
    for answer in answers:
        for rank, hit in enumerate(answer.hits, start=1):
            mark = "self" if hit.is_self else ""
            say_fields([rank, distance_of(hit), path_from_here(hit.path), answer.query.name, mark])


def print_answers_as_json(
    retriever: Retriever, answers: Sequence[Answer], failures: Sequence[RetrievalError]
) -> None:
    """Print `answers` as one JSON object, with what is wrong with the queries that got none."""
    say_json(
        {
            "index": shown(retriever.index.directory),
            "queries": [
                {"query": shown(answer.query.name), "hits": _hits(answer.hits)} for answer in answers
            ],
            "failures": [shown(str(failure)) for failure in failures],
        }
    )


def path_from_here(path: Path) -> Path:
    """`path` as it is called from the current directory, if it lies below that."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def distance_of(hit: Hit) -> str:
    """The distance to so many digits that it tells neighbours apart."""
    return f"{hit.distance:.{_DIGITS}f}"


def _hits(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    return [
        {
            "rank": rank,
            "distance": round(hit.distance, 6),
            "path": shown(hit.path),
            "id": hit.id,
            "is_self": hit.is_self,
        }
        for rank, hit in enumerate(hits, start=1)
    ]


def _print_tables(answers: Sequence[Answer]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    for answer in answers:
        title = Text(f"nearest to {shown(answer.query.name)}", style="bold")
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
        table.add_column("rank", justify="right")
        table.add_column("distance", justify="right")
        table.add_column("path", overflow="fold")
        for rank, hit in enumerate(answer.hits, start=1):
            path = Text(shown(path_from_here(hit.path)))
            if hit.is_self:
                path.append("  (the picture itself)", style="dim")
            table.add_row(str(rank), distance_of(hit), path)
        console().print(table)
