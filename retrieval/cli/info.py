"""`retrieve info`: what an index is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .index import fitted_in_words, in_words
from .options import IndexOption, JsonOption, find_index
from .printing import say, say_json, shown

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

    from ..index_facts import IndexFacts
    from ..index_paths import existing_index

    index = Index.open(existing_index(find_index(folder or directory)))
    facts = IndexFacts.of(index)
    rejections = list(index.catalog.rejected()) if rejected else []
    if as_json:
        listed = {"rejections": [{"path": one.path, "reason": one.reason} for one in rejections]}
        say_json(facts.to_json() | (listed if rejected else {}))
    elif rejected:
        for one in rejections:
            say(in_words(one))
    else:
        _report(facts)


def _report(facts: IndexFacts) -> None:
    lines = {
        "folder": shown(facts.folder),
        "index": shown(facts.directory),
        "pictures": f"{facts.pictures:,}",
        "rejected": f"{facts.rejected:,}"
        + (" (retrieve info --rejected lists them)" if facts.rejected else ""),
        "encoder": f"{facts.encoder}, sees {facts.size} x {facts.size} pixels, {facts.fingerprint[:12]}",
        "fitted": fitted_in_words(facts),
        "dims": f"{facts.dim}",
        "metric": facts.metric,
        "structure": facts.structure,
        "bytes": f"{facts.bytes_per_picture} a picture, {facts.bytes_on_disk:,} in all",
        "format": f"version {facts.format_version}, generation {facts.generation}",
        "built": f"{facts.built:%Y-%m-%d %H:%M:%S} UTC",
    }
    for name, value in lines.items():
        say(f"{name:<10}{value}")
