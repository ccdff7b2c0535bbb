"""Queries with their hits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from ..embed import EmbeddedPicture
from ..errors import ImageUnreadable, RetrievalError
from ..parallel import in_order
from ..retriever import Hit, Retriever
from .queries import Query

_BATCH = 256


@dataclass(frozen=True, slots=True)
class Answer:
    """A query and the pictures that look most like it, nearest first."""

    query: Query
    hits: list[Hit]


def answers_to(
    retriever: Retriever,
    queries: Sequence[Query],
    k: int,
    *,
    exclude_self: bool,
    failures: list[RetrievalError],
) -> list[Answer]:
    """The answer to each of `queries` that can be read; why others cannot is added to `failures`."""
    answers = []
    seen = zip(queries, _seen(retriever, queries), strict=True)
    while batch := list(islice(seen, _BATCH)):
        failures += [one for _, one in batch if isinstance(one, ImageUnreadable)]
        readable = [(query, one) for query, one in batch if isinstance(one, EmbeddedPicture)]
        found = retriever.nearest([one for _, one in readable], k, exclude_self=exclude_self)
        answers += [Answer(query, hits) for (query, _), hits in zip(readable, found, strict=True)]
    return answers


def _seen(retriever: Retriever, queries: Sequence[Query]) -> Iterator[EmbeddedPicture | ImageUnreadable]:
    def see(query: Query) -> EmbeddedPicture | ImageUnreadable:
        try:
            return retriever.embed(query.source)
        except ImageUnreadable as error:
            return ImageUnreadable(query.name, error.reason)

    # One picture needs no threads, which would each prepare the network anew.
    return map(see, queries) if len(queries) == 1 else in_order(see, queries)
