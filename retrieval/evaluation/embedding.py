"""From a listing to a collection: read every picture once, and let every method make its vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..errors import NoPictures
from ..progress import Progress
from .arrays import Distances, Integers, Vectors
from .collection import Collection, Listing
from .method import Method
from .reading import PictureBatch, read_batches


class KnownVectors(Protocol):
    """Vectors that are there already: those of an index."""

    def find(self, contents: Sequence[str]) -> tuple[Distances, Integers]:
        """The vectors (m, dim) of those files that are known, and their positions (m,) in `contents`."""
        ...


def embed(
    listing: Listing,
    methods: Sequence[Method],
    *,
    known: Mapping[str, KnownVectors] | None = None,
    progress: Progress | None = None,
) -> Collection:
    """Read the pictures of `listing` and make the vectors of every method.

    known: by method, vectors to be taken as they are instead of being made anew.
    Memory: the vectors, and a few batches of 64 pictures.

    Raises:
        NoPictures: not one can be read.
    """
    makers = [_Maker.of(method, (known or {}).get(method.name)) for method in _with_own_vectors(methods)]
    kept: list[Integers] = []
    contents: list[str] = []
    rejections = list(listing.rejections)
    sizes = [method.encoder.size for method in methods]
    with (progress or Progress()).step("read and embed", len(listing.paths)) as step:
        for batch in read_batches(listing.folder, listing.paths, sizes):
            for maker in makers:
                maker.take(batch)
            kept.append(batch.positions)
            contents.extend(batch.contents)
            rejections.extend(batch.rejections)
            step.advance(len(batch.positions) + len(batch.rejections))
    if not contents:
        raise NoPictures(str(listing.folder), _why_none(listing, len(rejections)))
    made = {id(maker.method.encoder): maker.joined() for maker in makers}
    rows = np.concatenate(kept).tolist()
    return Collection(
        folder=listing.folder,
        paths=tuple(listing.paths[row] for row in rows),
        labels=tuple(listing.labels[row] for row in rows),
        contents=tuple(contents),
        vectors={method.name: made[id(method.encoder)] for method in methods},
        rejections=tuple(sorted(rejections)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Maker:
    method: Method
    known: KnownVectors | None
    parts: list[Vectors]

    @classmethod
    def of(cls, method: Method, known: KnownVectors | None) -> _Maker:
        return cls(method, known, [])

    def take(self, batch: PictureBatch) -> None:
        pixels = batch.pixels[self.method.encoder.size]
        vectors = np.empty((len(pixels), self.method.encoder.dim), dtype=np.float32)
        missing = np.ones(len(pixels), dtype=np.bool_)
        if self.known is not None:
            found, positions = self.known.find(batch.contents)
            vectors[positions], missing[positions] = found, False
        if missing.any():
            vectors[missing] = finite(self.method.encoder.encode(pixels[missing]))
        self.parts.append(as_kept(self.method, vectors))

    def joined(self) -> Vectors:
        joined: Vectors = np.concatenate(self.parts)
        self.parts.clear()
        return joined


def finite(vectors: Distances) -> Distances:
    """Vectors without NaN and infinities: an encoder that finds nothing in a picture gives zeros.

    By cosine, such a picture is at distance 1 from every other: it answers nobody and finds nothing.

    Example:
        >>> finite(np.array([[0.5, np.nan], [1.0, 2.0]], dtype=np.float32)).tolist()
        [[0.0, 0.0], [1.0, 2.0]]
    """
    bad_rows = np.flatnonzero(np.isfinite(vectors).all(axis=1) == 0)
    if not len(bad_rows):
        return vectors
    clean: Distances = vectors.copy()
    clean[bad_rows] = 0.0
    return clean


def as_kept(method: Method, vectors: Distances) -> Vectors:
    """Vectors in the type in which a collection keeps them: bytes where they hold whole numbers."""
    kept: Vectors = vectors.astype(np.uint8) if method.whole_numbers else vectors
    return kept


def _with_own_vectors(methods: Sequence[Method]) -> list[Method]:
    """One method for each encoder."""
    return list({id(method.encoder): method for method in reversed(methods)}.values())[::-1]


def _why_none(listing: Listing, num_rejected: int) -> str:
    if not listing.paths and not num_rejected:
        return "no file in it is a picture"
    return f"none of its {num_rejected} files can be read as a picture"
