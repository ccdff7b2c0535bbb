"""Listening: the service on its address, with limits on what connections may take."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..errors import RetrievalError
from .settings import ServiceSettings

KEPT_OPEN_SECONDS = 5
_MOST_HEAD_BYTES = 64 * 2**10
_SWITCH_SECONDS = 0.0005


class Server:
    """A service that listens; from when it is made on, others find its port taken."""

    def __init__(self, app: FastAPI, settings: ServiceSettings) -> None:
        """Listen for `app` where `settings` say.

        Raises:
            RetrievalError: the address is taken, or none of this machine.
        """
        self._socket = bound(settings.host, settings.port)
        self._server = uvicorn.Server(config_of(app, settings))

    @property
    def started(self) -> bool:
        """Whether it answers."""
        return self._server.started

    def run(self) -> None:
        """Answer until Ctrl-C, or `stop`."""
        answer_before_others_compute()
        with self._socket, suppress(KeyboardInterrupt):
            self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """Answer what is asked, and end."""
        self._server.should_exit = True


def answer_before_others_compute() -> None:
    """Threads of questions must not keep the one waiting for long that answers all connections."""
    sys.setswitchinterval(_SWITCH_SECONDS)


def config_of(
    app: FastAPI, settings: ServiceSettings, closed: Callable[[], None] = lambda: None
) -> uvicorn.Config:
    """How `app` is served in a process; `closed` is called whenever a connection has been closed."""
    return uvicorn.Config(
        app,
        http=_patient(settings.head_seconds, closed),
        ws="none",
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=settings.most_connections,
        timeout_keep_alive=KEPT_OPEN_SECONDS,
        timeout_graceful_shutdown=KEPT_OPEN_SECONDS,
    )


def bound(host: str, port: int) -> socket.socket:
    """A socket that has this address.

    Raises:
        RetrievalError: the address is taken, or none of this machine.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        # Who asks before the first answer can be given waits, in place of being refused.
        listening.listen()
    except OSError as error:
        listening.close()
        raise RetrievalError(
            f"port {port} of {host} cannot be listened on: {error.strerror}: name another with --port"
        ) from error
    return listening


def _patient(seconds: float, closed: Callable[[], None]) -> type[HttpToolsProtocol]:
    """The protocol of uvicorn, but the head of a request may be so long and take so long to arrive."""

    class Patient(HttpToolsProtocol):
        _waiting: asyncio.TimerHandle | None = None
        _head_bytes = 0

        def data_received(self, data: bytes) -> None:
            if self._waiting is not None:
                self._head_bytes += len(data)
            super().data_received(data)
            if self._waiting is not None and self._head_bytes > _MOST_HEAD_BYTES:
                self.transport.abort()

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._wait()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._wait()

        def on_headers_complete(self) -> None:
            self._wait_no_more()
            super().on_headers_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._wait_no_more()
            super().connection_lost(exc)
            closed()

        def _wait(self) -> None:
            if self._waiting is None:
                self._waiting = self.loop.call_later(seconds, self.transport.abort)

        def _wait_no_more(self) -> None:
            if self._waiting is not None:
                self._waiting.cancel()
                self._waiting, self._head_bytes = None, 0

    return Patient
