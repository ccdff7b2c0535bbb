"""The manifest: what an index is, and which files make it up."""

from __future__ import annotations

import dataclasses
import json
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from .choices import Metric, Structure
from .errors import FormatUnsupported, IndexNotFound, OptionInvalid
from .files import StoredFile, damage
from .manifest_faults import checksum_of, faults_of
from .names import MANIFEST

FORMAT_VERSION = 1

Settings: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation of an index.

    generation: counts the saves of a directory, from 1. dim: numbers a vector. count: vectors held.
    next_id: the id that the next vector gets; no id is given twice. encoder: fingerprint of what made the
    vectors. created, changed: UTC. settings: whatever the caller wants to keep, as JSON.
    files: logical name to file.
    """

    generation: int
    dim: int
    metric: Metric
    structure: Structure
    encoder: str | None
    created: datetime
    changed: datetime
    count: int = 0
    next_id: int = 0
    settings: Settings = field(default_factory=dict)
    files: Mapping[str, StoredFile] = field(default_factory=dict)

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
            FormatUnsupported: another format version.
            IndexDamaged: not a manifest, or an altered one; the message lists all faults.
        """
        path = directory / MANIFEST
        try:
            data = json.loads(content)
        except (ValueError, RecursionError) as err:
            raise damage(directory, [f"{path} is not JSON ({err})"]) from err
        _check_format(data, directory)
        if faults := faults_of(data):
            raise damage(directory, [f"{path}: {fault}" for fault in faults])
        return cls._from_json(data)

    def to_json(self) -> str:
        """The manifest as JSON text, with a checksum of itself."""
        data = dataclasses.asdict(self)
        data |= {name: data[name].isoformat(timespec="seconds") for name in ("created", "changed")}
        data = {"format_version": FORMAT_VERSION, **data}
        return json.dumps({**data, "checksum": checksum_of(data)}, indent=1, allow_nan=False) + "\n"

    @classmethod
    def _from_json(cls, data: dict[str, Any]) -> Manifest:
        values = {name: data[name] for name in (field.name for field in dataclasses.fields(cls))}
        values |= {name: datetime.fromisoformat(data[name]) for name in ("created", "changed")}
        values["files"] = {
            name: StoredFile(file["path"], file["size"], file["sha256"])
            for name, file in data["files"].items()
        }
        return cls(**values)


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
    if not isinstance(version, int) or version == FORMAT_VERSION:
        return
    way_out = "upgrade retrieve" if version > FORMAT_VERSION else "index the folder again"
    raise FormatUnsupported(
        f"index {directory} has format {version}, this version of retrieve reads {FORMAT_VERSION}: {way_out}"
    )
