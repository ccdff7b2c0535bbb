"""Searches for many requests at once: those that wait while one is under way are searched for together."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from ..combine import EmbeddedQuery
from ..query_options import QueryOptions
from ..retriever import HitsAndRows, Retriever
from ..threads import num_threads

# Above so many the products of a batch take no less a query, and the first would wait for the last.
_MOST = 64


@dataclass(frozen=True, slots=True)
class _Waiting:
    query: EmbeddedQuery
    k: int
    copies: bool
    answer: Future[HitsAndRows] = field(default_factory=Future)


class Searches:
    """Searches of one retriever, asked for by many requests.

    One thread searches, in one product of matrices for all who wait: 32 queries take a few times as long as
    one. Where a condition has to be met, each is searched for by itself, on as many threads as there are.
    """

    def __init__(self, retriever: Retriever) -> None:
        """Search with `retriever`."""
        self._retriever = retriever
        self._waiting: deque[_Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._conditions = ThreadPoolExecutor(num_threads(), thread_name_prefix="condition")

    def ask(self, query: EmbeddedQuery, k: int, options: QueryOptions) -> Future[HitsAndRows]:
        """The `k` nearest pictures, when they are found; of `options`, condition and kind of vectors count.

        Fails with what `Retriever.nearest` raises.
        """
        if options.where is not None:
            return self._conditions.submit(self._search_among, query, k, options)
        mine = _Waiting(query, k, options.copies)
        self._waiting.append(mine)
        self._thread.submit(self._search_waiting)
        return mine.answer

    def _search_among(self, query: EmbeddedQuery, k: int, options: QueryOptions) -> HitsAndRows:
        return self._retriever.nearest_with_rows([query], k, options)[0]

    def _search_waiting(self) -> None:
        """Search for all who wait, if those who came before have not been searched for already."""
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST))]
        # Who has gone away is not searched for.
        batch = [each for each in batch if each.answer.set_running_or_notify_cancel()]
        for copies in (False, True):
            self._search([each for each in batch if each.copies is copies], copies=copies)

    def _search(self, batch: Sequence[_Waiting], *, copies: bool) -> None:
        if not batch:
            return
        try:
            queries, k = [each.query for each in batch], max(each.k for each in batch)
            found = self._retriever.nearest_with_rows(queries, k, QueryOptions(copies=copies))
        except Exception as error:
            # Raised again in every request that it concerns.
            for each in batch:
                each.answer.set_exception(error)
            return
        for each, hits in zip(batch, found, strict=True):
            each.answer.set_result(hits[: each.k])
