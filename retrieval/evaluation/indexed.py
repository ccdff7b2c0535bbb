"""What an index already knows: its vectors as it keeps them, and the pictures its encoder was fitted to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .arrays import Distances, Integers
from .collection import Collection
from .method import Method

if TYPE_CHECKING:
    from index_store import Index

    from ..retriever import Retriever

FITTED = "fitted.json"
MOST_FITTED = 3_000


class IndexedVectors:
    """The vectors of an index by the content of the files: whatever storing them cost is in them.

    Example:
        >>> IndexedVectors(retriever.index).find((sha256,))  # doctest: +SKIP
        (array([[0.1, ...]], dtype=float32), array([0]))
    """

    def __init__(self, index: Index) -> None:
        """Take in which contents `index` holds."""
        self._index = index
        self._ids = {row.sha256: row.id for row in index.catalog.rows()}

    def find(self, contents: Sequence[str]) -> tuple[Distances, Integers]:
        """The vectors (m, dim) of the files that are in the index, and their positions (m,) in `contents`."""
        known = [(position, self._ids[sha]) for position, sha in enumerate(contents) if sha in self._ids]
        positions = np.array([position for position, _ in known], dtype=np.int64)
        return self._index.vectors([row_id for _, row_id in known]), positions


def latent_method(retriever: Retriever) -> Method:
    """The search that `retriever` does, without the shortcuts of its index structure."""
    index, encoder = retriever.index, retriever.encoder
    return Method(
        name="latent",
        title=f"latent ({encoder.description.name})",
        encoder=encoder,
        metric=index.manifest.metric,
        bytes_per_image=retriever.facts().bytes_per_picture,
    )


def fitted_rows(retriever: Retriever, pictures: Collection) -> Integers:
    """The rows of `pictures` that the encoder was fitted to; what else is fitted is fitted to the same.

    Where that is not known, or these are other pictures: all, or of more than 3,000 those with the first
    checksums, which is a draw that depends on nothing but their contents.
    """
    rows: list[int] = []
    if FITTED in retriever.index.attachments and retriever.folder.resolve() == pictures.folder.resolve():
        paths = set(json.loads(retriever.index.attachment(FITTED).read_bytes())["pictures"])
        rows = [row for row, path in enumerate(pictures.paths) if path in paths]
    if not rows:
        rows = np.argsort(np.array(pictures.contents), kind="stable")[:MOST_FITTED].tolist()
    return np.array(sorted(rows), dtype=np.int64)
