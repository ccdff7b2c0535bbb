"""Counts and times for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from .together import is_one_of_several

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
        self.pictures, self.generation = (
            Gauge(name, what, registry=self._registry, multiprocess_mode="mostrecent")
            for name, what in (
                ("retrieve_pictures", "Pictures in the index"),
                ("retrieve_generation", "Generation of the index"),
            )
        )

    def text(self) -> bytes:
        """Everything in the text format of Prometheus, of all processes of the service."""
        if not is_one_of_several():
            return generate_latest(self._registry)
        of_all = CollectorRegistry()
        MultiProcessCollector(of_all)  # type: ignore[no-untyped-call]
        return generate_latest(of_all)
