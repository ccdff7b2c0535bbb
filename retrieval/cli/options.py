"""Options that several commands take, and where the index is that they mean."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
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
FilesIndexOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--index",
        metavar="DIR",
        help=f"An indexed folder, or an index. Default: {VARIABLE}, then the nearest .retrieve from FILE "
        "upwards.",
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SeedOption: TypeAlias = Annotated[
    int, typer.Option("--seed", min=0, help="The same seed gives the same result.")
]

OverwriteOption: TypeAlias = Annotated[
    bool, typer.Option("--overwrite", help="Replace files in DIR, but no picture that is asked with.")
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


def finite(value: float | None) -> float | None:
    """`value`, the number of an option: min and max let NaN pass.

    Raises:
        BadParameter: it is NaN or infinite.
    """
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is none of the numbers that are possible here")
    return value


@contextmanager
def wrong_usage(option: str) -> Iterator[None]:
    """Tell what the value of `option` is refused for as wrong usage, with exit status 2."""
    from index_store import OptionInvalid

    from ..errors import QueryInvalid

    try:
        yield
    except (OptionInvalid, QueryInvalid) as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def find_index_of(files: Sequence[Path], option: Path | None) -> Path:
    """What to open to change what it knows of `files`: `option`, else what RETRIEVE_INDEX names, else the
    nearest index from the first of the files upwards, else from here.

    Raises:
        IndexNotFound: none of them is there.
    """
    from index_store import IndexNotFound

    from ..index_paths import nearest_index

    if option is None and files and not os.environ.get(VARIABLE):
        try:
            return nearest_index(files[0] if os.path.isdir(files[0]) else files[0].parent)  # noqa: PTH112
        except IndexNotFound as error:
            with suppress(IndexNotFound):
                return find_index(option)
            raise error
    return find_index(option)


def find_index(option: Path | None, argument: Path | None = None) -> Path:
    """What to open: `option` or `argument`, whichever is given, else what RETRIEVE_INDEX names, else the
    nearest index from here upwards.

    Raises:
        IndexNotFound: none of them is there. BadParameter: two different ones are given.
    """
    from index_store import IndexNotFound

    from ..index_paths import existing_index, nearest_index

    if option is not None and argument is not None and option.absolute() != argument.absolute():
        raise typer.BadParameter(f"{argument} and --index {option} both name an index: name one")
    if option is not None or argument is not None:
        return option or argument  # type: ignore[return-value]
    if named := os.environ.get(VARIABLE):
        try:
            existing_index(Path(named))
        except IndexNotFound as error:
            raise IndexNotFound(f"{VARIABLE} is {named}: {error}") from error
        return Path(named)
    return nearest_index()
