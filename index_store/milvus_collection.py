"""One collection of Milvus: entities with an id, vectors and whatever else, by its own client."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from .checks import Distances, Ids, Metric, Vectors
from .errors import OptionInvalid, StoreUnreachable

VECTOR, COPIES = "_vector", "_copies"

MOST = 16_384
"""Answers that Milvus gives to one query at most."""

_METRICS: Mapping[Metric, str] = {"cosine": "COSINE", "l2": "L2"}
_TEXTS, _NUMBERS = ("path", "folder", "name", "mtime", "_sha256"), ("size", "width", "height", "_mtime_ns")
_LONGEST = 16_384
_BATCH = 1000


class Collection:
    """A collection that holds the vectors and rows of one index."""

    def __init__(self, client: Any, uri: str, name: str, metric: Metric) -> None:
        """Use `open`."""
        self._client, self._uri, self._metric = client, uri, metric
        self.name = name

    @classmethod
    def open(
        cls, uri: str, name: str, dims: Mapping[str, int], metric: Metric, *, create: bool
    ) -> Collection:
        """Connect to the Milvus at `uri`. dims: numbers a vector of each field. create: if it is not there.

        Raises:
            OptionInvalid: pymilvus is not installed. StoreUnreachable: no Milvus, or no such collection.
        """
        try:
            import pymilvus
        except ImportError as err:
            raise OptionInvalid(
                "the index is in Milvus, and pymilvus is not installed: pip install 'retrieve[milvus]'"
            ) from err
        # It logs what it raises.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        if "://" not in uri and not create and not Path(uri).exists():
            raise StoreUnreachable(
                f"milvus {uri} is not there: was it moved? Otherwise index the folder again"
            )
        with _reaching(uri):
            client = pymilvus.MilvusClient(uri, token=os.environ.get("MILVUS_TOKEN", ""))
            if not client.has_collection(name):
                if not create:
                    raise StoreUnreachable(f"milvus {uri} has no collection {name}: index the folder again")
                _create(client, name, dims, _METRICS[metric])
            client.load_collection(name)
        return cls(client, uri, name, metric)

    def count(self) -> int:
        """How many entities it holds."""
        with _reaching(self._uri):
            (found,) = self._client.query(self.name, filter="", output_fields=["count(*)"])
        return int(found["count(*)"])

    def ids(self, condition: str, count: int | None = None) -> Ids:
        """The ids (n,) int64, ascending, of what meets a condition of Milvus; of all, if it is empty.

        count: no more than the first of them.
        """
        found = [entity["id"] for entity in islice(self.find(condition, ["id"]), count)]
        return np.sort(np.array(found, dtype=np.int64))

    def find(self, condition: str, fields: Sequence[str]) -> Iterator[dict[str, Any]]:
        """These fields of all that meets a condition of Milvus, in the order of their ids."""
        with _reaching(self._uri, condition):
            pages = self._client.query_iterator(
                self.name, filter=condition, output_fields=list(fields), batch_size=_BATCH
            )
            try:
                while page := pages.next():
                    yield from page
            finally:
                pages.close()

    def entities(self, ids: Sequence[int], fields: Sequence[str]) -> list[dict[str, Any]]:
        """These fields of what has one of `ids`, in any order; without those that it does not hold."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(ids), _BATCH):
            part = [int(each) for each in ids[start : start + _BATCH]]
            with _reaching(self._uri):
                found += self._client.query(self.name, ids=part, output_fields=list(fields))
        return found

    def vectors(self, field: str, ids: Sequence[int] | Ids) -> Vectors:
        """The vectors with these ids, in their order."""
        held = {entity["id"]: entity[field] for entity in self.entities([int(i) for i in ids], ["id", field])}
        return np.array([held[int(each)] for each in ids], dtype=np.float32)

    def search(self, field: str, queries: Vectors, k: int, condition: str) -> tuple[Distances, Ids]:
        """Distances and ids, (m, min(k, n)) each, of the nearest vectors of (m, dim) queries.

        condition: of Milvus, for what may be answered; empty for all.
        """
        if not len(queries):
            return np.empty((0, 0), np.float32), np.empty((0, 0), np.int64)
        found: list[list[tuple[float, int]]] = []
        for start in range(0, len(queries), _BATCH):
            with _reaching(self._uri):
                answers = self._client.search(
                    self.name,
                    data=list(queries[start : start + _BATCH]),
                    anns_field=field,
                    limit=k,
                    filter=condition,
                    output_fields=["id"],
                )
            found += [
                sorted((self._distance(hit["distance"]), hit["id"]) for hit in hits) for hits in answers
            ]
        width = min(map(len, found))
        pairs = np.array([hits[:width] for hits in found], dtype=np.float64).reshape(len(queries), width, 2)
        ids = np.array([[each for _, each in hits[:width]] for hits in found], dtype=np.int64)
        return pairs[:, :, 0].astype(np.float32), ids.reshape(len(queries), width)

    def upsert(self, entities: Sequence[Mapping[str, Any]]) -> None:
        """Add entities, or replace those with their ids."""
        for start in range(0, len(entities), _BATCH):
            with _reaching(self._uri):
                self._client.upsert(self.name, list(entities[start : start + _BATCH]))

    def delete(self, ids: Sequence[int]) -> None:
        """Remove what has these ids."""
        for start in range(0, len(ids), _BATCH):
            with _reaching(self._uri):
                self._client.delete(self.name, ids=list(ids[start : start + _BATCH]))

    def drop(self) -> None:
        """Remove the collection with all that it holds."""
        with _reaching(self._uri):
            self._client.drop_collection(self.name)

    def _distance(self, value: float) -> float:
        # Milvus gives the cosine, and the square of the Euclidean distance.
        return max(0.0, 1.0 - value) if self._metric == "cosine" else float(np.sqrt(max(0.0, value)))


def _create(client: Any, name: str, dims: Mapping[str, int], metric: str) -> None:
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    indexes = client.prepare_index_params()
    for field, dim in dims.items():
        schema.add_field(field, DataType.FLOAT_VECTOR, dim=dim)
        indexes.add_index(field, index_type="AUTOINDEX", metric_type=metric)
    for field in ("path", "_sha256"):
        indexes.add_index(field, index_type="INVERTED")
    for field in _TEXTS:
        schema.add_field(field, DataType.VARCHAR, max_length=_LONGEST)
    for field in _NUMBERS:
        schema.add_field(field, DataType.INT64)
    client.create_collection(name, schema=schema, index_params=indexes, consistency_level="Strong")


@contextmanager
def _reaching(uri: str, condition: str = "") -> Iterator[None]:
    """Turn what goes wrong in Milvus into errors of ours."""
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except MilvusException as err:
        reason = " ".join(str(err.message).split())
        if condition:
            raise OptionInvalid(f"where {condition!r} cannot be used: {reason}") from err
        raise StoreUnreachable(f"milvus {uri} refused: {reason}") from err
