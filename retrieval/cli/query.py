"""`retrieve query`: the pictures that look most like a given one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import IndexOption, JsonOption, find_index
from .printing import note, shown


def query(
    pictures: Annotated[
        list[str], typer.Argument(metavar="IMG...", help="Pictures, folders of pictures, or - for stdin.")
    ],
    *,
    k: Annotated[int, typer.Option("-k", min=1, help="Answers a picture.")] = 10,
    directory: IndexOption = None,
    exclude_self: Annotated[
        bool, typer.Option("--exclude-self", help="Leave out the very picture that is asked for.")
    ] = False,
    as_json: JsonOption = False,
    montage: Annotated[
        Path | None, typer.Option("--montage", metavar="OUT.png", help="Draw queries and answers on a sheet.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="OUT.html", help="Write a page that holds all it shows.")
    ] = None,
) -> None:
    """Find the pictures that look most like IMG, nearest first.

    \b
    retrieve query img.png --index photos/
    """
    from ..retriever import Retriever
    from .answers import answers_to
    from .answers_printed import print_answers, print_answers_as_json
    from .queries import expand

    _refuse_suffix(montage)
    retriever = Retriever.open(find_index(directory))
    queries, failures = expand(pictures)
    answers = answers_to(retriever, queries, k, exclude_self=exclude_self, failures=failures)
    # Before the answers: the one who reads them may stop reading, and the process with it.
    if montage is not None:
        from .answers_drawn import draw_sheet

        draw_sheet(answers, montage)
    if html is not None:
        from .answers_page import write_page

        write_page(answers, html)
    if as_json:
        print_answers_as_json(retriever, answers, failures)
    else:
        print_answers(answers)
    for failure in failures:
        note(f"retrieve: {shown(str(failure))}")
    if failures:
        raise typer.Exit(1)


def _refuse_suffix(montage: Path | None) -> None:
    if montage is not None and montage.suffix.lower() not in {".png", ".jpg", ".jpeg", ".webp"}:
        raise typer.BadParameter(
            f"{montage} has no ending of a picture: name a .png file", param_hint="--montage"
        )
