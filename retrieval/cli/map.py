"""`retrieve map`: the whole folder at a glance, on one page."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import RetrievalError
from ..whole_files import replaced
from .options import JsonOption, SeedOption, ThreadsOption, find_index
from .outputs import refuse_existing, refuse_other_than_page
from .printing import echo, echo_json, note, printable

if TYPE_CHECKING:
    from ..insight.map_page import MapFacts, MapPlan


def map(  # noqa: A001 - the command's name
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER]",
            help="An indexed folder, or an index. Default: RETRIEVE_INDEX, then the nearest.",
        ),
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="OUT.html", help="The page to write.")] = Path(
        "map.html"
    ),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace OUT if it exists. Pictures are never replaced.")
    ] = False,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    _threads: ThreadsOption = None,
) -> None:
    """Draw a map of all pictures, alike ones beside each other, as a page to zoom into.

    \b
    retrieve map photos/ --out map.html

    The page holds small pictures of some thousand files itself. Of more, they lie beside it, in the folder
    OUT_files, to be kept with it. Clusters show by the picture that is nearest to all of theirs. Any browser
    opens it, offline.
    """
    from ..insight.map_page import MapPlan
    from ..retriever import Retriever
    from .progress import progress_on_stderr

    refuse_other_than_page(out, "--out")
    retriever = Retriever.open(find_index(folder))
    refuse_existing(out, retriever, overwrite=overwrite)
    plan = MapPlan.of(retriever)
    files = out.with_name(f"{out.stem}_files")
    if plan.beside:
        _refuse_folder(files, plan, overwrite=overwrite)
    new_files = files.with_name(f".{files.name}.{os.getpid()}")
    try:
        with replaced(out) as part:
            facts = plan.write(
                part, new_files, files.name, seed=seed, progress=progress_on_stderr(quiet=as_json)
            )
            if facts.beside:
                shutil.rmtree(files, ignore_errors=True)
                new_files.rename(files)
    finally:
        shutil.rmtree(new_files, ignore_errors=True)
    if as_json:
        echo_json(_as_json(facts, out, files))
    else:
        _print(facts, out, files)


def _as_json(facts: MapFacts, out: Path, files: Path) -> dict[str, Any]:
    from ..index_paths import path_values

    counts = {name: getattr(facts, name) for name in ("pictures", "clusters", "unreadable")}
    return {**path_values("page", out), **(path_values("files", files) if facts.beside else {}), **counts}


def _print(facts: MapFacts, out: Path, files: Path) -> None:
    beside = f" and {printable(files)}" if facts.beside else ""
    pictures = f"{facts.pictures:,} picture{'s' * (facts.pictures != 1)}"
    clusters = f"{facts.clusters:,} cluster{'s' * (facts.clusters != 1)}"
    echo(f"wrote {printable(out)}{beside}: {pictures} in {clusters}")
    if facts.unreadable:
        note(
            f"retrieve: {facts.unreadable:,} of them can no longer be read, and are drawn as empty frames: "
            "index the folder again"
        )


def _refuse_folder(files: Path, plan: MapPlan, *, overwrite: bool) -> None:
    """See that the folder of small pictures replaces nothing of the user's, and is not indexed itself."""
    from ..insight.map_page import is_ours

    for top in plan.retriever.folders.tops.values():
        if files.resolve().is_relative_to(top.resolve()):
            raise RetrievalError(
                f"{files} would lie in {top} and be indexed with it: name an --out outside of that folder"
            )
    if not os.path.lexists(files):
        return
    if not is_ours(files):
        raise RetrievalError(f"{files} holds other files than those of a map: name another --out")
    if not overwrite:
        raise RetrievalError(f"{files} exists already: name another --out, or add --overwrite to replace it")
