"""A service of several processes: this one accepts connections and hands each to the one that has fewest.

Python computes in one thread of a process at a time. Processes that all accept at one address get unequal
shares: whoever is first takes all connections that wait.
"""

from __future__ import annotations

import logging
import multiprocessing
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from ..errors import RetrievalError
from ..retriever import Retriever
from ..threads import num_threads
from .server import KEPT_OPEN_SECONDS, bound
from .settings import ServiceSettings
from .together import sharing
from .worker import CLOSED, ERRORS, HANDED, READY, work

MOST_BY_DEFAULT = 4
_BACKLOG = 2048
_SAID_AT_ONCE = 4096
_SECONDS_TO_BREATHE = 0.05
_SECONDS_TO_END = KEPT_OPEN_SECONDS + 5.0


def can_hand_over() -> bool:
    """Whether connections can be handed to other processes here; on Windows they cannot."""
    return hasattr(socket, "send_fds")


def default_workers() -> int:
    """A process for each thread that may be used, at most four: each takes memory."""
    return min(MOST_BY_DEFAULT, num_threads()) if can_hand_over() else 1


@dataclass(eq=False)
class _Worker:
    process: SpawnProcess
    channel: socket.socket
    connections: int = 0
    ready: bool = False


class Workers:
    """A service on `count` processes; from when it is made on, others find its port taken."""

    def __init__(self, path: Path, settings: ServiceSettings, count: int) -> None:
        """Listen where `settings` say, for the index of the folder at `path`, or that is itself there.

        Raises:
            RetrievalError: the address is taken, or none of this machine; or processes cannot share it here.
            IndexNotFound, NoPictures, IndexStoreError: as `Retriever.open`.
        """
        if not can_hand_over():
            raise RetrievalError(f"{count} workers cannot share connections on this system: use --workers 1")
        Retriever.open(path).close()
        self._path = path.absolute()
        self._settings = replace(settings, most_connections=-(-settings.most_connections // count))
        self._count, self._threads = count, max(1, num_threads() // count)
        self._socket = bound(settings.host, settings.port)
        self._ended, self._end = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._workers: list[_Worker] = []

    @property
    def started(self) -> bool:
        """Whether all of its processes answer."""
        return len(self._workers) == self._count and all(each.ready for each in self._workers)

    def run(self) -> None:
        """Hand over connections until Ctrl-C, or `stop`.

        Raises:
            RetrievalError: one of its processes ended before it could answer.
        """
        with ExitStack() as stack:
            stack.enter_context(self._socket)
            stack.enter_context(self._selector)
            stack.enter_context(sharing())
            stack.enter_context(suppress(KeyboardInterrupt))
            stack.enter_context(_at_ctrl_c(signal.default_int_handler))
            stack.callback(self._end_all)
            self._workers = [self._begin() for _ in range(self._count)]
            self._socket.setblocking(False)
            self._socket.listen(_BACKLOG)  # more may wait from now on
            for each in (self._socket, self._ended):
                self._selector.register(each, selectors.EVENT_READ)
            while self._turn():
                pass

    def stop(self) -> None:
        """Answer what is asked, and end."""
        self._end.send(b"e")

    def _turn(self) -> bool:
        """Do what there is to do; False when it is time to end."""
        for key, _ in self._selector.select():
            if key.fileobj is self._ended:
                return False
            if key.fileobj is self._socket:
                self._accept()
            elif key.data in self._workers:
                # Not one that has just been replaced.
                self._listen_to(key.data)
        return True

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except (ConnectionError, BlockingIOError):
            # Whoever knocked is gone.
            return
        except OSError:
            # No more descriptors or memory: some will be free soon.
            time.sleep(_SECONDS_TO_BREATHE)
            return
        with connection:
            self._hand_over(connection)

    def _hand_over(self, connection: socket.socket) -> None:
        while self._workers:
            worker = min(self._workers, key=lambda each: each.connections)
            # Of those that have equally many, the next one is another.
            self._workers.remove(worker)
            self._workers.append(worker)
            with suppress(ConnectionError):
                socket.send_fds(worker.channel, [HANDED], [connection.fileno()])
                worker.connections += 1
                return
            self._replace(worker)

    def _listen_to(self, worker: _Worker) -> None:
        said = b""
        with suppress(ConnectionError):
            said = worker.channel.recv(_SAID_AT_ONCE)
        worker.ready = worker.ready or READY in said
        worker.connections -= said.count(CLOSED)
        if not said:
            self._replace(worker)

    def _begin(self) -> _Worker:
        own, its = socket.socketpair()
        socket.send_fds(own, [ERRORS], _errors())
        arguments = (its, self._path, self._settings, self._threads)
        process = multiprocessing.get_context("spawn").Process(target=work, args=arguments, daemon=True)
        # It reaches all processes of a terminal: this one tells the others when to end.
        with its, _at_ctrl_c(signal.SIG_IGN):
            process.start()
        begun = _Worker(process, own)
        self._selector.register(own, selectors.EVENT_READ, begun)
        return begun

    def _replace(self, worker: _Worker) -> None:
        """Begin another process in place of one that has ended."""
        self._selector.unregister(worker.channel)
        worker.channel.close()
        self._workers.remove(worker)
        worker.process.join()
        status = worker.process.exitcode
        if not worker.ready:
            raise RetrievalError(
                f"a process of the service ended (exit status {status}) before it could answer: "
                "look at what it wrote, or try --workers 1"
            )
        logging.getLogger(__name__).warning(
            "a process of the service ended (exit status %s), another one takes its place", status
        )
        self._workers.append(self._begin())

    def _end_all(self) -> None:
        for each in self._workers:
            each.channel.close()
        for each in self._workers:
            each.process.join(_SECONDS_TO_END)
            each.process.kill()
        self._end.close()
        self._ended.close()


@contextmanager
def _at_ctrl_c(handler: Any) -> Iterator[None]:
    """Inside, Ctrl-C does this; processes that begin do it too where it is to be ignored.

    Shells let what they begin in the background ignore it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _errors() -> list[int]:
    """The descriptor that this process writes its errors to, if there is one."""
    with suppress(AttributeError, OSError, ValueError):
        return [sys.stderr.fileno()]
    return []
