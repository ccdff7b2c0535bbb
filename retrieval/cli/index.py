"""`retrieve index`: from a folder of pictures to an index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from .options import JsonOption, SeedOption, ThreadsOption
from .printing import echo, echo_json, note, printable

if TYPE_CHECKING:
    from index_store import RejectedFile

    from ..index_facts import IndexFacts
    from ..retriever import Retriever

Structures = Literal["flat", "hnsw", "ivf", "exact"]

_NAMED = 3
_SKIPPED = {"hidden": "hidden", "other": "of other kinds", "misnamed": "pictures under another suffix"}


def index(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Pictures, also in folders below it.")],
    *,
    directory: Annotated[
        Path | None,
        typer.Option("--index", metavar="DIR", help="Where the index goes. Default: FOLDER/.retrieve."),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            metavar="RUN",
            help="A training run, a .tflite or .keras file, a Keras application by its name, or an indexed "
            "folder, instead of fitting.",
        ),
    ] = None,
    head: Annotated[
        bool, typer.Option("--head", help="Solve a last layer for these pictures on top of --encoder.")
    ] = False,
    dim: Annotated[int | None, typer.Option("--dim", min=1, help="Numbers a vector. Default: 64.")] = None,
    seed: SeedOption = 0,
    structure: Annotated[Structures, typer.Option("--structure", help="How to search.")] = "flat",
    recipe: Annotated[
        str,
        typer.Option(
            "--recipe",
            metavar="NAME",
            help="How to fit an encoder: solved, solved-photos or solved-aligned.",
            show_default=True,
        ),
    ] = "solved",
    no_decoder: Annotated[
        bool,
        typer.Option("--no-decoder", help="Fit no decoder: quicker, and enough unless you reconstruct."),
    ] = False,
    metadata: Annotated[
        Path | None,
        typer.Option(
            "--metadata",
            metavar="FILE",
            help="CSV with a heading, or JSON lines: columns for --where, `path` names the picture.",
        ),
    ] = None,
    as_json: JsonOption = False,
    _threads: ThreadsOption = None,
) -> None:
    """Fit an encoder to the pictures in FOLDER, and index them.

    \b
    retrieve index photos/
    """
    from index_store import IndexUnwritable

    from ..build import BuildSettings
    from ..metadata import Metadata
    from ..retriever import Retriever
    from .progress import progress_on_stderr

    # First: whatever is wrong with it, nothing has been done yet.
    table = None if metadata is None else Metadata.read(metadata)
    progress = progress_on_stderr(quiet=as_json)
    settings = BuildSettings(
        dim=dim, seed=seed, structure=structure, head=head, recipe=recipe, decoder=not no_decoder
    )
    try:
        retriever = Retriever.build(
            folder, index=directory, encoder=encoder, settings=settings, progress=progress
        )
    except IndexUnwritable as error:
        if directory is not None:
            raise
        raise IndexUnwritable(f"{error}, or put the index elsewhere with --index DIR") from error
    if table is not None:
        _note_unknown(table.keep_in(retriever.index.directory), metadata)
        retriever.refresh()
    if as_json:
        echo_json(_as_object(retriever, progress.seconds))
    else:
        report(retriever, progress.seconds)
        note(f"\nnext: retrieve query IMG --index {printable(directory or folder)}")


def _note_unknown(paths: Sequence[str], metadata: Path | None) -> None:
    """Say which rows of the table `metadata` name no picture of the index."""
    if paths:
        named = ", ".join(map(printable, paths[:_NAMED])) + (", …" if len(paths) > _NAMED else "")
        rows = "1 row names" if len(paths) == 1 else f"{len(paths):,} rows name"
        note(f"retrieve: {rows} no indexed picture in {printable(str(metadata))}: {named}")


def report(retriever: Retriever, seconds: dict[str, float]) -> None:
    """Tell what indexing did: how many, rejected and why, fitted how, how large, how long."""
    facts = retriever.facts()
    echo(f"indexed {facts.pictures:,} pictures of {printable(facts.folder)} in {sum(seconds.values()):.1f} s")
    echo(f"  encoder   {facts.encoder}, {facts.dim} dims; {fitted_in_words(facts)}")
    echo(f"  index     {printable(facts.directory)}, {size_in_words(facts)}, searched by {facts.structure}")
    echo("  seconds   " + ", ".join(f"{name} {spent:.1f}" for name, spent in seconds.items()))
    if any(facts.skipped.values()):
        echo(f"  skipped   {skipped_in_words(facts)}")
    if facts.rejected:
        _report_rejected(retriever, facts.rejected)


def fitted_in_words(facts: IndexFacts) -> str:
    """What the encoder was fitted to, and as what kind of pictures, for a person."""
    if facts.fitted is None:
        return "not fitted to this folder"
    count, by = f"{facts.fitted['pictures']:,} of the pictures", facts.fitted.get("by")
    words = str(facts.fitted["note"] or f"fitted to {count}" + (f" by {by}" if by else ""))
    if by == "head":
        words = f"its last layer solved from {count}"
    if "aligned" not in facts.details:
        return words
    if not facts.details["aligned"]:
        return words + ", as photographs"
    return words + ", as aligned pictures" + (" in colour" if facts.details.get("colors") else "")


def skipped_in_words(facts: IndexFacts) -> str:
    """How many files were left out of each kind, for a person."""
    counts = [f"{count:,} {_SKIPPED[kind]}" for kind, count in facts.skipped.items() if count]
    return ", ".join(counts) or "none"


def size_in_words(facts: IndexFacts) -> str:
    """What the index takes on disk, for a person."""
    each = facts.bytes_of_pictures / max(1, facts.pictures)
    return f"{each:,.0f} bytes a picture on disk, {facts.bytes_on_disk / 1e6:.1f} MB in all with the encoder"


def _report_rejected(retriever: Retriever, count: int) -> None:
    first = list(islice(retriever.index.catalog.rejected(), _NAMED))
    echo(f"  rejected  {count:,}:")
    for rejected in first:
        echo(f"    {in_words(rejected)}")
    if count > len(first):
        listing = f"retrieve info --rejected --index {printable(retriever.index.directory)}"
        echo(f"    and {count - len(first):,} more: {listing}")


def in_words(rejected: RejectedFile) -> str:
    """A rejected file and its reason, on one line."""
    return f"{printable(rejected.path)}: {printable(rejected.reason)}"


def rejections_as_json(rejected: Iterable[RejectedFile]) -> list[dict[str, str]]:
    """Rejected files with their reasons, as JSON holds them."""
    from ..index_paths import path_values

    return [{**path_values("path", one.path), "reason": one.reason} for one in rejected]


def _as_object(retriever: Retriever, seconds: dict[str, float]) -> dict[str, Any]:
    return {
        **retriever.facts().to_json(),
        "rejections": rejections_as_json(retriever.index.catalog.rejected()),
        "seconds": {name: round(spent, 3) for name, spent in seconds.items()},
    }
