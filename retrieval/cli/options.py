"""Options that several commands take, and where the index is that they mean."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

VARIABLE = "RETRIEVE_INDEX"

IndexOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--index",
        metavar="DIR",
        help=f"An indexed folder, or an index. Default: {VARIABLE}, then the nearest .retrieve upwards.",
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SeedOption: TypeAlias = Annotated[
    int, typer.Option("--seed", min=0, help="The same seed gives the same result.")
]

OtherSeedOption: TypeAlias = Annotated[
    int | None, typer.Option("--seed", min=0, help="The same seed gives the same result. Default: 0.")
]


def _apply_threads(count: int | None) -> int | None:
    from ..threads import use_threads

    use_threads(count)
    return count


ThreadsOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        callback=_apply_threads,
        help="Processors to use at most. Default: RETRIEVE_THREADS, then all.",
    ),
]
"""Takes effect by itself, before the command runs: a command that has it need not look at its value."""


def find_index(option: Path | None) -> Path:
    """What to open: `option`, else what RETRIEVE_INDEX names, else the nearest index from here upwards.

    Raises:
        IndexNotFound: none of them is there.
    """
    from ..index_paths import nearest_index

    if option is not None:
        return option
    if named := os.environ.get(VARIABLE):
        return Path(named)
    return nearest_index()
