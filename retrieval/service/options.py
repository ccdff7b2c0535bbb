"""What can be said of a question beside its picture, as parameters of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError

from ..combine import Region
from ..errors import RetrievalError
from ..query_options import QueryOptions

IN_FOLDER = "Only pictures in this folder, as /folders has it, or inside it"
MOST_ID = 2**63 - 1
_PART = "x,y,width,height: the part that counts"
_IDS = "Ids of pictures in the index, with commas between"


class _Parameters(BaseModel):
    """The parameters of a question, as the description tells them."""

    k: int = Field(24, ge=1, le=10_000, description="Answers")
    where: str | None = Field(
        None, max_length=1_000, description="A condition in SQL on the columns of /info"
    )
    folder: str | None = Field(None, max_length=4_000, description=IN_FOLDER)
    region: str | None = Field(None, max_length=100, description=_PART)
    with_: str | None = Field(None, alias="with", max_length=1_000, description=_IDS)
    without: str | None = Field(None, max_length=1_000, description=_IDS)
    copies: bool = Field(False, description="Search for this very picture, also where edited")
    exclude_self: bool = Field(False, description="Leave out the pictures of the index that are asked with")
    exclude_copies: bool = Field(False, description="Leave out other files of the same contents")


@dataclass(frozen=True, slots=True)
class Options:
    """What is said of a question beside its picture: `search` of the answers, the rest of the picture."""

    k: int
    search: QueryOptions
    region: Region | None
    with_: list[int]
    without: list[int]

    @property
    def is_whole(self) -> bool:
        """Whether the question is one picture, and all of it."""
        return self.region is None and not self.with_ and not self.without


# FastAPI would take each parameter by itself, which takes as long as the rest of a request.
async def options_of(request: Request) -> Options:
    """The parameters of `request`.

    Raises:
        RequestValidationError, QueryInvalid, RetrievalError: one of them cannot be read.
    """
    try:
        told = _Parameters.model_validate(dict(request.query_params))
    except ValidationError as error:
        faults = [{**fault, "loc": ("query", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from error
    search = QueryOptions(
        where=meeting(told.where, told.folder),
        copies=told.copies,
        exclude_self=told.exclude_self,
        exclude_copies=told.exclude_copies,
    )
    return Options(told.k, search, region_of(told.region), _ids(told.with_), _ids(told.without))


Asked = Annotated[Options, Depends(options_of)]
PartOf = Annotated[str | None, Query(alias="region", max_length=100, description=_PART)]


def region_of(text: str | None) -> Region | None:
    """The region that `text` names, if it names one. Raises QueryInvalid."""
    return Region.parse(text) if text else None


def described() -> dict[str, Any]:
    """The parameters for the description of the API."""
    properties = _Parameters.model_json_schema()["properties"]
    return {
        "parameters": [
            {"name": name, "in": "query", "description": schema["description"], "schema": schema}
            for name, schema in properties.items()
        ]
    }


def meeting(where: str | None, folder: str | None) -> str | None:
    """The condition in SQL for pictures that meet `where` and lie in `folder`, or in folders inside it.

    Example:
        >>> meeting("width > 600", "cats")
        "substr(path, 1, 5) = 'cats/' and (\\nwidth > 600\\n)"
    """
    if not folder:
        return where or None
    quoted = folder.replace("'", "''")
    inside = f"substr(path, 1, {len(folder) + 1}) = '{quoted}/'"
    # On lines of its own, so that a comment at its end ends there.
    return f"{inside} and (\n{where}\n)" if where else inside


def _ids(text: str | None) -> list[int]:
    try:
        ids = [int(each) for each in text.split(",")] if text else []
    except ValueError as error:
        raise RetrievalError(f"ids are {text!r}, expected whole numbers with commas between") from error
    if any(not 0 <= each <= MOST_ID for each in ids):
        raise RetrievalError(f"ids are {text!r}, expected numbers of 0 to {MOST_ID}")
    return ids
