"""The pictures of an index that are nearest to queries, each with its row."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from index_store import IdsUnknown, Index, Row, check_whole_number

from .answers import Hit
from .combine import EmbeddedQuery
from .index_paths import Folders
from .query_options import QueryOptions

HitsAndRows: TypeAlias = list[tuple[Hit, Row]]

# What a picture that is in the index more than once takes of the answers to it, before more are fetched.
_SPARE = 8


def nearest_with_rows(
    index: Index, folders: Folders, queries: Sequence[EmbeddedQuery], k: int, options: QueryOptions
) -> list[HitsAndRows]:
    """The `k` nearest pictures of each of `queries`, nearest first, of those that `options` admit.

    Of those that are equally near, the very file that was asked with is the first.

    Raises:
        OptionInvalid: `k` is below 1, or `options.where` no condition on the columns of the index.
    """
    number = check_whole_number("k", k)
    while True:
        manifest = index.manifest
        try:
            found = _nearest(index, folders, queries, number, options)
        except IdsUnknown:
            if index.manifest is manifest:
                raise
        else:
            if index.manifest is manifest:
                return found
        # Another thread has taken up a newer generation meanwhile, which may hold other pictures.


def _nearest(
    index: Index, folders: Folders, queries: Sequence[EmbeddedQuery], k: int, options: QueryOptions
) -> list[HitsAndRows]:
    among = None if options.where is None else index.where(options.where)
    count = len(index) if among is None else len(among)
    if not queries or not count:
        return [[] for _ in queries]
    fetched = k + _SPARE if options.exclude_self or options.exclude_copies else k
    while True:
        found = _search(index, folders, queries, fetched, among, copies=options.copies)
        wanted = [[each for each in hits if not _is_excluded(each[0], options)][:k] for hits in found]
        lacking = any(_may_lack_itself(*each) for each in zip(queries, found, strict=True))
        enough = all(len(hits) == k for hits in wanted) and not lacking
        if fetched >= count or enough:
            return wanted
        fetched *= 4


def _search(
    index: Index,
    folders: Folders,
    queries: Sequence[EmbeddedQuery],
    k: int,
    among: NDArray[np.int64] | None,
    *,
    copies: bool,
) -> list[HitsAndRows]:
    search = index.search_copies if copies else index.search
    neighbors = search(np.stack([each.vector for each in queries]), k, among=among)
    rows = iter(index.catalog.rows_of(neighbors.ids.reshape(-1)))
    found = [
        [
            (Hit.of(folders, row, distance, each), row)
            for row, distance in zip(islice(rows, len(distances)), distances, strict=True)
        ]
        for each, distances in zip(queries, neighbors.distances.tolist(), strict=True)
    ]
    for hits in found:
        hits.sort(key=lambda each: (each[0].distance, not each[0].is_self))
    return found


def _may_lack_itself(query: EmbeddedQuery, hits: HitsAndRows) -> bool:
    """Whether the very file that was asked with may be the next, since all that were fetched are copies."""
    is_file = bool(query.files or query.ids)
    return is_file and bool(hits) and hits[-1][0].is_copy and not any(hit.is_self for hit, _ in hits)


def _is_excluded(hit: Hit, options: QueryOptions) -> bool:
    return (options.exclude_self and hit.is_self) or (options.exclude_copies and hit.is_copy)
