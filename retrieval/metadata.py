"""What a user knows about the pictures: columns of values, kept with the rows of the index."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from index_store import Index, Row, writer_lock

from .errors import MetadataInvalid, table_reason
from .index_paths import Folders, folders_of

Value: TypeAlias = str | int | float | None

KEYS = ("path", "file")
"""The columns that name the picture: the first of them that a table has does."""

RESERVED = frozenset({"id", "path", "folder", "name", "size", "mtime", "width", "height"})
"""Columns that the index fills in itself."""

_JSON_LINES = {".jsonl", ".ndjson", ".json"}
_WHOLE, _DECIMAL = re.compile(r"-?(0|[1-9]\d{0,17})"), re.compile(r"-?(0|[1-9]\d*)?\.\d+([eE][-+]?\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Metadata:
    """Values by picture and column.

    table: by path, relative to the folder of the pictures with `/` between the parts or absolute, the values
    of a picture by column; columns without a value are left out.

    Example:
        >>> metadata = Metadata({"1.jpg": {"label": "glass", "price": 3}})
        >>> metadata.table["1.jpg"]["price"]
        3
    """

    table: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    def keep_in(self, directory: Path) -> tuple[str, ...]:
        """Keep the values with the rows of the index in `directory`, in place of what each of them had.

        Returns the paths in the table that no picture of the index has: misspelt, relative to another folder,
        or of files that cannot be used. Pictures that the table does not name stay as they are.

        Raises:
            MetadataInvalid: a picture is named twice, as by an absolute path too, with other values.
            IndexBusy: somebody else is writing the index. IndexStoreError: it cannot be written.

        Example:
            >>> Metadata({"1.jpg": {"label": "cat"}, "2.jpp": {}}).keep_in(Path("photos/.retrieve"))
            ('2.jpp',)
        """
        with writer_lock(directory) as lock, Index.open(directory, lock=lock) as index:
            absolute = any(Path(path).is_absolute() for path in self.table)
            folders = folders_of(index) if absolute else None
            rows = {path: index.catalog.find(_as_in_rows(path, folders)) for path in self.table}
            known = {row.id: row for row in rows.values() if row is not None}
            told: dict[int, Row] = {}
            for path, row in rows.items():
                if row is None:
                    continue
                new = replace(row, metadata=self.table[path])
                if told.setdefault(row.id, new).metadata != new.metadata:
                    raise MetadataInvalid(f"metadata has two rows for {path} that differ: give it one")
            changed = [new for number, new in told.items() if dict(known[number].metadata) != new.metadata]
            if changed:
                index.update_rows(changed)
                index.save()
        return tuple(path for path, row in rows.items() if row is None)

    @classmethod
    def read(cls, path: Path | str) -> Metadata:
        """Read a CSV file with a heading or, by the suffixes .jsonl, .ndjson and .json, a JSON object a line.

        The column `path`, or else `file`, names the picture, relative to the folder of the pictures or as an
        absolute path. A column of CSV all of whose values are numbers holds numbers, any other text: "007"
        stays as it is. Empty cells and null are no value.

        Raises:
            MetadataInvalid: the file cannot be read, or names the first line that is wrong.
        """
        file = Path(path)
        reading = _json_records if file.suffix.lower() in _JSON_LINES else _csv_records
        try:
            # In full at once: whatever is wrong with a later line, nothing has been done yet.
            records = list(reading(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise MetadataInvalid(f"metadata {path} cannot be read: {table_reason(error)}") from error
        return cls(_table(records, file))


def _as_in_rows(path: str, folders: Folders | None) -> str:
    """The path of a row for `path` of a table, which may be absolute."""
    if folders is None or not Path(path).is_absolute() or "\0" in path:
        return path
    inside = folders.path_of(Path(path))
    return path if inside is None else inside


def _csv_records(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line numbers and rows of a CSV file, with numbers in the columns that hold nothing else."""
    with file.open(newline="", encoding="utf-8-sig") as opened:
        reader = csv.reader(opened, strict=True)
        columns = [column.strip() for column in next(reader, [])]
        _check_columns(columns, f"metadata {file}")
        lines = [(reader.line_num, line) for line in reader if line]
    for number, line in lines:
        if len(line) != len(columns):
            raise MetadataInvalid(
                f"metadata {file} has {len(line)} cells in line {number}, expected {len(columns)} as in its "
                "heading"
            )
    cells = [[cell.strip() or None for cell in line] for _, line in lines]
    typed = [
        values if name in KEYS else _numbers(values)
        for name, values in zip(columns, map(list, zip(*cells, strict=True)), strict=False)
    ]
    for (number, _), values in zip(lines, zip(*typed, strict=True), strict=True):
        yield number, dict(zip(columns, values, strict=True))


def _numbers(cells: list[str | None]) -> list[Value]:
    """The cells of a column as numbers if all of them are."""
    given = [cell for cell in cells if cell is not None]
    if all(_WHOLE.fullmatch(cell) for cell in given):
        return [None if cell is None else int(cell) for cell in cells]
    if all(_WHOLE.fullmatch(cell) or _DECIMAL.fullmatch(cell) for cell in given):
        return [None if cell is None else float(cell) for cell in cells]
    return list(cells)


def _json_records(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line numbers and objects of a file of JSON lines."""
    with file.open(encoding="utf-8-sig") as opened:
        for number, line in enumerate(opened, start=1):
            if not line.strip():
                continue
            where = f"metadata {file}, line {number}"
            try:
                record = json.loads(line)
            except ValueError as error:
                raise MetadataInvalid(f"{where} is not JSON ({error}): write one object a line") from error
            if not isinstance(record, dict):
                raise MetadataInvalid(f"{where} is no JSON object: write one object a line")
            _check_columns(list(record), where)
            yield (
                number,
                {column: _checked(value, f"{where}, {column!r}") for column, value in record.items()},
            )


def _checked(value: object, where: str) -> Value:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and abs(value) < 2**63:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise MetadataInvalid(f"{where} is {json.dumps(value)[:40]}, expected a text or a number of 64 bits")


def _check_columns(columns: list[str], where: str) -> None:
    key = next((name for name in KEYS if name in columns), None)
    if key is None:
        found = ", ".join(columns) or "none at all"
        raise MetadataInvalid(f"{where} has no column path or file that names the picture: it has {found}")
    lowered = [column.lower() for column in columns]
    for column in columns:
        if lowered.count(column.lower()) > 1:
            raise MetadataInvalid(f"{where} has the column {column!r} twice: give every column a name")
        if column != key and column.lower() in RESERVED:
            raise MetadataInvalid(
                f"{where} has a column {column!r}, which the index fills in itself: call it otherwise"
            )
        if not column or '"' in column or not column.isprintable():
            raise MetadataInvalid(
                f"{where} has a column {column!r} that cannot be asked for: name it in words"
            )


def _table(records: list[tuple[int, dict[str, Any]]], file: Path) -> dict[str, dict[str, Value]]:
    table: dict[str, dict[str, Value]] = {}
    for number, record in records:
        key = next(name for name in KEYS if name in record)
        picture = record[key]
        if not isinstance(picture, str) or not picture.strip():
            raise MetadataInvalid(f"metadata {file} names no picture in line {number}")
        picture = picture.strip().removeprefix("./")
        values = {column: value for column, value in record.items() if column != key and value is not None}
        if table.setdefault(picture, values) != values:
            raise MetadataInvalid(
                f"metadata {file} has two rows for {picture} that differ (line {number}): give it one"
            )
    return table
