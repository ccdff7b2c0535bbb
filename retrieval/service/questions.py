"""Questions: pictures that look like an uploaded one, or like one of the index, and why they do."""

from __future__ import annotations

import time
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Depends, File, Path, Query, UploadFile

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
from .searches import Found
from .settings import ServiceSettings
from .uploads import uploaded

PictureId = Annotated[int, Path(ge=0, le=2**63 - 1, description="The id of a picture in the index")]
IN_FOLDER = "Only pictures in this folder, as /folders has it, or inside it"
_IDS = "Ids of pictures in the index, with commas between"


class Options:
    """What can be said of a question beside its picture, as the parameters of a request."""

    def __init__(
        self,
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
    ) -> None:
        """Read them. Raises QueryInvalid, RetrievalError for what cannot be read."""
        self.k = k
        self.where = meeting(where, folder)
        self.region = Region.parse(region) if region else None
        self.with_ = _ids(with_)
        self.without = _ids(without)
        self.copies = copies


def question_routes(live: LiveRetriever, settings: ServiceSettings, metrics: Metrics) -> APIRouter:
    """`/query` and `/agreement`."""
    routes = APIRouter()

    def answer(snapshot: Snapshot, picture: EmbeddedPicture, asked: Options, kind: str) -> Answers:
        started = time.perf_counter()
        with_, without = (
            snapshot.stored(snapshot.rows(ids), copies=asked.copies) if ids else []
            for ids in (asked.with_, asked.without)
        )
        query = EmbeddedQuery.of([picture, *with_], without)
        options = QueryOptions(where=asked.where, copies=asked.copies)
        found = snapshot.nearest(query, min(asked.k, settings.most_answers), options)
        seconds = time.perf_counter() - started
        metrics.queries.labels(kind).inc()
        metrics.seconds.observe(seconds)
        calibration = _calibration(snapshot, asked)
        return {
            "path": None,
            "width": picture.width,
            "height": picture.height,
            "milliseconds": round(1000 * seconds, 2),
            "no_match": round(calibration.no_match, 4),
            "hits": [_as_json(each, calibration) for each in found],
        }

    @routes.post("/query", summary="The pictures that look most like an uploaded one")
    def query(file: Annotated[UploadFile, File()], asked: Annotated[Options, Depends()]) -> Answers:
        data = uploaded(file, settings)
        snapshot = live.current
        return answer(snapshot, snapshot.embed(data, asked.region, copies=asked.copies), asked, "upload")

    @routes.get("/query/{picture}", summary="The pictures that look most like one of the index")
    def query_stored(picture: PictureId, asked: Annotated[Options, Depends()]) -> Answers:
        snapshot = live.current
        [row] = snapshot.rows([picture])
        [stored] = snapshot.stored([row], copies=asked.copies)
        if asked.region is not None:
            stored = snapshot.embed(snapshot.file(picture)[1], asked.region, copies=asked.copies)
        return {**answer(snapshot, stored, asked, "stored"), "path": printable(row.path)}

    @routes.post(
        "/agreement/{hit}", summary="The places where an uploaded picture and one of the index agree"
    )
    def agreement(hit: PictureId, file: Annotated[UploadFile, File()]) -> AgreementMaps:
        data = uploaded(file, settings)
        return _agreement(live.current, data, hit)

    @routes.get("/agreement/{picture}/{hit}", summary="The places where two pictures of the index agree")
    def agreement_stored(picture: PictureId, hit: PictureId) -> AgreementMaps:
        snapshot = live.current
        return _agreement(snapshot, snapshot.file(picture)[1], hit)

    return routes


def _agreement(snapshot: Snapshot, source: bytes | FilePath, hit: int) -> AgreementMaps:
    size = snapshot.retriever.encoder.size
    with snapshot.decoding:
        pictures = [load(each, size) for each in (source, snapshot.file(hit)[1])]
        found = Agreement.between(snapshot.maps, *pictures).to_json()
    return {"query": found["query"], "hit": found["hit"]}


def _calibration(snapshot: Snapshot, asked: Options) -> Calibration:
    calibration = snapshot.calibration(copies=asked.copies)
    is_whole = asked.region is None and not asked.with_ and not asked.without
    return calibration if is_whole else calibration.of_parts()


def _as_json(found: Found, calibration: Calibration) -> HitFacts:
    hit = found.hit
    return {
        "id": hit.id,
        "distance": round(hit.distance, 5),
        "meaning": calibration.in_words(hit.distance),
        "path": printable(found.row.path),
        "marks": hit.marks,
    }


def _ids(text: str | None) -> list[int]:
    try:
        return [int(each) for each in text.split(",")] if text else []
    except ValueError as error:
        raise RetrievalError(f"ids are {text!r}, expected whole numbers with commas between") from error
