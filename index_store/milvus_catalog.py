"""Rows as entities of Milvus, and the catalog that reads them from there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

from .catalog import Catalog
from .checks import Ids, Vectors, first_few
from .errors import IdsUnknown
from .milvus_collection import COPIES, VECTOR, Collection
from .rows import RejectedFile, Row

_OWN = {"id", "path", "folder", "name", "size", "mtime", "width", "height", "_mtime_ns", "_sha256"}
_BATCH = 500

# No path has three of them in a row: they mark bytes that are not UTF-8, which Milvus cannot hold.
_MARK = "///"


def entities_of(
    ids: Sequence[int], rows: Sequence[Row] | None, vectors: Vectors, copies: Vectors | None
) -> list[dict[str, Any]]:
    """What Milvus holds of each of `rows`, or of vectors without rows."""
    facts = [_facts_of(row) for row in rows] if rows is not None else [_facts_of(None)] * len(ids)
    fields = [
        {**fact, "id": each, VECTOR: vector} for each, fact, vector in zip(ids, facts, vectors, strict=True)
    ]
    if copies is None:
        return fields
    return [{**field, COPIES: copy} for field, copy in zip(fields, copies, strict=True)]


def _facts_of(row: Row | None) -> dict[str, Any]:
    row = row or Row("", 0, 0, "", 0, 0)
    moment = datetime.fromtimestamp(row.mtime_ns // 10**9, timezone.utc)
    known = {name: value for name, value in row.metadata.items() if value is not None}
    return {
        **known,
        "path": to_milvus(row.path),
        "folder": to_milvus(row.path.rpartition("/")[0].rpartition("/")[2]),
        "name": to_milvus(row.path.rpartition("/")[2]),
        "size": int(row.size),
        "mtime": f"{moment:%Y-%m-%d %H:%M:%S}",
        "width": int(row.width),
        "height": int(row.height),
        "_mtime_ns": int(row.mtime_ns),
        "_sha256": row.sha256,
    }


def to_milvus(path: str) -> str:
    """`path` as Milvus can hold it."""
    return re.sub("[\ud800-\udfff]", lambda found: f"{_MARK}{ord(found[0]):x}", path)


def _from_milvus(text: str) -> str:
    return re.sub(f"{_MARK}([0-9a-f]{{4}})", lambda found: chr(int(found[1], 16)), text)


def _row_of(entity: dict[str, Any]) -> Row:
    metadata = {name: value for name, value in entity.items() if name not in _OWN | {VECTOR, COPIES}}
    facts = (entity[name] for name in ("size", "_mtime_ns", "_sha256", "width", "height"))
    return Row(_from_milvus(entity["path"]), *facts, metadata=metadata, id=entity["id"])


class MilvusCatalog(Catalog):
    """Rows from Milvus; rejected files from the catalog in the directory."""

    def __init__(self, collection: Collection, local: Catalog) -> None:
        """Over `collection` and the catalog `local`, which holds no rows."""
        self._collection = collection
        self._local = local
        self.path, self.generation = local.path, local.generation

    def rows(self) -> Iterator[Row]:
        """All rows in the order of their ids."""
        return map(_row_of, self._collection.find('path != ""', self._fields()))

    def num_rows(self) -> int:
        """How many rows there are."""
        return len(self._collection.ids('path != ""'))

    def rows_of(self, ids: Sequence[int] | Ids) -> list[Row]:
        """The rows with these ids, in the order of `ids`."""
        wanted = [int(each) for each in ids]
        found = {entity["id"]: entity for entity in self._collection.entities(wanted, self._fields())}
        if unknown := [each for each in wanted if each not in found or not found[each]["path"]]:
            raise IdsUnknown(
                f"milvus has no row for id {first_few(unknown)}: use the ids that it answered with"
            )
        return [_row_of(found[each]) for each in wanted]

    def find(self, path: str) -> Row | None:
        """The row of the file at `path`, or None if it has none."""
        return next(iter(self.at_paths([path])), None)

    def at_paths(self, paths: Sequence[str]) -> Iterator[Row]:
        """The rows of the files at `paths`, of those that have one."""
        return self._where_in("path", [to_milvus(path) for path in paths])

    def by_content(self, sha256s: Sequence[str]) -> dict[str, list[Row]]:
        """The rows of the files with these contents, by their SHA-256, in the order of their ids."""
        found: dict[str, list[Row]] = {}
        for row in sorted(self._where_in("_sha256", sha256s), key=lambda row: row.id):
            found.setdefault(row.sha256, []).append(row)
        return found

    def rejected(self) -> Iterator[RejectedFile]:
        """The rejected files in the order of their paths."""
        return self._local.rejected()

    def find_rejected(self, path: str) -> RejectedFile | None:
        """Why the file at `path` was rejected, or None if it was not."""
        return self._local.find_rejected(path)

    def num_rejected(self) -> int:
        """How many files were rejected."""
        return self._local.num_rejected()

    def removed(self) -> Ids:
        """No vectors: Milvus clears away by itself what was removed."""
        return self._local.removed()

    def close(self) -> None:
        """Close the catalog in the directory."""
        self._local.close()

    def _where_in(self, field: str, values: Sequence[str]) -> Iterator[Row]:
        for start in range(0, len(values), _BATCH):
            texts = ", ".join(
                json.dumps(value, ensure_ascii=False) for value in values[start : start + _BATCH]
            )
            yield from map(_row_of, self._collection.find(f"{field} in [{texts}]", self._fields()))

    @staticmethod
    def _fields() -> list[str]:
        return [*sorted(_OWN), "$meta"]
