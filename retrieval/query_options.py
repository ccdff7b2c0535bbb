"""What can be said of a query beside the picture and the number of answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from .combine import Region
from .errors import QueryInvalid
from .images import Source

if TYPE_CHECKING:
    from typing_extensions import Unpack


class QueryKeywords(TypedDict, total=False):
    """The keywords of `Retriever.query`: those of `QueryOptions`."""

    where: str | None
    with_: Source | Sequence[Source]
    without: Source | Sequence[Source]
    region: Region | tuple[float, float, float, float] | None
    exclude_self: bool
    exclude_copies: bool
    copies: bool


@dataclass(frozen=True, slots=True, eq=False)
class QueryOptions:
    """Which pictures may be answers, and what is asked with.

    where: a condition in SQL that answers have to meet, over the columns that `retrieve info` lists. with_:
    pictures that answers are to be like as well. without: pictures that they are not to be like. region: the
    part of the query that counts, as x, y, width and height, in pixels of the upright picture or, where all
    are at most 1, in shares of it. exclude_self: leave out the files that are asked with. exclude_copies:
    leave out other files of the same contents. copies: answers are to be this very picture, edited, rather
    than of its kind.
    """

    where: str | None = None
    with_: tuple[Source, ...] = ()
    without: tuple[Source, ...] = ()
    region: Region | None = None
    exclude_self: bool = False
    exclude_copies: bool = False
    copies: bool = False

    @classmethod
    def of(cls, **keywords: Unpack[QueryKeywords]) -> QueryOptions:
        """From what a user says: one picture or several, a region as four numbers.

        Raises:
            QueryInvalid: the region is no rectangle, `where` no text. TypeError: there is no such keyword.

        Example:
            >>> QueryOptions.of(with_="b.png", region=(0, 0, 0.5, 0.5)).with_
            ('b.png',)
        """
        told: dict[str, object] = dict(keywords)
        if not isinstance(told.get("where"), (str, type(None))):
            raise QueryInvalid(f"where is {told['where']!r}, expected a condition as text")
        for name in {"with_", "without"} & told.keys():
            value = told[name]
            told[name] = tuple(value) if isinstance(value, (list, tuple)) else (value,)
        region = told.get("region")
        if region is not None and not isinstance(region, Region):
            told["region"] = Region.of(region)
        return cls(**told)  # type: ignore[arg-type]
