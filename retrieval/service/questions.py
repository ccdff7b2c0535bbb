"""Questions: pictures that look like an uploaded one, or like one of the index, and why they do."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import FastAPI, File, Path, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from index_store import Row

from ..answers import Hit
from ..combine import EmbeddedQuery, Region
from ..embed import EmbeddedPicture
from ..errors import printable
from ..images import load
from ..insight.agreement import Agreement
from ..insight.calibration import Calibration
from .live import LiveRetriever, Snapshot
from .metrics import Metrics
from .options import MOST_ID, Asked, Options, PartOf, described, region_of
from .schema import AgreementMaps, Answers, HitFacts
from .settings import ServiceSettings
from .uploads import named, uploaded

PictureId = Annotated[int, Path(ge=0, le=MOST_ID, description="The id of a picture in the index")]


def add_questions(app: FastAPI, live: LiveRetriever, settings: ServiceSettings, metrics: Metrics) -> None:
    """`/query` and `/agreement`."""

    async def answer(
        snapshot: Snapshot, picture: EmbeddedPicture, asked: Options, started: float, row: Row | None = None
    ) -> JSONResponse:
        with_, without = (
            snapshot.stored(snapshot.rows(ids), copies=asked.search.copies) if ids else []
            for ids in (asked.with_, asked.without)
        )
        query = EmbeddedQuery.of([picture, *with_], without)
        found = await snapshot.nearest(query, min(asked.k, settings.most_answers), asked.search)
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

    @app.post(
        "/query",
        summary="The pictures that look most like an uploaded one",
        response_model=Answers,
        openapi_extra=described(),
    )
    async def query(file: Annotated[UploadFile, File()], asked: Asked) -> JSONResponse:
        started, snapshot = time.perf_counter(), live.current

        def embed() -> EmbeddedPicture:
            with named(file):
                return snapshot.embed(uploaded(file, settings), asked.region, copies=asked.search.copies)

        return await answer(snapshot, await snapshot.decoding(embed), asked, started)

    @app.get(
        "/query/{picture}",
        summary="The pictures that look most like one of the index",
        description="That picture is a hit too, marked as self, unless exclude_self says otherwise.",
        response_model=Answers,
        openapi_extra=described(),
    )
    async def query_stored(picture: PictureId, asked: Asked) -> JSONResponse:
        started, snapshot = time.perf_counter(), live.current
        [row] = snapshot.rows([picture])
        if asked.region is None:
            [stored] = snapshot.stored([row], copies=asked.search.copies)
            return await answer(snapshot, stored, asked, started, row)

        def embed() -> EmbeddedPicture:
            part = snapshot.embed(snapshot.file(row), asked.region, copies=asked.search.copies)
            return replace(part, id=row.id)

        return await answer(snapshot, await snapshot.decoding(embed), asked, started, row)

    @app.post("/agreement/{hit}", summary="The places where an uploaded picture and one of the index agree")
    async def agreement(
        hit: PictureId, file: Annotated[UploadFile, File()], part: PartOf = None
    ) -> AgreementMaps:
        snapshot = live.current

        def compare() -> AgreementMaps:
            with named(file):
                return _agreement(snapshot, uploaded(file, settings), hit, region_of(part))

        return await snapshot.decoding(compare)

    @app.get("/agreement/{picture}/{hit}", summary="The places where two pictures of the index agree")
    async def agreement_stored(picture: PictureId, hit: PictureId, part: PartOf = None) -> AgreementMaps:
        snapshot, region = live.current, region_of(part)
        [row] = snapshot.rows([picture])
        return await snapshot.decoding(lambda: _agreement(snapshot, snapshot.file(row), hit, region))


def _agreement(
    snapshot: Snapshot, source: bytes | FilePath, hit: int, region: Region | None
) -> AgreementMaps:
    encoder = snapshot.retriever.encoder
    [row] = snapshot.rows([hit])
    asked = source if region is None else region.cut_from(source)
    pictures = [load(each, encoder.size, decoding=encoder.decoding) for each in (asked, snapshot.file(row))]
    found = Agreement.between(snapshot.maps, *pictures).to_json()
    return {"query": found["query"], "hit": found["hit"]}


async def _calibration(snapshot: Snapshot, asked: Options) -> Calibration:
    copies = asked.search.copies
    calibration = snapshot.known_calibration(copies=copies)
    if calibration is None:
        calibration = await run_in_threadpool(snapshot.calibration, copies=copies)
    return calibration if asked.is_whole else calibration.of_parts()


def _as_json(hit: Hit, row: Row, calibration: Calibration) -> HitFacts:
    return {
        "id": hit.id,
        "distance": round(hit.distance, 5),
        "meaning": calibration.in_words(hit.distance),
        "path": printable(row.path),
        "marks": hit.marks,
    }
