from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from retrieval import Retriever
from retrieval.service import ServiceSettings, create_app

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
