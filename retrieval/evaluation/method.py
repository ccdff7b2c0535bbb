"""A way to search: what makes its vectors, how they are compared, what that costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..images import Decoding
from ..models import open_model
from .arrays import Distances, Vectors
from .baselines import BASELINES, FlatPixels, Pictures, PrincipalComponents
from .measures import DistanceMetric

if TYPE_CHECKING:
    from ..encoder import Encoder
    from ..retriever import Retriever

PIXEL_METHODS = ("pixel", "pixel_l1", "pixel_cosine")
BASELINE_NAMES = (*PIXEL_METHODS, "pca", *(each.name for each in BASELINES if each.name not in PIXEL_METHODS))
PIXEL_SIZE = FlatPixels().size

_FLOAT_BYTES = 4
_TIMED_NEIGHBOURS = 10
_TIMED_QUERIES = 20


class PictureEncoder(Protocol):
    """Whatever turns pictures into vectors."""

    @property
    def size(self) -> int:
        """Pixels of a side of the squares that it takes."""
        ...

    @property
    def dim(self) -> int:
        """Numbers a vector."""
        ...

    def encode(self, pictures: Pictures) -> Distances:
        """The vectors (n, dim) float32 of `pictures` (n, size, size, 3) uint8."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """One row of the evaluation.

    `name` is its key in the report, `title` what people read. `bytes_per_image` is what an index of such
    vectors takes. `whole_numbers`: components are whole numbers from 0 to 255, so that a byte keeps them.
    """

    name: str
    title: str
    encoder: PictureEncoder
    metric: DistanceMetric
    bytes_per_image: float
    whole_numbers: bool = False

    @classmethod
    def of(
        cls, encoder: PictureEncoder, *, name: str, title: str, bytes_per_image: float | None = None
    ) -> Method:
        """The search by the vectors of an encoder: cosine distance, by default four bytes a number.

        Example:
            >>> Method.of(FlatPixels(2), name="tiny", title="tiny pixels").bytes_per_image
            48
        """
        size = encoder.dim * _FLOAT_BYTES if bytes_per_image is None else bytes_per_image
        return cls(name, title, encoder, "cosine", size)

    @classmethod
    def open(cls, path: Path | str) -> Method:
        """The search by the encoder that `path` means, everything that `retrieval.models.open_model` takes.

        Raises:
            EncoderInvalid: there is no encoder.
        """
        encoder, place = open_model(path).encoder, Path(path)
        name = place.resolve().name if place.is_dir() else place.stem
        made_by = encoder.description.name
        return cls.of(encoder, name=name, title=name if name == made_by else f"{made_by} ({name})")

    @property
    def dtype(self) -> type[Any]:
        """The type in which vectors are kept."""
        return np.uint8 if self.whole_numbers else np.float32


@dataclass(slots=True, eq=False)
class _BothVectors:
    """The latent vectors and those for copies of the same pictures, from one run of the network."""

    encoder: Encoder
    _last: tuple[Pictures, tuple[Distances, Distances]] | None = None

    def of(self, pictures: Pictures) -> tuple[Distances, Distances]:
        if self._last is None or self._last[0] is not pictures:
            self._last = pictures, self.encoder.encode_both(pictures)
        return self._last[1]


@dataclass(frozen=True, slots=True, eq=False)
class _OneOfBoth:
    """A `PictureEncoder` of the latent vectors (place 0) or of those for copies (1)."""

    both: _BothVectors
    place: int

    @property
    def size(self) -> int:
        return self.both.encoder.size

    @property
    def decoding(self) -> Decoding:
        return self.both.encoder.decoding

    @property
    def dim(self) -> int:
        return (self.both.encoder.dim, self.both.encoder.copy_dim)[self.place]

    def encode(self, pictures: Pictures) -> Distances:
        return self.both.of(pictures)[self.place]


def own_methods(retriever: Retriever) -> tuple[Method, ...]:
    """The searches that `retriever` does, but exact whatever the structure of its index: "latent", and
    "copies" if its encoder gives vectors for them."""
    index, encoder = retriever.index, retriever.encoder
    latent = Method(
        name="latent",
        title=f"latent ({encoder.description.name})",
        encoder=encoder,
        metric=index.manifest.metric,
        bytes_per_image=retriever.facts().bytes_per_picture,
    )
    if not encoder.copy_dim:
        return (latent,)
    both = _BothVectors(encoder)
    copies = Method.of(_OneOfBoth(both, 1), name="copies", title="for copies (query --copies)")
    return replace(latent, encoder=_OneOfBoth(both, 0)), copies


def fixed_methods() -> tuple[Method, ...]:
    """The baselines that need no fitting. The three pixel methods share one encoder, and so their vectors.

    Example:
        >>> [method.name for method in fixed_methods()]
        ['pixel', 'pixel_l1', 'pixel_cosine', 'color_histogram', 'phash']
    """
    return tuple(Method(*baseline) for baseline in BASELINES)


def component_method(components: PrincipalComponents) -> Method:
    """The search by principal components of the pixels."""
    return Method.of(components, name="pca", title="PCA of the pixels")


def best_pixel_method(qualities: Mapping[str, float]) -> str:
    """Which of the pixel methods does best by `qualities`, L2 where that is not known.

    Example:
        >>> best_pixel_method({"pixel": 0.2, "pixel_l1": 0.3, "pixel_cosine": float("nan")})
        'pixel_l1'
    """
    known = {name: qualities.get(name, math.nan) for name in PIXEL_METHODS}
    return max(PIXEL_METHODS, key=lambda name: -math.inf if math.isnan(known[name]) else known[name])


def encode_milliseconds(encoder: PictureEncoder, pictures: Pictures) -> float:
    """Milliseconds a picture to encode `pictures` (n, size, size, 3) together; decoding is not counted."""
    encoder.encode(pictures[:1])  # the first call prepares what later ones use
    fresh = pictures.copy()  # of an array that it has seen an encoder may know the vectors
    begun = perf_counter()
    encoder.encode(fresh)
    return 1000.0 * (perf_counter() - begun) / len(pictures)


def search_milliseconds(queries: Vectors, database: Vectors, metric: DistanceMetric) -> float:
    """Milliseconds a query, for the ten nearest by exact search: the median of up to 20, one by one.

    On one thread: where others work too, threads of one query wait for each other longer than they work.
    """
    import faiss  # needed here and for L1 distances only

    measure = {"l2": faiss.METRIC_L2, "l1": faiss.METRIC_L1, "cosine": faiss.METRIC_INNER_PRODUCT}[metric]
    rows = np.ascontiguousarray(database, dtype=np.float32)
    points = np.ascontiguousarray(queries[:_TIMED_QUERIES], dtype=np.float32)
    threads, seconds = faiss.omp_get_max_threads(), []
    faiss.omp_set_num_threads(1)
    try:
        for point in points:
            begun = perf_counter()
            faiss.knn(point[None], rows, min(_TIMED_NEIGHBOURS, len(rows)), metric=measure)
            seconds.append(perf_counter() - begun)
    finally:
        faiss.omp_set_num_threads(threads)
    return 1000.0 * float(np.median(seconds))
