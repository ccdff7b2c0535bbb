"""The manifest: what an index is, which files make it up, and what can be wrong with it.

Of a damaged manifest every fault is told, not only the first.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import re
import reprlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeAlias

from .checks import METRICS, Metric
from .errors import FormatUnsupported, IndexNotFound, OptionInvalid
from .files import StoredFile, damage
from .names import COPIES, CORE, IDS, MANIFEST, VECTORS, is_real_name
from .structure import EXPECTED, is_structure

FORMAT_VERSION = 4
"""What is written. Formats 1 to 3 are read as well; up to 3 the blocks of a file were not made of pieces."""
LIVING = 3
"""From this format on catalogs are changed in place, and files have checksums by block."""

Settings: TypeAlias = dict[str, Any]
Test: TypeAlias = Callable[[Any], bool]

_FLOAT32_BYTES = 4
_INT64_BYTES = 8


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation of an index.

    generation: counts the saves of a directory, from 1. dim: numbers a vector; copy_dim: numbers of the
    second vector that tells copies, or 0. count: vectors held. removed: vectors that are still in the files
    and no longer held. rows: how many of those held have a row. next_id: the id that the next vector
    gets; no id is given twice. encoder: fingerprint of what made the vectors. created, changed: UTC.
    settings: whatever the caller wants to keep, as JSON. structure_reason: why this search structure, in
    words. files: logical name to file. format_version: of the files on disk.
    """

    generation: int
    dim: int
    metric: Metric
    structure: str
    encoder: str | None
    created: datetime
    changed: datetime
    count: int = 0
    next_id: int = 0
    settings: Settings = field(default_factory=dict)
    files: Mapping[str, StoredFile] = field(default_factory=dict)
    removed: int = 0
    rows: int = 0
    copy_dim: int = 0
    structure_reason: str = ""
    format_version: int = FORMAT_VERSION

    @property
    def total(self) -> int:
        """How many vectors are in the files, held or removed."""
        return self.count + self.removed

    @classmethod
    def read(cls, directory: Path) -> Manifest:
        """Read the manifest of the index in `directory`.

        Raises:
            IndexNotFound: no index there, or no directory. IndexDamaged, FormatUnsupported: as in `parse`.
        """
        try:
            content = (directory / MANIFEST).read_bytes()
        except FileNotFoundError as err:
            raise IndexNotFound(
                f"no index in {directory}: index the folder first, or name the directory of an index"
            ) from err
        except NotADirectoryError as err:
            raise IndexNotFound(f"{directory} is not a directory: name the directory of an index") from err
        except OSError as err:
            fault = f"{directory / MANIFEST} cannot be read: {err.strerror or err}"
            raise damage(directory, [fault]) from err
        return cls.parse(content, directory)

    @classmethod
    def parse(cls, content: bytes, directory: Path) -> Manifest:
        """Read a manifest from its JSON text; `directory` is named in errors.

        Raises:
            FormatUnsupported: a format that this version cannot read.
            IndexDamaged: not a manifest, or an altered one; the message lists all faults.
        """
        return _parsed(content, directory)

    def to_json(self) -> str:
        """The manifest as JSON text, with a checksum of itself."""
        # `dataclasses.asdict` would copy every checksum.
        facts = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        data = {"format_version": FORMAT_VERSION, **facts}
        data |= {name: data[name].isoformat(timespec="seconds") for name in ("created", "changed")}
        data["files"] = {
            name: {"path": file.path, "size": file.size, "sums": list(file.sums), "piece": file.piece}
            for name, file in self.files.items()
        }
        return json.dumps({**data, "checksum": checksum_of(data)}, indent=1, allow_nan=False) + "\n"

    @classmethod
    def _from_json(cls, data: dict[str, Any]) -> Manifest:
        names = {field.name for field in dataclasses.fields(cls)}
        values = {name: value for name, value in data.items() if name in names}
        values |= {name: datetime.fromisoformat(data[name]) for name in ("created", "changed")}
        values["files"] = {name: _stored_file(file) for name, file in data["files"].items()}
        return cls(**values)


# A writer reads it seven times from opening to closing: the same bytes are parsed once.
@functools.lru_cache(maxsize=8)
def _parsed(content: bytes, directory: Path) -> Manifest:
    path = directory / MANIFEST
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as err:
        raise damage(directory, [f"{path} is not JSON ({err})"]) from err
    _check_format(data, directory)
    if faults := faults_of(data):
        raise damage(directory, [f"{path}: {fault}" for fault in faults])
    return Manifest._from_json(data)


def _stored_file(file: dict[str, Any]) -> StoredFile:
    if "sha256" in file:
        # Up to format 2 a file had one checksum, whatever its size.
        return StoredFile(file["path"], file["size"], (file["sha256"],), max(1, file["size"]))
    return StoredFile(file["path"], file["size"], tuple(file["sums"]), piece=file.get("piece", 0))


