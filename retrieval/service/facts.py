"""What the service knows of its index and of itself."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from .live import LiveRetriever
from .metrics import Metrics


def add_facts(app: FastAPI, live: LiveRetriever, metrics: Metrics) -> None:
    """`/info`, `/healthz` and `/metrics`."""

    @app.get("/info", summary="The index in figures, and what distances mean in it")
    def info() -> dict[str, Any]:
        snapshot = live.current
        return {
            **snapshot.retriever.facts().to_json(),
            "generation": snapshot.retriever.index.manifest.generation,
            "has_decoder": snapshot.has_decoder,
            "has_copies": snapshot.has_copies,
            "columns": snapshot.columns,
            "calibration": snapshot.calibration().to_json(),
        }

    @app.get("/healthz", summary="Whether the service runs")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics", summary="Counts and times for Prometheus", response_class=PlainTextResponse)
    def measured() -> Response:
        index = live.current.retriever.index
        metrics.pictures.set(len(index))
        metrics.generation.set(index.manifest.generation)
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)
