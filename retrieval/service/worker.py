"""One process of a service of several: it answers the connections that another process hands to it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from ..threads import use_threads
from .app import create_app
from .server import answer_before_others_compute, config_of
from .settings import ServiceSettings

ERRORS, HANDED, READY, CLOSED = b"e", b"h", b"r", b"c"
"""Said over a channel: errors go here; this is a connection; connections may come; one has been closed."""

_MOST_AT_ONCE = 64


def work(channel: socket.socket, path: Path, settings: ServiceSettings, threads: int) -> None:
    """Answer the connections that come over `channel`, until its other end is closed.

    What comes first is where to write errors. threads: for numerical work.
    """
    _, errors, _, _ = socket.recv_fds(channel, len(ERRORS), 1)
    if errors:
        sys.stderr = open(errors[0], "w", buffering=1)  # noqa: PTH123, SIM115 - up to the end
    use_threads(threads)
    answer_before_others_compute()
    with channel:
        channel.setblocking(False)
        _Handed(create_app(path, settings), settings, channel).run()


class _Handed(uvicorn.Server):
    """Answers connections that come over a channel, in place of those to an address."""

    def __init__(self, app: FastAPI, settings: ServiceSettings, channel: socket.socket) -> None:
        super().__init__(config_of(app, settings, partial(self._tell, CLOSED)))
        self._channel = channel
        self._being_made: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take connections."""
        await super().startup(sockets=sockets or [])
        asyncio.get_running_loop().add_reader(self._channel, self._take)
        self._tell(READY)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave Ctrl-C, which reaches all processes, to the one that accepts: it says when to end."""
        yield

    def _take(self) -> None:
        said, descriptors = b"", list[int]()
        # An error: the other end is gone.
        with contextlib.suppress(ConnectionError):
            said, descriptors, _, _ = socket.recv_fds(self._channel, _MOST_AT_ONCE, _MOST_AT_ONCE)
        # Without room for another descriptor the system has closed it on its way.
        for _ in range(said.count(HANDED) - len(descriptors)):
            self._tell(CLOSED)
        for each in descriptors:
            task = asyncio.ensure_future(self._answer(socket.socket(fileno=each)))
            self._being_made.add(task)
            task.add_done_callback(self._being_made.discard)
        if not said:
            asyncio.get_running_loop().remove_reader(self._channel)
            self.should_exit = True

    async def _answer(self, connection: socket.socket) -> None:
        connection.setblocking(False)

        def protocol() -> asyncio.Protocol:
            made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )
            return made

        try:
            await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)
        except OSError:
            # It was closed on its way.
            connection.close()
            self._tell(CLOSED)

    def _tell(self, what: bytes) -> None:
        # An error: the other end is gone, and nobody counts any more.
        with contextlib.suppress(OSError):
            self._channel.send(what)
