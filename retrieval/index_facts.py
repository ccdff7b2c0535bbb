"""What an index is, in figures: for `retrieve info`, and for whoever wants to know before a query."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from index_store import FORMAT_VERSION, Index

from .encoder.model import DESCRIPTION
from .index_paths import folder_of

_NUMBER_BYTES = 4


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What there is to know of an index without opening its encoder.

    pictures, rejected: how many files have a vector, and how many could not be used. encoder: its
    architecture, `size` the pixels of a side it sees, `dim` the numbers a vector, `details` what it says of
    itself. fitted: how many pictures of the folder it was fitted to, and how many `drawn` ones; None if it
    was not fitted to this folder. bytes_per_picture: of a vector; bytes_on_disk: of everything.
    """

    folder: Path
    directory: Path
    pictures: int
    rejected: int
    encoder: str
    fingerprint: str
    size: int
    dim: int
    details: dict[str, Any]
    fitted: dict[str, Any] | None
    metric: str
    structure: str
    bytes_per_picture: int
    bytes_on_disk: int
    format_version: int
    generation: int
    built: datetime

    @classmethod
    def of(cls, index: Index) -> IndexFacts:
        """Ask `index`."""
        manifest = index.manifest
        encoder = json.loads(index.attachment(DESCRIPTION).read_bytes())
        return cls(
            folder=folder_of(index),
            directory=index.directory,
            pictures=len(index),
            rejected=index.catalog.num_rejected(),
            encoder=str(encoder["name"]),
            fingerprint=manifest.encoder or "",
            size=int(encoder["size"]),
            dim=index.dim,
            details=encoder["details"],
            fitted=index.settings.get("fitted"),
            metric=manifest.metric,
            structure=manifest.structure,
            bytes_per_picture=index.dim * _NUMBER_BYTES,
            bytes_on_disk=sum(file.size for file in manifest.files.values()),
            format_version=FORMAT_VERSION,
            generation=manifest.generation,
            built=manifest.changed,
        )

    def to_json(self) -> dict[str, Any]:
        """The same as an object of what JSON can hold."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()} | {
            "built": self.built.isoformat(timespec="seconds")
        }
