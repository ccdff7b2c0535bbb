"""Questions: pictures that look like an uploaded one, or like one of the index, and why they do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Depends, File, Path, Query, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from index_store import Row

from ..answers import Hit
from ..combine import EmbeddedQuery, Region
from ..embed import EmbeddedPicture
from ..errors import RetrievalError, printable
from ..images import load
from ..insight.agreement import Agreement
from ..insight.calibration import Calibration
from ..query_options import QueryOptions
from .live import LiveRetriever, Snapshot, meeting
from .metrics import Metrics
from .schema import AgreementMaps, Answers, HitFacts
from .settings import ServiceSettings
from .uploads import named, uploaded

PictureId = Annotated[int, Path(ge=0, le=2**63 - 1, description="The id of a picture in the index")]
IN_FOLDER = "Only pictures in this folder, as /folders has it, or inside it"
_IDS = "Ids of pictures in the index, with commas between"


@dataclass(frozen=True, slots=True)
class Options:
    """What can be said of a question beside its picture."""

    k: int
    where: str | None
    region: Region | None
    with_: list[int]
    without: list[int]
    copies: bool

    @property
    def is_whole(self) -> bool:
        """Whether the question is one picture, and all of it."""
        return self.region is None and not self.with_ and not self.without


# A coroutine, since functions are called on threads, and this takes less than the way there.
async def options_of(
    k: Annotated[int, Query(ge=1, le=10_000, description="Answers")] = 24,
    where: Annotated[
        str | None, Query(max_length=1_000, description="A condition in SQL on the columns of /info")
    ] = None,
    folder: Annotated[str | None, Query(max_length=4_000, description=IN_FOLDER)] = None,
    region: Annotated[
        str | None, Query(max_length=100, description="x,y,width,height: the part that counts")
    ] = None,
    with_: Annotated[str | None, Query(alias="with", max_length=1_000, description=_IDS)] = None,
    without: Annotated[str | None, Query(max_length=1_000, description=_IDS)] = None,
    copies: Annotated[bool, Query(description="Search for this very picture, also where edited")] = False,
) -> Options:
    """The parameters of a request. Raises QueryInvalid, RetrievalError for what cannot be read."""
    part = Region.parse(region) if region else None
    return Options(k, meeting(where, folder), part, _ids(with_), _ids(without), copies)


Asked = Annotated[Options, Depends(options_of)]


def question_routes(live: LiveRetriever, settings: ServiceSettings, metrics: Metrics) -> APIRouter:
    """`/query` and `/agreement`."""
    routes = APIRouter()

    async def answer(
        snapshot: Snapshot, picture: EmbeddedPicture, asked: Options, row: Row | None = None
    ) -> JSONResponse:
        started = time.perf_counter()
        with_, without = (
            snapshot.stored(snapshot.rows(ids), copies=asked.copies) if ids else []
            for ids in (asked.with_, asked.without)
        )
        query = EmbeddedQuery.of([picture, *with_], without)
        options = QueryOptions(where=asked.where, copies=asked.copies)
        found = await snapshot.nearest(query, min(asked.k, settings.most_answers), options)
        seconds = time.perf_counter() - started
        metrics.queries.labels("upload" if row is None else "stored").inc()
        metrics.seconds.observe(seconds)
        calibration = await _calibration(snapshot, asked)
        answers: Answers = {
            "path": None if row is None else printable(row.path),
            "width": picture.width,
            "height": picture.height,
            "milliseconds": round(1000 * seconds, 2),
            "no_match": round(calibration.no_match, 4),
            "hits": [_as_json(hit, row, calibration) for hit, row in found],
        }
        # As it is: checking it once more would take longer than the search.
        return JSONResponse(answers)

    @routes.post("/query", summary="The pictures that look most like an uploaded one", response_model=Answers)
    async def query(file: Annotated[UploadFile, File()], asked: Asked) -> JSONResponse:
        snapshot = live.current

        def embed() -> EmbeddedPicture:
            with named(file):
                return snapshot.embed(uploaded(file, settings), asked.region, copies=asked.copies)

        return await answer(snapshot, await run_in_threadpool(embed), asked)

    @routes.get(
        "/query/{picture}",
        summary="The pictures that look most like one of the index",
        response_model=Answers,
    )
    async def query_stored(picture: PictureId, asked: Asked) -> JSONResponse:
        snapshot = live.current
        [row] = snapshot.rows([picture])
        if asked.region is None:
            [stored] = snapshot.stored([row], copies=asked.copies)
            return await answer(snapshot, stored, asked, row)

        def embed() -> EmbeddedPicture:
            return snapshot.embed(snapshot.file(row), asked.region, copies=asked.copies)

        return await answer(snapshot, await run_in_threadpool(embed), asked, row)

    @routes.post(
        "/agreement/{hit}", summary="The places where an uploaded picture and one of the index agree"
    )
    def agreement(hit: PictureId, file: Annotated[UploadFile, File()]) -> AgreementMaps:
        with named(file):
            return _agreement(live.current, uploaded(file, settings), hit)

    @routes.get("/agreement/{picture}/{hit}", summary="The places where two pictures of the index agree")
    def agreement_stored(picture: PictureId, hit: PictureId) -> AgreementMaps:
        snapshot = live.current
        [row] = snapshot.rows([picture])
        return _agreement(snapshot, snapshot.file(row), hit)

    return routes


def _agreement(snapshot: Snapshot, source: bytes | FilePath, hit: int) -> AgreementMaps:
    size = snapshot.retriever.encoder.size
    [row] = snapshot.rows([hit])
    with snapshot.decoding:
        pictures = [load(each, size) for each in (source, snapshot.file(row))]
        found = Agreement.between(snapshot.maps, *pictures).to_json()
    return {"query": found["query"], "hit": found["hit"]}


async def _calibration(snapshot: Snapshot, asked: Options) -> Calibration:
    calibration = snapshot.known_calibration(copies=asked.copies)
    if calibration is None:
        calibration = await run_in_threadpool(snapshot.calibration, copies=asked.copies)
    return calibration if asked.is_whole else calibration.of_parts()


def _as_json(hit: Hit, row: Row, calibration: Calibration) -> HitFacts:
    return {
        "id": hit.id,
        "distance": round(hit.distance, 5),
        "meaning": calibration.in_words(hit.distance),
        "path": printable(row.path),
        "marks": hit.marks,
    }


def _ids(text: str | None) -> list[int]:
    try:
        return [int(each) for each in text.split(",")] if text else []
    except ValueError as error:
        raise RetrievalError(f"ids are {text!r}, expected whole numbers with commas between") from error
