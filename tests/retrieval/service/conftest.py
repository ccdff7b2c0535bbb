from __future__ import annotations

import socket
import threading
import time

import pytest
from fastapi.testclient import TestClient

from retrieval import Retriever
from retrieval.service import Server, ServiceSettings, create_app

HOST = "http://127.0.0.1:8000"


@pytest.fixture
def retriever(model, photos):
    return Retriever.build(photos, encoder=model)


@pytest.fixture
def service(retriever):
    """Make a client of a service for the folder, with these settings."""

    def client(**settings):
        app = create_app(retriever.index.directory, ServiceSettings(**settings))
        return TestClient(app, base_url=HOST)

    return client


@pytest.fixture
def ids(retriever):
    """The ids of the pictures by their names."""
    return {row.path.rpartition("/")[2]: row.id for row in retriever.index.catalog.rows()}


@pytest.fixture
def listening(retriever):
    """Begin a service that really listens, with these settings, and give its address."""
    running = []

    def begin(**settings):
        asked = ServiceSettings(port=free_port(), **settings)
        server = Server(create_app(retriever.index.directory, asked), asked)
        thread = threading.Thread(target=server.run)
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return "127.0.0.1", asked.port

    yield begin
    for server, thread in running:
        server.stop()
        thread.join()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
