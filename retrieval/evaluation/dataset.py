"""The pictures of one side of an evaluation: every file decoded once, and the vectors of every method."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from PIL import Image

from ..errors import ImageUnreadable, NoPictures
from ..images import (
    DECODING,
    Decoding,
    FolderScan,
    RejectedFile,
    find_images,
    load,
    load_sizes,
    open_picture,
    read_file,
)
from ..progress import Progress
from .arrays import Distances, Integers, Vectors
from .baselines import Pictures
from .exact_search import map_blocks
from .labels import Labelling
from .method import Method

if TYPE_CHECKING:
    from index_store import Index

_Decoded = TypeVar("_Decoded")

BATCH = 64


class IndexedVectors:
    """The vectors of an index by the SHA-256 of the files, with whatever precision storing them cost.

    Example:
        >>> IndexedVectors(retriever.index).find((sha256,))  # doctest: +SKIP
        (array([[0.1, ...]], dtype=float32), array([0]))
    """

    def __init__(self, index: Index, *, copies: bool = False) -> None:
        """Take in which contents `index` holds; of their vectors the latent ones, or those for `copies`."""
        self._vectors = index.copies if copies else index.vectors
        self._ids = {row.sha256: row.id for row in index.catalog.rows()}

    def count(self, contents: Sequence[str]) -> int:
        """How many of the files with these `contents` are in the index."""
        return sum(content in self._ids for content in contents)

    def find(self, contents: Sequence[str]) -> tuple[Distances, Integers]:
        """The vectors (m, dim) of the files that are in the index, and their positions (m,) in `contents`."""
        positions = [position for position, content in enumerate(contents) if content in self._ids]
        vectors = self._vectors([self._ids[contents[position]] for position in positions])
        return vectors, np.array(positions, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Pictures that could be read, in the order of their paths.

    `paths`: relative to `folder`. `labels`: their classes, None for none. `contents`: SHA-256 of each file.
    `looks`: SHA-256 of each picture as the methods see it, equal where no method can tell two apart.
    `vectors`: by method, (n, dim), as bytes where a method's components are whole numbers; methods with the
    same encoder share one array. `rejections`: what could not be read.
    """

    folder: Path
    paths: tuple[str, ...]
    labels: tuple[str | None, ...]
    contents: tuple[str, ...]
    looks: tuple[str, ...]
    vectors: Mapping[str, Vectors]
    rejections: tuple[RejectedFile, ...]

    @classmethod
    def load(
        cls,
        folder: Path | str,
        labelling: Labelling,
        methods: Sequence[Method],
        *,
        skip: Sequence[Path] = (),
        known: Mapping[str, IndexedVectors] | None = None,
        progress: Progress | None = None,
    ) -> Dataset:
        """Decode the pictures in `folder` and make the vectors of every method.

        skip: folders to leave out. known: by method, vectors to use instead of making them.
        Memory: the vectors, and a few batches of 64 pictures.

        Raises:
            NoPictures: `folder` is missing, is not a folder, or not one picture in it can be read.
        """
        scan = find_images(folder, skip=skip)
        found = [image.path for image in scan.pictures]
        encoders = {id(method.encoder): method for method in reversed(methods)}
        made: dict[int, Vectors] = {
            key: np.empty((len(found), method.encoder.dim), method.dtype) for key, method in encoders.items()
        }
        paths: list[str] = []
        contents: list[str] = []
        looks: list[str] = []
        rejections = list(scan.rejections)
        sizes = [method.encoder.size for method in methods]
        decoding = decoding_of(methods)
        with (progress or Progress()).step("read and embed", len(found)) as step:
            for batch in decode_batches(Path(folder), found, sizes, decoding=decoding):
                rows = slice(len(paths), len(paths) + len(batch.paths))
                for key, method in encoders.items():
                    made[key][rows] = _encode(method, batch, (known or {}).get(method.name))
                paths.extend(batch.paths)
                contents.extend(batch.contents)
                looks.extend(batch.looks)
                rejections.extend(batch.rejections)
                step.advance(len(batch.paths) + len(batch.rejections))
        if not paths:
            raise NoPictures(str(folder), _why_none(scan, len(rejections)))
        kept = {key: vectors[: len(paths)] for key, vectors in made.items()}
        return cls(
            folder=Path(folder),
            paths=tuple(paths),
            labels=tuple(map(labelling.label_of, paths)),
            contents=tuple(contents),
            looks=tuple(looks),
            vectors={method.name: kept[id(method.encoder)] for method in methods},
            rejections=tuple(sorted(rejections)),
        )

    def __len__(self) -> int:
        """How many pictures."""
        return len(self.paths)

    def with_vectors(self, name: str, vectors: Vectors) -> Dataset:
        """The same pictures with one more method's vectors."""
        return replace(self, vectors={**self.vectors, name: vectors})

    def take(self, rows: Integers) -> Dataset:
        """Only the pictures in `rows`, in that order; the same dataset where that is all of them."""
        if np.array_equal(rows, np.arange(len(self))):
            return self
        chosen = rows.tolist()
        taken = {id(vectors): vectors[rows] for vectors in self.vectors.values()}
        return replace(
            self,
            paths=tuple(self.paths[row] for row in chosen),
            labels=tuple(self.labels[row] for row in chosen),
            contents=tuple(self.contents[row] for row in chosen),
            looks=tuple(self.looks[row] for row in chosen),
            vectors={name: taken[id(vectors)] for name, vectors in self.vectors.items()},
        )


