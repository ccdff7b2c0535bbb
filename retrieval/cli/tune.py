"""`retrieve tune`: search structures, measured on the vectors of an index."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import IndexOption, JsonOption, ThreadsOption, find_index, wrong_usage
from .printing import echo, echo_json, note, printable

if TYPE_CHECKING:
    from index_store import Index, MeasuredStructure

RecallOption = Annotated[
    str | None,
    typer.Option(
        "--target-recall",
        metavar="SHARE",
        help="Share of the ten nearest that an approximate search has to find. Default: 0.99.",
    ),
]
MemoryOption = Annotated[
    str | None,
    typer.Option("--max-memory", metavar="BYTES", help="What the search may take, as 500MB or 2GB."),
]


def tune(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[INDEX]", help="The same as --index INDEX.")
    ] = None,
    *,
    directory: IndexOption = None,
    structures: Annotated[
        list[str] | None,
        typer.Option("--structure", metavar="NAME", help="Compare this one; may be given several times."),
    ] = None,
    recall: RecallOption = None,
    memory: MemoryOption = None,
    sample: Annotated[
        int, typer.Option("--sample", min=100, help="Measure on so many vectors.", show_default=True)
    ] = 200_000,
    as_json: JsonOption = False,
    _threads: ThreadsOption = None,
) -> None:
    """Compare ways to search an index: what each finds, how fast, in how many bytes.

    \b
    retrieve tune photos/
    """
    from index_store import (
        Index,
        Structure,
        check_structure,
        compares_all,
        measure_structures,
        recommended_structure,
    )

    from ..index_paths import existing_index

    with wrong_usage("--structure"):
        for name in structures or ():
            check_structure(name)
    with wrong_usage("--target-recall and --max-memory"):
        asked = Structure.of(recall=recall, memory=memory)
    index = Index.open(existing_index(find_index(directory, folder)))
    vectors = index.vectors()
    limit = None if asked.memory is None else asked.memory / max(1, len(vectors))
    measured: list[MeasuredStructure] = []
    for one in measure_structures(
        vectors,
        index.manifest.metric,
        structures,
        recall=asked.recall,
        sample=sample,
    ):
        if not (measured or as_json):
            _head(len(vectors), sample)
        measured.append(one)
        if not as_json:
            echo(_line(one))
    best = recommended_structure(measured, recall=asked.recall, memory=limit)
    # Auto does the same for so few, and something quicker once there are many.
    name = str(asked) if best.bytes == 0 and compares_all(asked, *vectors.shape) else best.structure
    if as_json:
        echo_json({"structures": [asdict(one) for one in measured], "recommended": name})
    else:
        _recommend(index, name)


def _head(count: int, sample: int) -> None:
    if count > sample:
        note(f"measured on {sample:,} of {count:,} vectors")
    echo(f"{'structure':<14}{'recall@10':>10}{'queries/s':>11}{'one, ms':>9}{'bytes':>12}{'built, s':>12}")


def _line(one: MeasuredStructure) -> str:
    name = one.structure.partition(";")[0]
    line = (
        f"{name:<14}{one.recall:>10.4f}{one.rate:>11,.0f}{one.milliseconds:>9.2f}"
        f"{one.bytes:>12,.0f}{one.seconds:>12.1f}"
    )
    # Few vectors are too few for others.
    return f"{line}  built: flat" if one.name == "flat" and name not in ("flat", "exact", "auto") else line


def _recommend(index: Index, name: str) -> None:
    now = index.manifest.structure
    echo(f"recommended: {name}; the index asks for {now}")
    if name != now:
        directory = printable(index.directory)
        note(f"\nnext: retrieve index FOLDER --index {directory} --structure '{name}'")
