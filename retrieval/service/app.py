"""The service: what can be asked over HTTP, and the page that asks it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse

from index_store import IdsUnknown, IndexStoreError, OptionInvalid

from ..errors import RetrievalError, printable
from .facts import add_facts
from .guard import Guard
from .live import FileGone, LiveRetriever
from .metrics import Metrics
from .pictures import add_pictures
from .questions import add_questions
from .schema import refusals
from .settings import ServiceSettings

_PAGE = Path(__file__).with_name("page")
_SCRIPTS = ("ask.js", "keys.js", "look.js", "page.js", "region.js")
_KINDS = {"index.html": "text/html", "page.css": "text/css", **dict.fromkeys(_SCRIPTS, "text/javascript")}
NO_FILE = "expected a picture, sent as a form sends a file"
_STATUS = {FileGone: 404, OptionInvalid: 422, RetrievalError: 422, IndexStoreError: 503}


def create_app(path: Path, settings: ServiceSettings | None = None) -> FastAPI:
    """The service for the index of the folder at `path`, or the index that is itself there.

    Every refusal is an object with one sentence, "detail".

    Raises:
        IndexNotFound, NoPictures, IndexStoreError: as `Retriever.open`.
    """
    settings, live, metrics = settings or ServiceSettings(), LiveRetriever(path), Metrics()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        live.current.prepare()
        looking = asyncio.create_task(live.keep_looking())
        yield
        looking.cancel()

    app = FastAPI(
        title="Retrieve",
        summary="Pictures that look like a given one, from one folder.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses=refusals(),
    )
    app.add_middleware(Guard, settings=settings)
    for error, status in _STATUS.items():
        app.add_exception_handler(error, _telling(status))
    app.add_exception_handler(IdsUnknown, _telling(404, "there is no such picture in this index"))
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    # Not by routers that are included: each is asked for every request, which takes longer.
    add_questions(app, live, settings, metrics)
    add_pictures(app, live, settings)
    add_facts(app, live, metrics)
    for name in _KINDS:
        app.get("/" if name == "index.html" else f"/{name}", include_in_schema=False)(_file(name))
    return app


def _telling(status: int, words: str | None = None) -> Any:
    def tell(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": words or str(error)}, status_code=status)

    return tell


def _tell_invalid(_: Request, error: Exception) -> JSONResponse:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    # Text in place of a file: said in words of Python otherwise.
    words = [NO_FILE if "UploadFile" in fault["msg"] else fault["msg"] for fault in faults]
    places = [".".join(map(str, fault["loc"][1:])) for fault in faults]
    told = "; ".join(f"{place}: {what}" for place, what in zip(places, words, strict=True))
    return JSONResponse({"detail": printable(told)}, status_code=422)


def _file(name: str) -> Any:
    def send() -> FileResponse:
        kind = f"{_KINDS[name]}; charset=utf-8"
        return FileResponse(_PAGE / name, media_type=kind, headers={"Cache-Control": "no-cache"})

    return send
