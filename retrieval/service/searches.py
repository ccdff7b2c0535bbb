"""Searches for many requests at once: those that wait while one is under way are searched for together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..combine import EmbeddedQuery
from ..nearest import HitsAndRows
from ..query_options import QueryOptions
from ..retriever import Retriever
from ..threads import num_threads

# Above so many the products of a batch take no less a query, and the first would wait for the last.
_MOST = 64


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    query: EmbeddedQuery
    k: int
    options: QueryOptions
    answer: asyncio.Future[HitsAndRows]

    @property
    def kind(self) -> tuple[bool, bool, bool]:
        """Those of the same can be searched for together."""
        return self.options.copies, self.options.exclude_self, self.options.exclude_copies


class Searches:
    """Searches of one retriever, asked for by many requests of one event loop.

    One thread searches, in one product of matrices for all who wait: 32 queries take a few times as long as
    one. Where a condition has to be met, each is searched for by itself, on as many threads as there are.
    """

    def __init__(self, retriever: Retriever) -> None:
        """Search with `retriever`."""
        self._retriever = retriever
        self._waiting: list[_Waiting] = []
        self._searching: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._conditions = ThreadPoolExecutor(num_threads(), thread_name_prefix="condition")

    async def ask(self, query: EmbeddedQuery, k: int, options: QueryOptions) -> HitsAndRows:
        """The `k` nearest pictures, of those that `options` admit. Raises what `Retriever.nearest` raises."""
        loop = asyncio.get_running_loop()
        if options.where is not None:
            search = self._retriever.nearest_with_rows
            [found] = await loop.run_in_executor(self._conditions, search, [query], k, options)
            return found
        mine = _Waiting(query, k, options, loop.create_future())
        self._waiting.append(mine)
        if self._searching is None or self._searching.done():
            self._searching = loop.create_task(self._search_waiting())
        return await mine.answer

    async def _search_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            for kind in dict.fromkeys(each.kind for each in batch):
                await self._search([each for each in batch if each.kind == kind])

    async def _search(self, batch: Sequence[_Waiting]) -> None:
        queries, k = [each.query for each in batch], max(each.k for each in batch)
        search, loop = self._retriever.nearest_with_rows, asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._thread, search, queries, k, batch[0].options)
        except Exception as error:
            # Raised again in every request that it concerns.
            for each in batch:
                if not each.answer.done():
                    each.answer.set_exception(error)
            return
        for each, hits in zip(batch, found, strict=True):
            # Done already: who asked has gone away.
            if not each.answer.done():
                each.answer.set_result(hits[: each.k])