def check_settings(settings: Settings) -> Settings:
    """A copy of `settings` as it will be read back.

    Raises:
        OptionInvalid: not an object of what JSON can hold.

    Example:
        >>> check_settings({"sizes": (64, 32)})
        {'sizes': [64, 32]}
    """
    if not isinstance(settings, dict):
        raise OptionInvalid(f"settings are {reprlib.repr(settings)}, expected a dict")
    try:
        copied: Settings = json.loads(json.dumps(settings, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as err:
        raise OptionInvalid(
            f"settings cannot be kept as JSON: {err}: keep numbers, text, lists and dicts"
        ) from err
    return copied


def _check_format(data: object, directory: Path) -> None:
    version = data.get("format_version") if isinstance(data, dict) else None
    if not isinstance(version, int) or 1 <= version <= FORMAT_VERSION:
        return
    way_out = "upgrade retrieve" if version > FORMAT_VERSION else "index the folder again"
    raise FormatUnsupported(
        f"index {directory} has format {version}, this version of retrieve reads 1 to {FORMAT_VERSION}: "
        f"{way_out}"
    )


def checksum_of(data: dict[str, Any]) -> str:
    """SHA-256 of the JSON object `data` without its field "checksum", whatever its layout as text."""
    body = {name: value for name, value in data.items() if name != "checksum"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def faults_of(data: object) -> list[str]:
    """All faults of a parsed manifest; empty if it is sound.

    Example:
        >>> faults_of([])
        ['not a JSON object']
    """
    if not isinstance(data, dict):
        return ["not a JSON object"]
    fields = {**_FIELDS, **_FIELDS_3} if is_block_format(data) else _FIELDS
    faults = [*_field_faults(data, fields)]
    if not faults:
        faults = [*_file_faults(data)]
    if not faults:
        faults = [*_size_faults(data)]
    if not faults and data["checksum"] != checksum_of(data):
        faults = ["was altered: its contents do not match their checksum"]
    return faults


def _field_faults(data: dict[str, Any], fields: dict[str, tuple[Test, str]]) -> Iterator[str]:
    for name, (is_sound, expected) in fields.items():
        if name not in data:
            yield f"{name} is missing"
        elif not is_sound(data[name]):
            yield f"{name} is {reprlib.repr(data[name])}, expected {expected}"


def is_block_format(data: dict[str, Any]) -> bool:
    """Whether the format of a manifest is one with checksums by block."""
    version = data.get("format_version")
    return isinstance(version, int) and version >= LIVING


def _file_faults(data: dict[str, Any]) -> Iterator[str]:
    files = data["files"]
    needed = (*CORE, COPIES) if data.get("copy_dim") else CORE
    yield from (f"files names no {name}" for name in needed if name not in files)
    fields = _BLOCK_FIELDS if is_block_format(data) else _FILE_FIELDS
    if data["format_version"] > LIVING:
        fields = {**fields, "piece": _WHOLE}
    for name, file in files.items():
        if not isinstance(file, dict):
            yield f"files[{name!r}] is {reprlib.repr(file)}, expected an object"
            continue
        for fault in _field_faults(file, fields):
            yield f"files[{name!r}]: {fault}"


def _size_faults(data: dict[str, Any]) -> Iterator[str]:
    count, files = data["count"], data["files"]
    total, copy_dim = count + data.get("removed", 0), data.get("copy_dim", 0)
    if data["next_id"] < total:
        yield f"next_id is {data['next_id']}, expected at least {total}, the number of vectors"
    item_bytes = {VECTORS: data["dim"] * _FLOAT32_BYTES, IDS: _INT64_BYTES}
    if copy_dim:
        item_bytes[COPIES] = copy_dim * _FLOAT32_BYTES
    for name, size in item_bytes.items():
        if files[name]["size"] != total * size:
            yield f"{name} is {files[name]['size']} bytes, expected {total} x {size}"


def _is_whole_number(least: int) -> Test:
    return lambda value: type(value) is int and value >= least


def _is_utc(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo == timezone.utc
    except ValueError:
        return False


_WHOLE = (_is_whole_number(0), "a whole number from 0")
_POSITIVE = (_is_whole_number(1), "a whole number from 1")
_OBJECT = (lambda value: isinstance(value, dict), "an object")
_TIME = (_is_utc, "a time in UTC like 2025-01-31T12:00:00+00:00")
_DIGEST = re.compile("[0-9a-f]{64}")
_SHA256 = (lambda value: bool(_DIGEST.fullmatch(str(value))), "64 hexadecimal digits")

_FIELDS: dict[str, tuple[Test, str]] = {
    "format_version": _POSITIVE,
    "generation": _POSITIVE,
    "dim": _POSITIVE,
    "metric": (lambda value: value in METRICS, f"one of {', '.join(METRICS)}"),
    "structure": (is_structure, EXPECTED),
    "encoder": (lambda value: value is None or isinstance(value, str), "a fingerprint or null"),
    "created": _TIME,
    "changed": _TIME,
    "count": _WHOLE,
    "next_id": _WHOLE,
    "settings": _OBJECT,
    "files": _OBJECT,
    "checksum": _SHA256,
}

_FIELDS_3: dict[str, tuple[Test, str]] = {
    "removed": _WHOLE,
    "rows": _WHOLE,
    "copy_dim": _WHOLE,
    "structure_reason": (lambda value: isinstance(value, str), "text"),
}

_FILE_FIELDS: dict[str, tuple[Test, str]] = {
    "path": (lambda value: isinstance(value, str) and is_real_name(value), "the plain name of an index file"),
    "size": _WHOLE,
    "sha256": _SHA256,
}

_BLOCK_FIELDS: dict[str, tuple[Test, str]] = {
    "path": _FILE_FIELDS["path"],
    "size": _WHOLE,
    "sums": (
        lambda value: isinstance(value, list) and all(_SHA256[0](digest) for digest in value),
        "a list of 64 hexadecimal digits each",
    ),
}
