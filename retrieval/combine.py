"""Queries that are more than one whole picture: several of them, without others, or a part of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, isfinite
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .embed import EmbeddedPicture, FileIdentity, embed_picture
from .encoder import Encoder
from .errors import QueryInvalid
from .images import Source, open_picture

Vector = NDArray[np.float32]

# Below this length what is left of a query of length 1 is rounding.
_NOTHING = 1e-3
# Of a query of length 1, the most that is taken away: sin(30 degrees).
_MOST = 0.5


def combined(positives: Sequence[Vector], negatives: Sequence[Vector] = ()) -> Vector:
    """The direction (dim,) that all of `positives` share, turned away from what `negatives` show.

    What query and negatives share, the mixture of negatives that is nearest to the query, is taken away. In
    full, a negative is then as far as a picture at random (orthogonal negation, Widdows, ACL 2003); but of
    what is half of the query and more only a half is taken: a query keeps most of what it shows (it turns by
    30 degrees at most) also if the negative is nearly the same but for what matters. A negative that was no
    nearer than a picture at random changes nothing. All vectors have length 1, the result too.

    Raises:
        QueryInvalid: nothing is left, as of a picture without itself.

    Example:
        >>> combined([np.array([0.9165151, 0.4])], [np.array([0.0, 1.0])]).tolist()
        [1.0, 0.0]
    """
    query: NDArray[np.float64] = np.sum(np.asarray(positives, np.float64), axis=0)
    length = float(np.linalg.norm(query))
    if length > _NOTHING:
        query = query / length
        shared = _nearest_mixture(negatives, query)
        size = float(np.linalg.norm(shared))
        length = float(np.linalg.norm(query - shared))
        query = query - shared * min(1.0, _MOST / max(size, _NOTHING))
    if length <= _NOTHING:
        raise QueryInvalid(
            "nothing is left of the query: the pictures given as without show all of it, leave some out"
        )
    direction: Vector = (query / np.linalg.norm(query)).astype(np.float32)
    return direction


def _nearest_mixture(vectors: Sequence[Vector], query: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of `vectors` with weights of 0 or more that comes nearest to `query`."""
    if not len(vectors):
        return np.zeros_like(query)
    # Here and not above: most queries have no use for it, and it takes as long to load as they do.
    from scipy.optimize import nnls

    columns = np.stack(vectors, axis=1).astype(np.float64)
    mixture: NDArray[np.float64] = columns @ nnls(columns, query)[0]
    return mixture


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of a picture, upright: left edge, top edge, width and height.

    In pixels or, where none of the four is above 1, as shares of the picture's width and height.

    Example:
        >>> Region(0, 0, 320, 240).box(640, 480), Region(0.5, 0, 0.5, 1).box(640, 480)
        ((0, 0, 320, 240), (320, 0, 640, 480))
    """

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        """Refuse what is no rectangle."""
        sides = (self.x, self.y, self.width, self.height)
        if not all(map(isfinite, sides)) or min(sides) < 0 or not (self.width > 0 and self.height > 0):
            raise QueryInvalid(
                f"region is {self}, expected x,y,width,height: two numbers of 0 or more, two above 0"
            )

    def __str__(self) -> str:
        """As it is typed."""
        return ",".join(f"{side:g}" for side in (self.x, self.y, self.width, self.height))

    @classmethod
    def of(cls, sides: object) -> Region:
        """From four numbers, or from how they are typed.

        Raises:
            QueryInvalid: it is something else.

        Example:
            >>> Region.of((0, 0, 0.5, 1)) == Region.of("0,0,0.5,1")
            True
        """
        if isinstance(sides, str):
            return cls.parse(sides)
        try:
            x, y, width, height = map(float, sides)  # type: ignore[call-overload]
        except (TypeError, ValueError) as error:
            raise QueryInvalid(f"region is {sides!r}, expected four numbers: x, y, width, height") from error
        return cls(x, y, width, height)

    @classmethod
    def parse(cls, text: str) -> Region:
        """Read x,y,width,height.

        Raises:
            QueryInvalid: it is something else.
        """
        try:
            x, y, width, height = map(float, text.split(","))
        except ValueError as error:
            raise QueryInvalid(
                f"region is {text!r}, expected x,y,width,height in pixels, or all of them from 0 to 1"
            ) from error
        return cls(x, y, width, height)

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, upper, right and lower pixel in a picture of this size, at least one pixel each way.

        Raises:
            QueryInvalid: the rectangle reaches beyond the picture.
        """
        shares = max(self.x, self.y, self.width, self.height) <= 1
        across, down = (width, height) if shares else (1, 1)
        left, top = floor(self.x * across + 1e-6), floor(self.y * down + 1e-6)
        # What rounding makes of shares is no pixel.
        right, bottom = (
            ceil((self.x + self.width) * across - 1e-6),
            ceil((self.y + self.height) * down - 1e-6),
        )
        if right > width or bottom > height:
            raise QueryInvalid(f"region {self} reaches beyond the {width} x {height} pixels of the picture")
        return left, top, right, bottom

    def cut_from(self, source: Source) -> Image.Image:
        """This part of `source`, decoded in full.

        Raises:
            ImageUnreadable: it cannot be decoded. QueryInvalid: it has no such part.
        """
        picture = open_picture(source)
        part = picture.crop(self.box(*picture.size))
        # As pixels: an image keeps the EXIF orientation that it was turned by, and would be turned again.
        return Image.fromarray(np.asarray(part))


def embed_part(
    encoder: Encoder, source: Source, region: Region | None = None, *, copies: bool = False
) -> EmbeddedPicture:
    """`source` with the vector to search by: of its `region`, and with `copies` the one that finds copies.

    Raises:
        ImageUnreadable: it cannot be decoded. QueryInvalid: it has no such part.
    """
    if region is not None and hasattr(source, "read"):
        source = source.read()
    whole = embed_picture(encoder, source)
    # It is still the whole file that answers may be, or may be a copy of.
    seen = whole if region is None else embed_picture(encoder, region.cut_from(source))
    return replace(whole, vector=seen.copy if copies and seen.copy is not None else seen.vector)


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedQuery:
    """A query as the search sees it: `vector` (dim,) float32 of length 1, and what was asked with.

    contents: SHA-256 of the files, in hexadecimal. files: device and inode of each. ids: those in the index.
    All of them only of pictures that came as such, and not of those without which to search.
    """

    vector: Vector
    contents: frozenset[str | None]
    files: frozenset[FileIdentity | None]
    ids: frozenset[int | None] = frozenset()

    @classmethod
    def of(
        cls, pictures: Sequence[EmbeddedPicture], without: Sequence[EmbeddedPicture] = ()
    ) -> EmbeddedQuery:
        """All of `pictures` at once, and none of `without`.

        Raises:
            QueryInvalid: nothing is left.
        """
        vector = pictures[0].vector
        if len(pictures) > 1 or without:
            vector = combined([each.vector for each in pictures], [each.vector for each in without])
        contents, files, ids = (
            frozenset(map(attrgetter(name), pictures)) - {None} for name in ("sha256", "file", "id")
        )
        return cls(vector, contents, files, ids)
