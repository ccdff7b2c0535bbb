"""The pictures of one side of an evaluation: where they are, their classes, their contents, their vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..images import RejectedFile, find_images
from .arrays import Integers, Vectors
from .labelling import Labelling


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """The pictures found in a folder, not yet read: relative `paths` and their `labels`, None for none."""

    folder: Path
    paths: tuple[str, ...]
    labels: tuple[str | None, ...]
    rejections: tuple[RejectedFile, ...]

    @classmethod
    def of(cls, folder: Path | str, labelling: Labelling, *, skip: Sequence[Path] = ()) -> Listing:
        """List the pictures in `folder`, leaving out the folders in `skip`.

        Raises:
            NoPictures: `folder` is missing, is not a folder, or cannot be read.
        """
        findings = find_images(folder, skip=skip)
        paths = tuple(found.path for found in findings.pictures)
        labels = tuple(labelling.label_of(path) for path in paths)
        return cls(Path(folder), paths, labels, findings.rejections)


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """Pictures that could be read, in the order of their paths.

    `contents`: SHA-256 of each file. `vectors`: by method, (n, dim), as bytes where a method's components
    are whole numbers. Methods with the same encoder share one array. `rejections`: what could not be read.
    """

    folder: Path
    paths: tuple[str, ...]
    labels: tuple[str | None, ...]
    contents: tuple[str, ...]
    vectors: Mapping[str, Vectors]
    rejections: tuple[RejectedFile, ...]

    def __len__(self) -> int:
        """How many pictures."""
        return len(self.paths)

    def with_vectors(self, name: str, vectors: Vectors) -> Collection:
        """The same pictures with one more method's vectors."""
        return replace(self, vectors={**self.vectors, name: vectors})

    def take(self, rows: Integers) -> Collection:
        """Only the pictures in `rows`, in that order."""
        chosen = rows.tolist()
        return replace(
            self,
            paths=tuple(self.paths[row] for row in chosen),
            labels=tuple(self.labels[row] for row in chosen),
            contents=tuple(self.contents[row] for row in chosen),
            vectors={name: vectors[rows] for name, vectors in self.vectors.items()},
        )

    def floats(self, name: str) -> Vectors:
        """The vectors of a method as floats that the metrics take.

        Bytes become float16, which holds whole numbers up to 2,048 exactly and takes half the memory of
        float32.
        """
        vectors = self.vectors[name]
        return vectors.astype(np.float16) if vectors.dtype == np.uint8 else vectors
