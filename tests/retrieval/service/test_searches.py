"""Searches for many requests at once: each gets its own answer, and its own error."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image

from retrieval.combine import EmbeddedQuery
from retrieval.errors import ImageUnreadable, QueryInvalid
from retrieval.query_options import QueryOptions
from retrieval.service.searches import Searches
from retrieval.service.uploads import is_quick
from retrieval.threads import use_threads


@pytest.fixture
def one_thread():
    use_threads(1)
    yield
    use_threads(None)


def asked_together(retriever, *queries, options=QueryOptions()):  # noqa: B008
    async def ask_all():
        searches = Searches(retriever)
        waiting = [searches.ask(query, 3, options) for query in queries]
        return await asyncio.gather(*waiting, return_exceptions=True)

    return asyncio.run(ask_all())


def unreadable():
    raise ImageUnreadable("a.png", "it is torn")


def test_one_that_fails_leaves_the_others_their_answers(retriever, photos):
    red, blue = (
        EmbeddedQuery.of([retriever.embed(photos / name)]) for name in ("warm/red.png", "cold/blue.png")
    )
    first, torn, last = asked_together(retriever, lambda: red, unreadable, lambda: blue)
    assert first[0][0].path.name == "red.png"
    assert isinstance(torn, ImageUnreadable)
    assert last[0][0].path.name == "blue.png"


def test_what_no_search_can_answer_is_told_to_each(retriever, photos):
    red = EmbeddedQuery.of([retriever.embed(photos / "warm" / "red.png")])
    copies = QueryOptions(copies=True)
    answers = asked_together(retriever, *[lambda: red] * 3, options=copies)
    expected = QueryInvalid if not retriever.index.copy_dim else list
    assert [type(each) for each in answers] == [expected] * 3


def test_uploads_are_answered_alike_where_they_are_decoded_by_the_thread_that_searches(
    service, photos, one_thread
):
    red = (photos / "warm" / "red.png").read_bytes()
    answer = service().post("/query?k=2", files={"file": red})
    assert (answer.json()["width"], answer.json()["hits"][0]["path"]) == (32, "warm/red.png")
    torn = service().post("/query", files={"file": ("torn.png", red[:60])})
    assert torn.status_code == 422
    assert "torn.png" in torn.json()["detail"]
    filtered = service().post("/query?where=width > 1&k=2", files={"file": red})
    assert filtered.json()["hits"] == answer.json()["hits"]


class Upload:
    def __init__(self, content):
        self.file, self.size = io.BytesIO(content), len(content)


def png(side):
    file = io.BytesIO()
    Image.new("1", (side, side)).save(file, "PNG")
    return file.getvalue()


def test_only_small_pictures_are_quick():
    small, many_pixels, long = Upload(png(100)), Upload(png(1_500)), Upload(png(100) + bytes(300_000))
    assert [is_quick(each) for each in (small, many_pixels, long)] == [True, False, False]
    assert not is_quick(Upload(b"no picture"))
    assert small.file.tell() == 0
