"""`retrieve info`: what an index is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .index import (
    fitted_in_words,
    in_words,
    rejections_as_json,
    search_in_words,
    size_in_words,
    skipped_in_words,
)
from .options import IndexOption, JsonOption, find_index
from .printing import echo, echo_json, printable

if TYPE_CHECKING:
    from ..index_facts import IndexFacts


def info(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="The same as --index FOLDER.")
    ] = None,
    *,
    directory: IndexOption = None,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="List the files that could not be used, and why.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Tell what an index is: pictures, encoder, size, age.

    \b
    retrieve info photos/
    """
    from index_store import Index

    from ..index_facts import IndexFacts, holds_pictures
    from ..index_paths import existing_index

    index = Index.open(existing_index(find_index(directory, folder)))
    facts = IndexFacts.of(index)
    if as_json:
        listed = {"rejections": rejections_as_json(index.catalog.rejected())} if rejected else {}
        echo_json(facts.to_json() | {"columns": list(index.columns())} | listed)
    elif rejected:
        for one in index.catalog.rejected():
            echo(in_words(one))
    else:
        _report(facts, index.columns(), found=holds_pictures(facts.folders, index))


def _report(facts: IndexFacts, columns: tuple[str, ...], *, found: bool) -> None:
    lines = {
        "folder": printable(str(facts.folders)) + ("" if found else " (its pictures are not there)"),
        "index": printable(facts.directory),
        "pictures": f"{facts.pictures:,}" + ("" if facts.complete else " so far: indexing is not complete"),
        "rejected": f"{facts.rejected:,}"
        + (" (retrieve info --rejected lists them)" if facts.rejected else ""),
        **({"skipped": skipped_in_words(facts)} if facts.skipped else {}),
        "encoder": f"{facts.encoder}, sees {facts.size} x {facts.size} pixels, {facts.fingerprint[:12]}",
        "fitted": fitted_in_words(facts),
        "dims": f"{facts.dim}",
        "metric": facts.metric,
        "structure": search_in_words(facts),
        "columns": printable(", ".join(columns)),
        "size": size_in_words(facts),
        "format": f"version {facts.format_version}, generation {facts.generation}",
        "built": f"{facts.built:%Y-%m-%d %H:%M:%S} UTC",
    }
    for name, value in lines.items():
        echo(f"{name:<10}{value}")
