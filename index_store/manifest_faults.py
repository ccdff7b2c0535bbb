"""What can be wrong with the JSON of a manifest: every fault of it, not only the first."""

from __future__ import annotations

import hashlib
import json
import re
import reprlib
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any, TypeAlias

from .choices import METRICS, STRUCTURES
from .names import CORE, IDS, VECTORS, is_real_name

Test: TypeAlias = Callable[[Any], bool]

FLOAT32_BYTES = 4
INT64_BYTES = 8


def checksum_of(data: dict[str, Any]) -> str:
    """SHA-256 of the JSON object `data` without its field "checksum", whatever its layout as text."""
    body = {name: value for name, value in data.items() if name != "checksum"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def faults_of(data: object) -> list[str]:
    """All faults of a parsed manifest of the current format; empty if it is sound.

    Example:
        >>> faults_of([])
        ['not a JSON object']
    """
    if not isinstance(data, dict):
        return ["not a JSON object"]
    faults = [*_field_faults(data, _FIELDS)]
    if not faults:
        faults = [*_file_faults(data["files"])]
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


def _file_faults(files: dict[str, Any]) -> Iterator[str]:
    yield from (f"files names no {name}" for name in CORE if name not in files)
    for name, file in files.items():
        if not isinstance(file, dict):
            yield f"files[{name!r}] is {reprlib.repr(file)}, expected an object"
            continue
        for fault in _field_faults(file, _FILE_FIELDS):
            yield f"files[{name!r}]: {fault}"


def _size_faults(data: dict[str, Any]) -> Iterator[str]:
    count, files = data["count"], data["files"]
    if data["next_id"] < count:
        yield f"next_id is {data['next_id']}, expected at least count, {count}"
    for name, item_bytes in ((VECTORS, data["dim"] * FLOAT32_BYTES), (IDS, INT64_BYTES)):
        if files[name]["size"] != count * item_bytes:
            yield f"{name} is {files[name]['size']} bytes, expected {count} x {item_bytes}"


def _is_whole_number(least: int) -> Test:
    return lambda value: type(value) is int and value >= least


def _is_utc(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo == timezone.utc
    except ValueError:
        return False


def _is_sha256(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


_WHOLE = (_is_whole_number(0), "a whole number from 0")
_POSITIVE = (_is_whole_number(1), "a whole number from 1")
_OBJECT = (lambda value: isinstance(value, dict), "an object")
_TIME = (_is_utc, "a time in UTC like 2025-01-31T12:00:00+00:00")
_SHA256 = (_is_sha256, "64 hexadecimal digits")

_FIELDS: dict[str, tuple[Test, str]] = {
    "format_version": _POSITIVE,
    "generation": _POSITIVE,
    "dim": _POSITIVE,
    "metric": (lambda value: value in METRICS, f"one of {', '.join(METRICS)}"),
    "structure": (lambda value: value in STRUCTURES, f"one of {', '.join(STRUCTURES)}"),
    "encoder": (lambda value: value is None or isinstance(value, str), "a fingerprint or null"),
    "created": _TIME,
    "changed": _TIME,
    "count": _WHOLE,
    "next_id": _WHOLE,
    "settings": _OBJECT,
    "files": _OBJECT,
    "checksum": _SHA256,
}

_FILE_FIELDS: dict[str, tuple[Test, str]] = {
    "path": (lambda value: isinstance(value, str) and is_real_name(value), "the plain name of an index file"),
    "size": _WHOLE,
    "sha256": _SHA256,
}