@dataclass(frozen=True, slots=True, eq=False)
class DecodedBatch:
    """Some pictures of a folder, decoded.

    `contents`: SHA-256 of each file. `pixels` by size, (b, size, size, 3) uint8. `rejections`: what cannot be
    read.
    """

    paths: tuple[str, ...]
    contents: tuple[str, ...]
    pixels: Mapping[int, Pictures]
    rejections: tuple[RejectedFile, ...]

    @property
    def looks(self) -> list[str]:
        """SHA-256 of each picture, of all its sizes together."""
        return [
            hashlib.sha256(b"".join(square.tobytes() for square in each)).hexdigest()
            for each in zip(*self.pixels.values(), strict=True)
        ]


def decoding_of(methods: Sequence[Method]) -> Decoding:
    """The way of decoding that all methods share: the most careful that one of them has."""
    ways: list[Decoding] = [getattr(method.encoder, "decoding", DECODING) for method in methods]
    return min(ways, default=DECODING)


def decode_batches(
    folder: Path, paths: Sequence[str], sizes: Sequence[int], *, decoding: Decoding
) -> Iterator[DecodedBatch]:
    """Decode the pictures at `paths` in `folder`, in order, on several cores, a few batches ahead at most."""

    def decode(part: slice) -> DecodedBatch:
        return _decode_batch(folder, paths[part], sorted(set(sizes)), decoding)

    return map_blocks(decode, num_queries=len(paths), block=BATCH)


def _decode_batch(
    folder: Path, paths: Sequence[str], sizes: Sequence[int], decoding: Decoding
) -> DecodedBatch:
    decoded: dict[str, tuple[str, dict[int, Pictures]]] = {}
    rejections = []
    for path in paths:
        try:
            decoded[path] = decode_sizes(folder / path, sizes, decoding=decoding)
        except ImageUnreadable as error:  # noqa: PERF203
            rejections.append(RejectedFile(path, error.reason))
    contents = tuple(content for content, _ in decoded.values())
    pixels = {size: stack([squares[size] for _, squares in decoded.values()], size) for size in sizes}
    return DecodedBatch(tuple(decoded), contents, pixels, tuple(rejections))


def decode_sizes(path: Path, sizes: Sequence[int], *, decoding: Decoding) -> tuple[str, dict[int, Pictures]]:
    """The SHA-256 of one file, and its picture at each size.

    Decoded as for the largest size: a JPEG is then not reduced below what an encoder of that size needs.

    Raises:
        ImageUnreadable: with the reason.
    """
    return _read(path, partial(load_sizes, sizes=sizes, decoding=decoding))


def open_file(path: Path, *, at_least: int) -> tuple[str, Image.Image]:
    """The SHA-256 of one file and the upright picture, from a single reading.

    Raises:
        ImageUnreadable: with the reason.
    """
    return _read(path, partial(open_picture, at_least=at_least))


def _read(path: Path, decode: Callable[[bytes], _Decoded]) -> tuple[str, _Decoded]:
    data, facts = read_file(path)
    try:
        return facts.sha256, decode(data)
    except ImageUnreadable as error:
        raise ImageUnreadable(str(path), error.reason) from error


def squares(image: Image.Image, sizes: Sequence[int]) -> dict[int, Pictures]:
    """An upright RGB picture at each size, (size, size, 3) uint8, as `retrieval.images.load` makes it."""
    # As an array: an image keeps the EXIF orientation that it was turned by, and would be turned again.
    pixels = np.asarray(image)
    return {size: load(pixels, size) for size in sizes}


def stack(pictures: Sequence[Pictures], size: int) -> Pictures:
    """Squares of one size as one array, also if there are none."""
    return np.stack(pictures) if pictures else np.zeros((0, size, size, 3), dtype=np.uint8)


def finite(vectors: Distances) -> Distances:
    """Vectors without NaN and infinities: where an encoder gives such, all components become zero.

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


def _encode(method: Method, batch: DecodedBatch, known: IndexedVectors | None) -> Vectors:
    pixels = batch.pixels[method.encoder.size]
    vectors = np.empty((len(pixels), method.encoder.dim), dtype=np.float32)
    missing = np.ones(len(pixels), dtype=np.bool_)
    if known is not None:
        found, positions = known.find(batch.contents)
        vectors[positions], missing[positions] = found, False
    if missing.any():
        vectors[missing] = finite(method.encoder.encode(pixels[missing]))
    return vectors


def _why_none(scan: FolderScan, num_rejected: int) -> str:
    if not scan.pictures and not num_rejected:
        return "no file in it is a picture"
    return f"none of its {num_rejected} files can be read as a picture"
