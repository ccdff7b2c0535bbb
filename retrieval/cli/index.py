"""`retrieve index`: from a folder of pictures to an index."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonOption, OtherSeedOption, ThreadsOption, wrong_usage
from .printing import counted, echo, echo_json, note, printable
from .tune import MemoryOption, RecallOption

if TYPE_CHECKING:
    from index_store import RejectedFile

    from ..index_facts import IndexFacts
    from ..indexing.changes import Update
    from ..indexing.drift import Drift
    from ..metadata import Metadata
    from ..retriever import Retriever

_NAMED = 3
_SKIPPED = {"hidden": "hidden", "other": "of other kinds"}


def index(
    folders: Annotated[
        list[str],
        typer.Argument(metavar="FOLDER...", help="Pictures, also below it; or its URL."),
    ],
    *,
    directory: Annotated[
        Path | None,
        typer.Option("--index", metavar="DIR", help="Where the index is. Default: FOLDER/.retrieve."),
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
    adapt: Annotated[
        bool, typer.Option("--adapt", help="Make --encoder better by these pictures. Not for .tflite files.")
    ] = False,
    dim: Annotated[int | None, typer.Option("--dim", min=1, help="Numbers a vector. Default: 64.")] = None,
    seed: OtherSeedOption = None,
    structure: Annotated[
        str | None,
        typer.Option(
            "--structure",
            metavar="NAME",
            help="How to search: auto (the default), exact, flat, hnsw, ivf, or a FAISS factory string.",
        ),
    ] = None,
    code: Annotated[
        str | None,
        typer.Option(
            "--code",
            metavar="NAME",
            help="What to search in: float32, float16, int8, rabitq, pq or binary. Default: what suits.",
        ),
    ] = None,
    recall: RecallOption = None,
    memory: MemoryOption = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            metavar="NAME",
            help="How to fit an encoder: solved (the default), solved-photos, -aligned, -grey or -colors.",
        ),
    ] = None,
    no_decoder: Annotated[
        bool,
        typer.Option("--no-decoder", help="Fit no decoder: quicker, and enough unless you reconstruct."),
    ] = False,
    refit: Annotated[
        bool,
        typer.Option("--refit", help="Make the index anew, its encoder fitted to what is there now."),
    ] = False,
    metadata: Annotated[
        Path | None,
        typer.Option(
            "--metadata",
            metavar="FILE",
            help="CSV with a heading, or JSON lines: columns for --where; `path` names the picture.",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store", metavar="milvus:URI", help="Keep vectors and rows in Milvus, see the README."
        ),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray", metavar="ADDRESS", help="Embed on a Ray cluster: HOST:PORT, or local to start one."
        ),
    ] = None,
    as_json: JsonOption = False,
    _threads: ThreadsOption = None,
) -> None:
    """Fit an encoder to the pictures in FOLDER, and index them; later, index what has changed.

    \b
    retrieve index photos/
    retrieve index photos/ more-photos/ --index DIR

    Where there is an index, its encoder is kept, and only new and changed pictures are embedded; a folder
    that is new to it is added. Killed at any time, it goes on where it was when it is run again.
    """
    from ..memory import keep_freed_memory

    keep_freed_memory()  # before the imports below begin threads
    from index_store import IndexUnwritable

    from ..images import folder_at
    from ..index_paths import index_directory, is_indexed
    from ..indexing.build import build_index
    from ..indexing.drift import drift_of
    from ..indexing.settings import BuildSettings
    from ..metadata import Metadata
    from ..retriever import Retriever
    from .progress import progress_on_stderr

    # First: whatever is wrong with it, nothing has been done yet.
    table = None if metadata is None else Metadata.read(metadata)
    progress = progress_on_stderr(quiet=as_json)
    settings = BuildSettings(
        dim=dim,
        seed=seed,
        structure=_structure(structure, code, recall, memory),
        adapt=adapt,
        recipe=recipe,
        decoder=not no_decoder,
        refit=refit,
        store=_store(store),
        ray=ray,
    )
    tops = [folder_at(folder) for folder in folders]
    place = index_directory(tops[0], directory)
    known = is_indexed(place) and not refit
    try:
        changes = build_index(tops, place, encoder=encoder, settings=settings, progress=progress)
    except IndexUnwritable as error:
        if directory is not None or "--index DIR" in str(error):
            raise
        raise IndexUnwritable(f"{error}, or put the index elsewhere with --index DIR") from error
    if table is not None:
        _keep(table, place, metadata)
    retriever = Retriever.open(place)
    drift = drift_of(retriever.index) if changes.new else None
    if as_json:
        echo_json(_as_object(retriever, progress.seconds, changes, drift))
        return
    report(retriever, progress.seconds, changes if known else None)
    if dim is not None and dim > retriever.index.dim:
        note(f"\nthe encoder has {retriever.index.dim:,} numbers to give, not {dim:,}")
    if drift is not None:
        note(f"\n{drift}")
    if not known:
        note(f"\nnext: retrieve query IMG --index {printable(directory or folders[0])}")


def _keep(table: Metadata, place: Path, metadata: Path | None) -> None:
    """Keep `table`, read from `metadata`; say which columns are no more, and which rows name no picture."""
    from index_store import Index

    before = Index.open(place).columns()
    paths = table.keep_in(place)
    after = Index.open(place).columns()
    if lost := [name for name in before if name not in after]:
        note(
            f"retrieve: {printable(str(metadata))} stands in place of what was known before: "
            f"no more {', '.join(map(printable, lost))}"
        )
    if paths:
        named = ", ".join(map(printable, paths[:_NAMED])) + (", …" if len(paths) > _NAMED else "")
        rows = "1 row names" if len(paths) == 1 else f"{len(paths):,} rows name"
        note(f"retrieve: {rows} no indexed picture in {printable(str(metadata))}: {named}")


def _structure(name: str | None, code: str | None, recall: str | None, memory: str | None) -> str | None:
    """The structure that the options ask for together; None if they ask for none."""
    from index_store import OptionInvalid, Structure, check_structure

    if name is code is recall is memory is None:
        return None
    try:
        return check_structure(str(Structure.of(name or "auto", code=code, recall=recall, memory=memory)))
    except OptionInvalid as error:
        raise typer.BadParameter(str(error)) from error


def _store(name: str | None) -> str | None:
    from index_store import check_store

    with wrong_usage("--store"):
        return None if name is None else check_store(name)


def report(retriever: Retriever, seconds: dict[str, float], changes: Update | None = None) -> None:
    """Tell what indexing did: how many, what changed, rejected and why, fitted how, how large, how long."""
    facts = retriever.facts()
    spent = sum(seconds.values())
    echo(f"indexed {counted(facts.pictures, 'picture')} of {printable(str(facts.folders))} in {spent:.1f} s")
    if changes is not None:
        echo(f"  changes   {str(changes) or 'none'}")
    echo(f"  encoder   {facts.encoder}, {facts.dim} dims; {fitted_in_words(facts)}")
    echo(f"  index     {printable(facts.directory)}, {size_in_words(facts)}")
    echo(f"  search    {search_in_words(facts)}")
    echo("  seconds   " + ", ".join(f"{name} {spent:.1f}" for name, spent in seconds.items()))
    if any(facts.skipped.values()):
        echo(f"  skipped   {skipped_in_words(facts)}")
    if facts.rejected:
        _report_rejected(retriever, facts.rejected)


def search_in_words(facts: IndexFacts) -> str:
    """How the index is searched, and why so, for a person."""
    return facts.structure + (f": {facts.structure_reason}" if facts.structure_reason else "")


def fitted_in_words(facts: IndexFacts) -> str:
    """What the encoder was fitted to, and as what kind of pictures, for a person."""
    if facts.fitted is None:
        return "not fitted to this folder"
    count, by = f"{facts.fitted['pictures']:,} of the pictures", facts.fitted.get("by")
    words = str(facts.fitted["note"] or f"fitted to {count}" + (f" by {by}" if by else ""))
    if by == "adapt":
        words = f"adapted to {count}"
    if "aligned" not in facts.details:
        return words
    if not facts.details["aligned"]:
        return words + ", as photographs" + ("" if facts.details.get("colors", True) else " in grey")
    return words + ", as aligned pictures" + (" in colour" if facts.details.get("colors") else "")


def skipped_in_words(facts: IndexFacts) -> str:
    """How many files were left out of each kind, for a person."""
    under = " under another suffix"
    words = {
        kind: counted(count, "picture", under, under) if kind == "misnamed" else f"{count:,} {_SKIPPED[kind]}"
        for kind, count in facts.skipped.items()
        if count
    }
    return ", ".join(words.values()) or "none"


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


def _as_object(
    retriever: Retriever, seconds: dict[str, float], changes: Update, drift: Drift | None
) -> dict[str, Any]:
    return {
        **retriever.facts().to_json(),
        "changes": changes.to_json(),
        "drift": drift and drift.to_json(),
        "rejections": rejections_as_json(retriever.index.catalog.rejected()),
        "seconds": {name: round(spent, 3) for name, spent in seconds.items()},
    }
