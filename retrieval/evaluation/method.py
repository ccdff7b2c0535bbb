"""A way to search that takes part in an evaluation: what makes its vectors, and how they are compared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..encoder import Encoder, Model
from ..errors import EncoderInvalid
from .arrays import Distances
from .baselines import ColorHistogram, FlatPixels, PerceptualHash, Pictures, PrincipalComponents
from .distances import DistanceMetric

FLOAT_BYTES = 4
PIXEL_METHODS = ("pixel", "pixel_l1", "pixel_cosine")
PIXEL_SIZE = 32


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
        """The search by the vectors of an encoder: cosine distance, four bytes a number unless told.

        Example:
            >>> Method.of(ColorHistogram(), name="colours", title="colours").bytes_per_image
            256
        """
        size = encoder.dim * FLOAT_BYTES if bytes_per_image is None else bytes_per_image
        return cls(name, title, encoder, "cosine", size)

    @classmethod
    def open(cls, path: Path | str) -> Method:
        """The search by an encoder on disk: a .tflite file with its .json, or the folder of a model.

        Raises:
            EncoderInvalid: nothing is there, or it is not what it should be.
        """
        path = Path(path)
        if not path.exists():
            raise EncoderInvalid(str(path), "there is no such file or folder")
        encoder = Model.open(path).encoder if path.is_dir() else Encoder.open(path)
        name = path.resolve().name if path.is_dir() else path.stem
        made_by = encoder.description.name
        return cls.of(encoder, name=name, title=name if name == made_by else f"{made_by} ({name})")


def fixed_methods() -> tuple[Method, ...]:
    """The baselines that need no fitting. The three pixel methods share one encoder, and so their vectors.

    Example:
        >>> [method.name for method in fixed_methods()]
        ['pixel', 'pixel_l1', 'pixel_cosine', 'color_histogram', 'phash']
    """
    pixels, size = FlatPixels(PIXEL_SIZE), FlatPixels(PIXEL_SIZE).dim
    return (
        Method("pixel", "pixels, L2", pixels, "l2", size, whole_numbers=True),
        Method("pixel_l1", "pixels, L1", pixels, "l1", size, whole_numbers=True),
        Method("pixel_cosine", "pixels, cosine", pixels, "cosine", size, whole_numbers=True),
        Method("color_histogram", "colour histogram", ColorHistogram(), "l2", 64 * FLOAT_BYTES),
        Method("phash", "perceptual hash", PerceptualHash(), "l1", 8, whole_numbers=True),
    )


def best_pixel_method(qualities: Mapping[str, float]) -> str:
    """Which of the pixel methods does best by `qualities`, L2 where that is not known.

    Example:
        >>> best_pixel_method({"pixel": 0.2, "pixel_l1": 0.3, "pixel_cosine": float("nan")})
        'pixel_l1'
    """
    known = {name: qualities.get(name, math.nan) for name in PIXEL_METHODS}
    return max(PIXEL_METHODS, key=lambda name: -math.inf if math.isnan(known[name]) else known[name])


def component_method(components: PrincipalComponents) -> Method:
    """The search by principal components of the pixels."""
    return Method.of(components, name="pca", title="PCA of the pixels")
