"""What the service answers, as its description tells it."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

_REFUSALS = {
    400: "The form with the picture in it cannot be read",
    401: "No token was shown",
    403: "Asked by a page of another site",
    404: "There is no such picture",
    408: "The request took too long to arrive",
    413: "The request, or the picture in it, is too large",
    421: "Asked under a name that is not this service's",
    422: "The picture or an option cannot be used",
    503: "More is asked than can be answered at a time, or the index is damaged",
}


class Refusal(TypedDict):
    """Why there is no answer, in one sentence."""

    detail: str


class HitFacts(TypedDict):
    """One answer: marks are any of "self" (asked with), "copy" (same contents), "missing" and "changed"."""

    id: int
    distance: float
    meaning: str
    path: str
    marks: list[str]


class Answers(TypedDict):
    """The nearest pictures, nearest first; from a distance of no_match on there is no good match."""

    path: str | None
    width: int
    height: int
    milliseconds: float
    no_match: float
    hits: list[HitFacts]


class PictureFacts(TypedDict):
    """A picture of the index."""

    id: int
    path: str
    width: int
    height: int


class Pictures(TypedDict):
    """Some pictures of the index, and how many there are in all that were asked for."""

    count: int
    pictures: list[PictureFacts]


class FolderFacts(TypedDict):
    """How many pictures are in a folder, those in folders inside it included."""

    folder: str
    count: int


class AgreementMaps(TypedDict):
    """How well each place of the two pictures has its like in the other, 0 to 1, in rows from the top."""

    query: list[list[float]]
    hit: list[list[float]]


def refusals() -> dict[int | str, dict[str, Any]]:
    """Every status that is no success, as the description has it."""
    return {status: {"description": why, "model": Refusal} for status, why in _REFUSALS.items()}


def picture_of(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """A success that is a picture of one of these media types."""
    bytes_ = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "The picture", "content": dict.fromkeys(kinds, bytes_)}}
