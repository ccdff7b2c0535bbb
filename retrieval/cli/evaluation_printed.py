"""An evaluation on stdout: a table for a person, plain lines for a pipe, and the verdict in a sentence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .printing import console, echo, echo_fields, is_terminal, printable

if TYPE_CHECKING:
    from ..evaluation import Interval, Report

COLUMNS = {
    "precision_at_1": "P@1",
    "precision_at_10": "P@10",
    "map": "mAP",
    "knn_accuracy": "k-NN",
    "self_recall_at_1": "edited, found first",
}
WEAKEST_EDITS = 5


def print_report(report: Report) -> None:
    """Print the figures of every method, the verdict, and what to know about it."""
    columns = [name for name in COLUMNS if not math.isnan(report.methods["latent"].figures[name].value)]
    (_print_table if is_terminal() else _print_lines)(report, columns)
    echo()
    echo(printable(report.sentence))
    for sentence in report.notes:
        echo(f"- {printable(sentence)}")
    if report.edits:
        echo(f"- {_weak_edits(report)}")


def _print_table(report: Report, columns: list[str]) -> None:
    from rich.table import Table

    table = Table(caption=_measured_on(report), caption_justify="left")
    table.add_column("method", no_wrap=True)
    for name in columns:
        table.add_column(COLUMNS[name], justify="right")
    for title in ("dims", "bytes", "encode ms", "search ms"):
        table.add_column(title, justify="right")
    for name, method in report.methods.items():
        figures = [_in_brackets(method.figures[column]) for column in columns]
        style = "bold" if name == "latent" else None
        table.add_row(printable(method.title), *figures, *_costs(report, name), style=style)
    console().print(table, markup=False)


def _print_lines(report: Report, columns: list[str]) -> None:
    echo_fields(["method", *columns, "dim", "bytes_per_image", "encode_ms", "search_ms"])
    for name, method in report.methods.items():
        figures = [_in_brackets(method.figures[column]) for column in columns]
        echo_fields([name, *figures, *_costs(report, name)])
    echo()
    echo(_measured_on(report))


def _measured_on(report: Report) -> str:
    corpus = report.corpus
    classes = f" of {corpus.classes} classes" if corpus.classes else ""
    return (
        f"{corpus.images:,} pictures{classes}, {corpus.queries:,} queries, "
        f"{corpus.duplicates.count:,} duplicate files; in brackets 95 % intervals"
    )


def _in_brackets(figure: Interval) -> str:
    if math.isnan(figure.value):
        return "-"
    if math.isnan(figure.low):
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _costs(report: Report, name: str) -> list[str]:
    method = report.methods[name]
    times = [method.encode_ms, method.search_ms]
    milliseconds = ["-" if each is None else f"{each:.2f}" for each in times]
    return [f"{method.dim:,}", f"{method.bytes_per_image:,.0f}", *milliseconds]


def _weak_edits(report: Report) -> str:
    """The edits after which latent search finds fewest originals."""
    weakest = sorted(report.edits, key=lambda each: each.recall_at_1["latent"].value)[:WEAKEST_EDITS]
    named = [f"{each.label}: {each.recall_at_1['latent'].value:.0%}" for each in weakest]
    return f"After these edits latent search finds fewest originals: {'; '.join(named)}."
