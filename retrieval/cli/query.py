"""`retrieve query`: the pictures that look most like a given one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..whole_files import replaced
from .options import IndexOption, JsonOption, ThreadsOption, find_index, wrong_usage
from .outputs import refuse_existing, refuse_other_than_page
from .printing import console, echo_fields, echo_json, is_terminal, note, printable

if TYPE_CHECKING:
    from ..answers import Answer
    from ..combine import Region
    from ..retriever import Retriever

_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}
_IN_WORDS = {"self": "the picture itself", "copy": "a copy", "missing": "missing", "changed": "changed"}


def query(
    pictures: Annotated[
        list[str], typer.Argument(metavar="IMG...", help="Pictures, folders of pictures, or - for stdin.")
    ],
    *,
    k: Annotated[int, typer.Option("-k", min=1, help="Answers a picture.")] = 10,
    directory: IndexOption = None,
    exclude_self: Annotated[
        bool, typer.Option("--exclude-self", help="Leave out the file that is asked with.")
    ] = False,
    exclude_copies: Annotated[
        bool, typer.Option("--exclude-copies", help="Leave out other files of the same contents.")
    ] = False,
    copies: Annotated[
        bool, typer.Option("--copies", help="Find this very picture, edited, rather than others of its kind.")
    ] = False,
    where: Annotated[
        str | None,
        typer.Option("--where", metavar="SQL", help="Only pictures for which this is true, see below."),
    ] = None,
    with_: Annotated[
        list[str] | None, typer.Option("--with", metavar="IMG", help="Like this one too. May be repeated.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="IMG", help="Not like this one. May be repeated.")
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            "--region",
            metavar="X,Y,W,H",
            help="Search by this part of IMG, in pixels or, if all are at most 1, in shares of its size.",
        ),
    ] = None,
    as_json: JsonOption = False,
    montage: Annotated[
        Path | None, typer.Option("--montage", metavar="OUT.png", help="Draw queries and answers on a sheet.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="OUT.html", help="Write a page that holds all it shows.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace OUT if it exists. Pictures are never replaced.")
    ] = False,
    _threads: ThreadsOption = None,
) -> None:
    """Find the pictures that look most like IMG, nearest first.

    \b
    retrieve query img.png --index photos/
    retrieve query cropped.png --copies
    retrieve query img.png --where "folder = 'cats' and width > 600"
    retrieve query img.png --with other.png --without unwanted.png

    --where takes what SQLite takes after WHERE, over the columns that `retrieve info` lists: those of the
    files and those that came with `retrieve index --metadata`. Times are UTC, as in mtime >= '2026-01-31'.

    If stdout is no terminal, each answer is a line of rank, distance, path, query and marks, with tabs
    between. Distances go from 0, the same to the encoder, to 2. Marks, with commas between: "self" the file
    that was asked with, "copy" another file of the same contents, "missing" gone since it was indexed,
    "changed" other contents since it was indexed.

    In --json, paths are as they are. One that is not UTF-8 has its undecodable bytes escaped, and the path
    itself in base64 beside it, as "path_bytes".

    Exit status: 0 also if answers are missing or changed, which a note on stderr tells; 1 if a query cannot
    be read, or if none of the indexed pictures is found, because the index or the folder was moved.
    """
    from ..threads import start_no_threads_of_blas

    start_no_threads_of_blas()  # before the imports below load NumPy
    from ..answers import answers_to
    from ..index_paths import path_values
    from ..query_options import QueryKeywords
    from ..retriever import Retriever
    from .queries import expand

    _refuse_usage(montage, html)
    retriever = Retriever.open(find_index(directory))
    options: QueryKeywords = {
        "where": where,
        "with_": with_ or [],
        "without": without or [],
        "region": _region(region),
        "exclude_self": exclude_self,
        "exclude_copies": exclude_copies,
        "copies": copies,
    }
    queries, failures = expand(pictures)
    asked_with = [*(query.source for query in queries), *(with_ or []), *(without or [])]
    for path in (montage, html):
        if path is not None:
            refuse_existing(path, retriever, asked_with, overwrite=overwrite)
    answers, unanswered = answers_to(retriever, queries, k, **options)
    failures += unanswered
    # Before the answers: the one who reads them may stop reading, and the process with it.
    _write_outputs(answers, montage, html)
    if as_json:
        echo_json(
            {
                **path_values("index", retriever.index.directory),
                **({} if where is None else {"where": where}),
                "queries": [answer.to_json() for answer in answers],
                "failures": [printable(str(failure)) for failure in failures],
            }
        )
    elif is_terminal():
        _print_tables(answers)
    else:
        _print_lines(answers)
    if montage is not None and retriever.folders.path_of(montage):
        note(f"retrieve: {printable(montage)} lies among the pictures: the next indexing takes it for one")
    _note_none(answers, retriever, where)
    _note_incomplete(retriever)
    _note_stale(answers)
    for failure in failures:
        note(f"retrieve: {printable(str(failure))}")
    if failures:
        raise typer.Exit(1)


def _refuse_usage(montage: Path | None, html: Path | None) -> None:
    if montage is not None and montage.suffix.lower() not in _SUFFIXES:
        raise typer.BadParameter(
            f"{montage} has no ending of a picture: name a .png file", param_hint="--montage"
        )
    if html is not None:
        refuse_other_than_page(html, "--html")


def _region(text: str | None) -> Region | None:
    from ..combine import Region

    with wrong_usage("--region"):
        return None if text is None else Region.parse(text)


def _write_outputs(answers: Sequence[Answer], montage: Path | None, html: Path | None) -> None:
    from .. import answers as show

    if montage is not None and answers:
        with replaced(montage) as part:
            show.answers_sheet(answers).save(part)
        note(f"wrote {printable(montage)}{_left_out(answers, show.MOST_ROWS)}")
    if html is not None:
        with replaced(html) as part:
            part.write_text(show.answers_page(answers), encoding="utf-8")
        note(f"wrote {printable(html)}{_left_out(answers, show.MOST_QUERIES)}")


def _left_out(answers: Sequence[Answer], most: int) -> str:
    return f", with the first {most} of {len(answers)} queries" if len(answers) > most else ""


def _print_lines(answers: Sequence[Answer]) -> None:
    for answer in answers:
        for rank, hit in enumerate(answer.hits, start=1):
            distance, path = f"{hit.distance:.4f}", _path_from_here(hit.path)
            echo_fields([rank, distance, path, answer.query.name, ",".join(hit.marks)])


def _print_tables(answers: Sequence[Answer]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    for answer in answers:
        title = Text(f"nearest to {printable(answer.asked)}", style="bold")
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
        table.add_column("rank", justify="right")
        table.add_column("distance", justify="right")
        table.add_column("path", overflow="fold")
        for rank, hit in enumerate(answer.hits, start=1):
            path = Text(printable(_path_from_here(hit.path)))
            if hit.marks:
                path.append(f"  ({', '.join(_IN_WORDS[mark] for mark in hit.marks)})", style="dim")
            table.add_row(str(rank), f"{hit.distance:.4f}", path)
        console().print(table)


def _path_from_here(path: Path) -> Path:
    """`path` as it is called from the current directory, if it lies below that."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _note_none(answers: Sequence[Answer], retriever: Retriever, where: str | None) -> None:
    """Say so where there is no answer to any query."""
    if not answers or any(answer.hits for answer in answers):
        return
    left = "no other picture is indexed" if where is None else "no picture that is left meets the condition"
    note(f"retrieve: nothing found: {left if len(retriever) else 'the index holds no pictures'}")


def _note_incomplete(retriever: Retriever) -> None:
    """Say so where the first indexing was interrupted."""
    from ..index_facts import is_complete

    if not is_complete(retriever.index):
        note(
            f"retrieve: indexing is not complete, only {len(retriever):,} pictures can be found so far: "
            f"go on with retrieve index {printable(str(retriever.folder))}"
        )


def _note_stale(answers: Sequence[Answer]) -> None:
    """Say how many of the pictures found are no longer what was indexed."""
    found = {hit.path: hit for answer in answers for hit in answer.hits}.values()
    missing, changed = sum(hit.missing for hit in found), sum(hit.changed for hit in found)
    parts = [f"{missing:,} missing"] * bool(missing) + [f"{changed:,} changed"] * bool(changed)
    if parts:
        note(
            f"retrieve: of {len(found):,} pictures found, {' and '.join(parts)} since they were indexed: "
            "index the folder again"
        )
