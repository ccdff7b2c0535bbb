"""A service of several processes: who answers, what becomes of one that dies, and that all of them end."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from index_store import IndexNotFound
from retrieval.errors import RetrievalError
from retrieval.service import ServiceSettings, Workers
from retrieval.service.workers import can_hand_over, default_workers

from .conftest import free_port

pytestmark = pytest.mark.skipif(not can_hand_over(), reason="connections cannot be handed over here")


class Running:
    """A service of two processes on a thread of its own."""

    def __init__(self, path, **settings):
        self.settings, self.kept = ServiceSettings(port=free_port(), **settings), []
        self.workers = Workers(path, self.settings, 2)
        self.thread = threading.Thread(target=self.workers.run)
        self.thread.start()
        wait_until(lambda: self.workers.started)

    def connected(self):
        self.kept.append(http.client.HTTPConnection("127.0.0.1", self.settings.port, timeout=20))
        return self.kept[-1]

    def end(self):
        for each in self.kept:
            each.close()
        self.workers.stop()
        self.thread.join()

    def get(self, path, connection=None):
        connection = connection or self.connected()
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def processes(self):
        return [each.process.pid for each in self.workers._workers]


def wait_until(holds, seconds=60):
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def is_running(process):
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture
def running(retriever):
    begun = Running(retriever.index.directory)
    yield begun
    begun.end()


@pytest.mark.slow
def test_connections_are_shared_out_equally_and_counted_together(running, ids):
    connections = [running.connected() for _ in range(6)]
    for each in connections:
        status, answer = running.get(f"/query/{ids['red.png']}?k=3", each)
        assert (status, "reddish.png" in answer) == (200, True)
    assert [each.connections for each in running.workers._workers] == [3, 3]
    status, counted = running.get("/metrics", connections[0])
    assert 'retrieve_queries_total{kind="stored"} 6.0' in counted
    assert f"retrieve_pictures {len(ids)}.0" in counted
    for each in connections[:4]:
        each.close()
    wait_until(lambda: sum(each.connections for each in running.workers._workers) == 2)


@pytest.mark.slow
def test_another_takes_the_place_of_one_that_dies(running, caplog):
    dead, other = running.processes()
    os.kill(dead, signal.SIGKILL)
    wait_until(lambda: dead not in running.processes() and len(running.processes()) == 2)
    wait_until(lambda: running.workers.started)
    assert other in running.processes()
    assert "another one takes its place" in caplog.text
    for _ in range(4):
        assert running.get("/healthz")[0] == 200


@pytest.mark.slow
def test_at_its_end_all_processes_end(retriever):
    begun = Running(retriever.index.directory)
    processes, kept = begun.processes(), begun.connected()
    assert begun.get("/healthz", kept)[0] == 200
    begun.end()
    assert not any(map(is_running, processes))
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", begun.settings.port))


@pytest.mark.slow
def test_more_connections_than_it_takes_are_told_to_come_back(retriever):
    begun = Running(retriever.index.directory, most_connections=6)
    try:
        kept = [begun.connected() for _ in range(8)]
        told = [begun.get("/healthz", each)[0] for each in kept]
        assert told[:4] == [200] * 4
        assert told[-2:] == [503] * 2
    finally:
        begun.end()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked for in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_however_it_ends(retriever, how):
    port = free_port()
    command = [sys.executable, "-m", "retrieval", "serve", str(retriever.index.directory)]
    command += ["--port", str(port), "--workers", "2"]

    def as_in_the_background():
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, preexec_fn=as_in_the_background
    ) as process:
        with_answer = []

        def answers():
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
                with_answer.append(answer.read())
            return bool(with_answer)

        wait_until(answers)
        begun = children_of(process.pid)
        assert len(begun) >= 2
        process.send_signal(how)
        _, told = process.communicate(timeout=30)
    wait_until(lambda: not any(map(is_running, begun)), 20)
    assert "Traceback" not in told
    assert process.returncode == {signal.SIGINT: 0, signal.SIGTERM: 143, signal.SIGKILL: -9}[how]


def children_of(process):
    tasks = Path(f"/proc/{process}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def test_what_is_wrong_is_told_before_a_process_begins(retriever, tmp_path):
    with pytest.raises(IndexNotFound, match="no index in"):
        Workers(tmp_path, ServiceSettings(port=free_port()), 2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = ServiceSettings(port=taken.getsockname()[1])
        with pytest.raises(RetrievalError, match="name another with --port"):
            Workers(retriever.index.directory, settings, 2)


@pytest.mark.slow
def test_processes_that_cannot_begin_are_told(retriever, monkeypatch):
    workers = Workers(retriever.index.directory, ServiceSettings(port=free_port()), 2)
    monkeypatch.setattr(workers, "_path", retriever.index.directory / "nowhere")
    with pytest.raises(RetrievalError, match="before it could answer"):
        workers.run()


@pytest.mark.parametrize(("threads", "processes"), [(1, 1), (3, 3), (64, 4)])
def test_a_process_for_each_thread_but_not_many(thread_count, threads, processes):
    thread_count(threads)
    assert default_workers() == processes
