"""Counts and times for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """What one service has done since it began."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._registry = CollectorRegistry()
        self.queries = Counter(
            "retrieve_queries_total", "Queries that were answered", ["kind"], registry=self._registry
        )
        self.seconds = Histogram(
            "retrieve_query_seconds",
            "Seconds from the last byte of a query to its answer",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.pictures = Gauge("retrieve_pictures", "Pictures in the index", registry=self._registry)
        self.generation = Gauge("retrieve_generation", "Generation of the index", registry=self._registry)

    def text(self) -> bytes:
        """Everything in the text format of Prometheus."""
        return generate_latest(self._registry)
