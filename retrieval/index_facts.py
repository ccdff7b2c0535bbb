"""What an index is, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from index_store import Index

from .encoder import EncoderDescription
from .encoder.model import DESCRIPTION
from .images import is_remote
from .index_paths import Folders, folders_of, path_values

_NUMBER_BYTES = 4
_LOOKED_FOR = 100

COMPLETE = "complete"
"""The setting of an index that is False until its first indexing has reached its end."""

FIRST_NEW = "first_new_id"
"""The setting that holds the id from which on pictures came after the encoder had been fitted or given."""


def is_complete(index: Index) -> bool:
    """Whether the indexing that made `index` has reached its end: if not, pictures are missing from it."""
    return bool(index.settings.get(COMPLETE, True))


def holds_pictures(folders: Path | Folders, index: Index) -> bool:
    """Whether `folders` hold any of the first hundred pictures of `index`, or the index is empty.

    What is at a URL is not asked for.
    """
    ids = index.first_ids(_LOOKED_FOR)
    # Mostly the first is there, and nobody has to ask for the others.
    return len(ids) == 0 or any(
        is_remote(path := folders / row.path) or path.exists()
        for part in (ids[:1], ids[1:])
        for row in index.catalog.rows_of(part)
    )


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What there is to know of an index without opening its encoder.

    folder: the first of the `folders`. complete: False while the first indexing has not reached its end.
    pictures, rejected: how many files have a vector, and how many could not be used. encoder: its
    architecture, `size` the pixels of a side it sees, `dim` the numbers a vector, `details` what it says of
    itself. fitted: how many pictures of the folder it was fitted to, and how many `drawn` ones; None if it
    was not fitted to this folder. skipped: how many files of each kind were left out, where it was counted.
    structure: how it is searched, as asked for; structure_reason: what that means for this corpus.
    bytes_per_picture: of a vector; bytes_of_pictures: of all vectors and rows; bytes_on_disk: of
    everything, the encoder too.
    """

    folder: Path
    folders: Folders
    directory: Path
    complete: bool
    pictures: int
    rejected: int
    encoder: str
    fingerprint: str
    size: int
    dim: int
    details: dict[str, Any]
    fitted: dict[str, Any] | None
    skipped: dict[str, int]
    metric: str
    structure: str
    structure_reason: str
    bytes_per_picture: int
    bytes_of_pictures: int
    bytes_on_disk: int
    format_version: int
    generation: int
    built: datetime

    @classmethod
    def of(cls, index: Index) -> IndexFacts:
        """Ask `index`.

        Raises:
            EncoderInvalid: what the index keeps of its encoder is no description of one.
        """
        manifest, folders = index.manifest, folders_of(index)
        where = index.attachment(DESCRIPTION)
        encoder = EncoderDescription.parse(where.read_text(encoding="utf-8", errors="replace"), path=where)
        return cls(
            folder=folders.first,
            folders=folders,
            directory=index.directory,
            complete=is_complete(index),
            pictures=len(index),
            rejected=index.catalog.num_rejected(),
            encoder=encoder.name,
            fingerprint=manifest.encoder or "",
            size=encoder.size,
            dim=index.dim,
            details=encoder.details,
            fitted=index.settings.get("fitted"),
            skipped=index.settings.get("skipped") or {},
            metric=manifest.metric,
            structure=manifest.structure,
            structure_reason=manifest.structure_reason,
            bytes_per_picture=index.dim * _NUMBER_BYTES,
            bytes_of_pictures=sum(
                file.size for name, file in manifest.files.items() if name not in index.attachments
            ),
            bytes_on_disk=sum(file.size for file in manifest.files.values()),
            format_version=manifest.format_version,
            generation=manifest.generation,
            built=manifest.changed,
        )

    def to_json(self) -> dict[str, Any]:
        """The same as an object of what JSON can hold."""
        values = {name: getattr(self, name) for name in self.__slots__}
        values["built"] = self.built.isoformat(timespec="seconds")
        values["folders"] = [path_values("path", top) for top in self.folders.tops.values()]
        return values | path_values("folder", self.folder) | path_values("directory", self.directory)
