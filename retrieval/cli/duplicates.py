"""`retrieve duplicates`: copies of pictures, and what to do with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..whole_files import replaced
from .options import JsonOption, ThreadsOption, find_index, finite
from .outputs import refuse_existing, refuse_other_than_page
from .printing import console, counted, echo, echo_fields, echo_json, is_terminal, note, printable

if TYPE_CHECKING:
    from ..insight.duplicates import Duplicates
    from ..insight.moving import Moved
    from ..retriever import Retriever


def duplicates(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FOLDER]...",
            help="An indexed folder, or an index, and others to compare with it. Default: RETRIEVE_INDEX, "
            "then the nearest index.",
        ),
    ] = None,
    *,
    turned: Annotated[
        bool, typer.Option("--turned", help="Also find mirrored copies, and ones turned by right angles.")
    ] = False,
    across: Annotated[
        bool,
        typer.Option("--across", help="Only copies in another folder: what leaks from training into test."),
    ] = False,
    exact: Annotated[
        bool, typer.Option("--exact", help="Only files with the same bytes; at once, from the index.")
    ] = False,
    agreement: Annotated[
        float | None,
        typer.Option(
            "--agreement",
            min=0.0,
            max=1.0,
            callback=finite,
            help="From where on pictures count as copies. Default: measured on the folder, and told.",
        ),
    ] = None,
    as_json: JsonOption = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write a table.")] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page to look through.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE if it is there.")] = False,
    move_to: Annotated[
        Path | None,
        typer.Option("--move-to", metavar="DIR", help="Move all but the one kept of each group to DIR."),
    ] = None,
    undo: Annotated[
        Path | None,
        typer.Option("--undo", metavar="FILE", help="Bring back what was moved; FILE is DIR/undo.jsonl."),
    ] = None,
    _threads: ThreadsOption = None,
) -> None:
    """Find copies: exact ones by content, edited ones by vectors and a second look at their pixels.

    \b
    retrieve duplicates photos/ --html copies.html
    retrieve duplicates train/ test/ --across   # which test pictures are in the training set?
    retrieve duplicates photos/ --move-to copies/
    retrieve duplicates --undo copies/undo.jsonl

    Of each group the picture with most pixels is kept; of those with as many, the one changed longest ago,
    then the one with the shortest path. Nothing is ever deleted. Other folders need no index. Plain output,
    for programs: group, kept or copy, kind, agreement, path, with tabs between.
    """
    if undo is not None:
        _bring_back(undo, as_json=as_json)
        return
    from ..insight.duplicates import DuplicateOptions, find_duplicates
    from ..insight.moving import refuse_target
    from ..retriever import Retriever
    from .progress import progress_on_stderr

    if html is not None:
        refuse_other_than_page(html, "--html")
    first, *others = folders or [find_index(None)]
    retriever = Retriever.open(first)
    for path in (csv, html):
        if path is not None:
            refuse_existing(path, retriever, overwrite=overwrite)
    if csv is not None and csv == html:
        raise typer.BadParameter(f"--csv and --html both name {html}: name two files")
    if move_to is not None:
        refuse_target(move_to, [*retriever.folders.tops.values(), *others])
    found = find_duplicates(
        retriever,
        others,
        options=DuplicateOptions(turned=turned, across=across, exact=exact, agreement=agreement),
        progress=progress_on_stderr(quiet=as_json),
    )
    _write(found, csv, html)
    if not as_json:
        _print(found)
    done = None if move_to is None else _move(found, move_to, retriever)
    if as_json:
        echo_json({**found.to_json(), **({} if done is None else _as_object("moved", done))})
    for path in found.unreadable:
        note(f"retrieve: {printable(path)} cannot be read any more: index the folder again")
    if done is not None:
        _end_with(done)


def _write(found: Duplicates, csv: Path | None, html: Path | None) -> None:
    from ..insight.duplicates_page import duplicates_csv, duplicates_page

    for path, written in ((csv, duplicates_csv), (html, duplicates_page)):
        if path is not None:
            with replaced(path) as part:
                part.write_text(written(found), encoding="utf-8")
            note(f"wrote {printable(path)}")


def _print(found: Duplicates) -> None:
    if is_terminal():
        _print_table(found)
    else:
        _print_lines(found)
    _tell(found)


def _print_lines(found: Duplicates) -> None:
    for number, group in enumerate(found.groups, start=1):
        echo_fields([number, "kept", "", "", group.kept.path])
        for copy in group.copies:
            echo_fields([number, "copy", copy.in_words, f"{copy.agreement:.4f}", copy.picture.path])


def _print_table(found: Duplicates) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not found.groups:
        return
    table = Table(box=box.SIMPLE_HEAD)
    for name, justify in (("group", "right"), ("kind", "left"), ("agreement", "right"), ("pixels", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    table.add_column("path", overflow="fold")
    for number, group in enumerate(found.groups, start=1):
        row, path = group.kept.row, Text(printable(group.kept.path), style="bold")
        table.add_row(str(number), "kept", "", f"{row.width} × {row.height}", path)
        for copy in group.copies:
            row, path = copy.picture.row, Text(printable(copy.picture.path))
            pixels = f"{row.width} × {row.height}"
            table.add_row("", copy.in_words, f"{copy.agreement:.3f}", pixels, path)
        table.add_section()
    console().print(table)


def _tell(found: Duplicates) -> None:
    note(f"retrieve: {found.in_words()}")
    if found.limits is not None:
        note(f"retrieve: {found.limits.in_words()}")


def _move(found: Duplicates, directory: Path, retriever: Retriever) -> Moved:
    from ..index_paths import INDEX, is_indexed
    from ..insight.moving import UNDO, move_copies

    back = f"retrieve: to bring them back: retrieve duplicates --undo {printable(directory / UNDO)}"
    try:
        done = move_copies(found.groups, directory, found.folders)
    except KeyboardInterrupt:
        if (directory / UNDO).is_file() and (directory / UNDO).stat().st_size:
            note(f"\nretrieve: some copies have been moved to {printable(directory)}\n{back}")
        raise
    copies = "1 copy" if len(done.moved) == 1 else f"{len(done.moved):,} copies"
    note(f"retrieve: moved {copies} to {printable(directory)}")
    if done.moved:
        note(back)
    copied = (copy.picture for group in found.groups for copy in group.copies)
    left = {picture.folder: None for picture in copied if not picture.path.exists()}
    of_this, place = retriever.folders.tops.values(), retriever.index.directory
    ways = [printable(folder) for folder in left if folder not in of_this and is_indexed(folder)]
    if own := " ".join(printable(folder) for folder in left if folder in of_this):
        inside = [*left] == [place.parent] and place.name == INDEX
        ways.append(own if inside else f"{own} --index {printable(place)}")
    for way in ways:
        note(f"retrieve: to take them out of the index: retrieve index {way}")
    return done


def _bring_back(undo: Path, *, as_json: bool) -> None:
    from ..insight.moving import undo_moves

    done = undo_moves(undo)
    if as_json:
        echo_json(_as_object("brought_back", done))
    else:
        echo(f"brought back {counted(len(done.moved), 'picture')}")
    _end_with(done)


def _as_object(name: str, done: Moved) -> dict[str, Any]:
    from ..index_paths import path_values

    return {name: [path_values("path", path) for path in done.moved], "left": list(done.left)}


def _end_with(done: Moved) -> None:
    for sentence in done.left:
        note(f"retrieve: {sentence}")
    if done.left:
        raise typer.Exit(1)
