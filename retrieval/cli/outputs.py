"""Files that a command is to write: never over a picture, nor over another unless that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..errors import RetrievalError

if TYPE_CHECKING:
    from ..images import Source
    from ..retriever import Retriever


_PAGES = {".html", ".htm"}


def refuse_other_than_page(path: Path, option: str) -> None:
    """See that a browser will open what is written to `path`, the value of `option`, as a page."""
    if path.suffix.lower() not in _PAGES:
        raise typer.BadParameter(f"{path} has no ending of a page: name an .html file", param_hint=option)


def refuse_existing(
    path: Path, retriever: Retriever | None = None, asked_with: Sequence[Source] = (), *, overwrite: bool
) -> None:
    """See that writing to `path` takes nothing away from the user, before any work is done.

    retriever: the index whose files, and whose pictures, are never replaced.
    """
    if not path.parent.is_dir():
        raise RetrievalError(f"there is no folder {path.parent} to write {path.name} to: make it first")
    if retriever is not None and path.resolve().is_relative_to(retriever.index.directory.resolve()):
        raise RetrievalError(f"{path} belongs to the index: name another file")
    if not path.exists():
        return
    if not path.is_file():
        raise RetrievalError(f"{path} is not a regular file: name a file to write to")
    indexed = retriever is not None and _is_indexed(path, retriever)
    if indexed or any(_is_same(path, source) for source in asked_with):
        raise RetrievalError(f"{path} is one of the pictures, which are never overwritten: name another file")
    if not overwrite:
        raise RetrievalError(f"{path} exists already: name another file, or add --overwrite to replace it")


def _is_indexed(path: Path, retriever: Retriever) -> bool:
    known, catalog = retriever.folders.path_of(path), retriever.index.catalog
    if known is not None and catalog.find(known):
        return True
    # It may be indexed by another path, through a link.
    size = path.stat().st_size
    return any(row.size == size and _is_same(path, retriever.folders / row.path) for row in catalog.rows())


def _is_same(path: Path, other: object) -> bool:
    if not isinstance(other, (str, Path)):
        return False
    try:
        return path.samefile(other)
    except OSError:
        return False
