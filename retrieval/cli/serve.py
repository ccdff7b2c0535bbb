"""`retrieve serve`: search in a browser, and over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from .options import JsonOption, ThreadsOption, find_index
from .printing import echo_json, note


def serve(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="An indexed folder, or an index. Default: the nearest."),
    ] = None,
    *,
    host: Annotated[
        str, typer.Option("--host", help="Where to listen. Others than this machine need --token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen at.")] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            envvar="RETRIEVE_TOKEN",
            help="What everybody who asks has to show: 16 characters or more.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            max=64,
            help="Processes that answer, of about 110 MB each. Default: one a thread, at most 4.",
        ),
    ] = None,
    as_json: JsonOption = False,
    _threads: ThreadsOption = None,
) -> None:
    """Search in a browser: a page, and an HTTP API, for one index.

    \b
    retrieve serve photos/

    Only this machine can ask, unless --host and --token say otherwise. /openapi.json describes the API. A new
    generation of the index is taken up within a second. Ctrl-C ends it.
    """
    from ..service import Server, ServiceSettings, Workers, create_app, default_workers

    settings, index = ServiceSettings(host=host, port=port, token=token), find_index(folder)
    count = workers or default_workers()
    server = Server(create_app(index, settings), settings) if count == 1 else Workers(index, settings, count)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}/" + (f"?token={quote(token, safe='')}" if token else "")
    if as_json:
        echo_json({"address": address})
    else:
        note(f"retrieve: searching at {address} until Ctrl-C")
    server.run()
