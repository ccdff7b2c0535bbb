"""An evaluation on stdout: tables for a person, plain lines for a pipe, and the verdict in a sentence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..evaluation import METRICS
from .printing import console, counted, echo, echo_fields, is_terminal, printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ..evaluation import Interval, Report

FIGURES = ("precision_at_1", "precision_at_10", "map", "knn_accuracy", "self_recall_at_1")
COSTS = {"dim": "dims", "bytes_per_image": "bytes", "encode_ms": "encode ms", "search_ms": "search ms"}
WEAKEST_EDITS = 5


def print_report(report: Report) -> None:
    """Print the figures of every method, the verdict, and what to know about it."""
    figures = [name for name in FIGURES if not math.isnan(report.methods["latent"].figures[name].value)]
    columns = {
        name: [_in_brackets(each.figures[name]) for each in report.methods.values()] for name in figures
    }
    columns |= _costs(report)
    if is_terminal():
        _print_tables(report, {_title(name): cells for name, cells in columns.items()})
    else:
        echo_fields(["method", *columns])
        for name, *cells in zip(report.methods, *columns.values(), strict=True):
            echo_fields([name, *cells])
        echo()
    echo(_measured_on(report))
    echo()
    echo(printable(report.sentence))
    for sentence in report.notes:
        echo(f"- {printable(sentence)}")
    if report.edits:
        echo(f"- {_weak_edits(report)}")


def _print_tables(report: Report, columns: dict[str, list[str]]) -> None:
    """Print all columns in one table, or in as many as it takes to cut nothing, methods first in each."""
    screen, waiting = console(), dict(columns)
    while waiting:
        chosen: dict[str, list[str]] = {}
        for title, cells in waiting.items():
            wider = {**chosen, title: cells}
            if chosen and not _fits(screen, _table(report, wider)):
                break
            chosen = wider
        screen.print(_table(report, chosen), markup=False)
        waiting = {title: cells for title, cells in waiting.items() if title not in chosen}


def _fits(screen: Console, table: Table) -> bool:
    # Measured with more room than there is: a measure is cut to the room given.
    return screen.measure(table, options=screen.options.update(max_width=100_000)).maximum <= screen.width


def _table(report: Report, columns: dict[str, list[str]]) -> Table:
    from rich.table import Table

    table = Table()
    table.add_column("method", overflow="fold")
    for title in columns:
        table.add_column(title, justify="right", no_wrap=True)
    for (name, method), *cells in zip(report.methods.items(), *columns.values(), strict=True):
        table.add_row(printable(method.title), *cells, style="bold" if name == "latent" else None)
    return table


def _title(name: str) -> str:
    return COSTS[name] if name in COSTS else METRICS[name].short


def _measured_on(report: Report) -> str:
    corpus = report.corpus
    classes = f" of {corpus.classes} classes" if corpus.classes else ""
    queries = "1 query" if corpus.queries == 1 else f"{corpus.queries:,} queries"
    return (
        f"{counted(corpus.images, 'picture')}{classes}, {queries}, "
        f"{counted(corpus.duplicates.count, 'duplicate file')}; in brackets 95 % intervals"
    )


def _in_brackets(figure: Interval) -> str:
    if math.isnan(figure.value):
        return "-"
    if math.isnan(figure.low):
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _costs(report: Report) -> dict[str, list[str]]:
    methods = report.methods.values()
    return {
        "dim": [f"{each.dim:,}" for each in methods],
        "bytes_per_image": [f"{each.bytes_per_image:,.0f}" for each in methods],
        "encode_ms": [_milliseconds(each.encode_ms) for each in methods],
        "search_ms": [_milliseconds(each.search_ms) for each in methods],
    }


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _weak_edits(report: Report) -> str:
    """The edits after which fewest originals are found, by the search that is for copies if there is one."""
    name, said = ("copies", "search for copies") if report.of_copies else ("latent", "latent search")
    weakest = sorted(report.edits, key=lambda each: each.recall_at_1[name].value)[:WEAKEST_EDITS]
    named = [f"{each.label}: {each.recall_at_1[name].value:.0%}" for each in weakest]
    return f"After these edits {said} finds fewest originals: {'; '.join(named)}."
