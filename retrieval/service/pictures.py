"""The pictures of the index themselves: by id alone, never by a path."""

from __future__ import annotations

import io
from typing import Annotated, Any

import numpy as np
from fastapi import FastAPI, File, HTTPException, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from numpy.typing import NDArray
from PIL import Image

from ..errors import printable
from ..images import is_remote, open_picture, read_file
from .live import LiveRetriever, Snapshot
from .options import IN_FOLDER, PartOf, meeting, region_of
from .questions import PictureId
from .schema import FolderFacts, Pictures, picture_of
from .settings import ServiceSettings
from .thumbnails import thumbnail_jpeg
from .uploads import named, uploaded

Ids = NDArray[np.int64]

_SHOWN = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
_KEPT = {"Cache-Control": "private, max-age=3600"}


def _picture(*kinds: str) -> dict[str, Any]:
    return {"response_class": Response, "responses": picture_of(*kinds)}


def add_pictures(app: FastAPI, live: LiveRetriever, settings: ServiceSettings) -> None:
    """`/pictures`, `/folders`, `/images`, `/thumbnails` and `/reconstructions`."""

    @app.get("/pictures", summary="Pictures of the index: in their order, of a folder, or at random")
    def pictures(
        after: Annotated[int, Query(ge=-1, le=2**63 - 1, description="The last id that was seen")] = -1,
        count: Annotated[int, Query(ge=1, le=500)] = 60,
        folder: Annotated[str | None, Query(max_length=4_000, description=IN_FOLDER)] = None,
        where: Annotated[str | None, Query(max_length=1_000)] = None,
        seed: Annotated[int | None, Query(ge=0, le=2**31, description="At random, by this seed")] = None,
    ) -> Pictures:
        snapshot = live.current
        ids = snapshot.ids(meeting(where, folder))
        shown = (
            ids[np.searchsorted(ids, after, side="right") :][:count]
            if seed is None
            else _drawn(ids, count, seed)
        )
        return {"count": len(ids), "pictures": [snapshot.row_as_json(each) for each in snapshot.rows(shown)]}

    @app.get("/folders", summary="The folders of the index, and how many pictures are inside each")
    def folders() -> list[FolderFacts]:
        return [
            {"folder": printable(name), "count": count} for name, count in live.current.folder_counts.items()
        ]

    @app.get("/images/{picture}", summary="A picture as it is", **_picture(*_SHOWN.values()))
    async def image(picture: PictureId, request: Request) -> Response:
        snapshot = live.current
        [row] = snapshot.rows([picture])
        path = await run_in_threadpool(snapshot.file, row)
        kind = _SHOWN.get(path.suffix.lower())
        if kind is None:
            shown = await snapshot.decoding(lambda: _png(open_picture(path)))
            return Response(shown, media_type="image/png", headers=_KEPT)
        if is_remote(path):
            content, _ = await run_in_threadpool(read_file, path)
            return Response(content, media_type=kind, headers=_KEPT)
        status = await run_in_threadpool(path.stat)
        whole = FileResponse(path, media_type=kind, headers=_KEPT, stat_result=status)
        known = request.headers.get("if-none-match", "").split(",")
        if {"*", whole.headers["etag"]} & {each.strip().removeprefix("W/") for each in known}:
            return Response(status_code=304, headers={**_KEPT, "ETag": whole.headers["etag"]})
        return whole

    @app.get("/thumbnails/{picture}", summary="A picture of at most 320 pixels", **_picture("image/jpeg"))
    async def thumbnail(picture: PictureId) -> Response:
        snapshot = live.current
        [row] = snapshot.rows([picture])
        small = snapshot.thumbnails.kept(row)
        if small is None:
            small = await run_in_threadpool(lambda: snapshot.thumbnails.of(row, snapshot.file(row)))
        return Response(small, media_type="image/jpeg", headers=_KEPT)

    @app.post("/thumbnails", summary="An uploaded picture at 320 pixels at most", **_picture("image/jpeg"))
    async def thumbnail_of(file: Annotated[UploadFile, File()]) -> Response:
        def make() -> bytes:
            with named(file):
                return thumbnail_jpeg(uploaded(file, settings))

        return Response(await live.current.decoding(make), media_type="image/jpeg", headers=_KEPT)

    @app.get(
        "/reconstructions/{picture}",
        summary="What is left of a picture in its vector",
        **_picture("image/png"),
    )
    async def reconstruction(picture: PictureId, part: PartOf = None) -> Response:
        snapshot, region = live.current, region_of(part)
        [row] = snapshot.rows([picture])

        def rebuild() -> Response:
            if region is not None:
                return _reconstruction(snapshot, snapshot.embed(snapshot.file(row), region).vector[None])
            return _reconstruction(snapshot, np.asarray(snapshot.retriever.index.vectors([picture])))

        return await snapshot.decoding(rebuild)

    @app.post(
        "/reconstructions",
        summary="What is left of an uploaded picture in its vector",
        **_picture("image/png"),
    )
    async def reconstruction_of(file: Annotated[UploadFile, File()], part: PartOf = None) -> Response:
        snapshot = live.current

        def rebuild() -> Response:
            with named(file):
                picture = snapshot.embed(uploaded(file, settings), region_of(part))
            return _reconstruction(snapshot, picture.vector[None])

        return await snapshot.decoding(rebuild)


def _reconstruction(snapshot: Snapshot, vectors: NDArray[np.float32]) -> Response:
    if not snapshot.has_decoder:
        raise HTTPException(404, "the encoder of this index has no decoder")
    [pixels] = snapshot.retriever.decoder.decode(vectors)
    return Response(_png(Image.fromarray(pixels)), media_type="image/png", headers=_KEPT)


def _drawn(ids: Ids, count: int, seed: int) -> Ids:
    return ids[np.random.default_rng(seed).permutation(len(ids))[:count]]


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
