"""What a distance means in a folder: measured on its own pictures, without labels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..combine import embed_part
from ..errors import ImageUnreadable
from ..evaluation.edits import EDITS, Editing
from ..parallel import in_order
from ..retriever import Retriever
from ..whole_files import replaced

Distances = NDArray[np.float64]

_EDITED = 100
_COMPARED = 1_000
_EDITS = {"crop": 0.9, "scale": 0.5, "JPEG": 30, "brightness": 0.6}
_PART = {"crop": 0.5}
_MOST_COPIES = 0.9
_MOST_NEIGHBORS = 0.95
_AT_RANDOM = 0.05
_ROUNDING = 1e-5

FILE = "calibration.json"
"""Beside the index; it may be removed at any time."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What cosine distances mean among the pictures of one folder.

    copy: within it lie nine in ten of the folder's edited copies (cropped, scaled, compressed, darker) from
    their originals. part: the same of parts of half their width and height. neighbor: within it 19 in 20 of
    its pictures have their nearest other picture. random: within it lies one in twenty of the others, from a
    picture at random. no_match: from here on there is no good match.

    Example:
        >>> Calibration(copy=0.1, part=0.5, neighbor=0.4, random=0.6, no_match=0.4).in_words(0.3)
        'similar'
    """

    copy: float
    part: float
    neighbor: float
    random: float
    no_match: float

    @classmethod
    def of(cls, retriever: Retriever, *, copies: bool = False, seed: int = 0) -> Calibration:
        """Measured on at most 100 pictures, which are edited, and 1,000, which are compared; in seconds.

        copies: of the vectors to find copies by: there only a copy is a good match. Otherwise one is as near
        as a picture's nearest mostly is, and nearer than one in twenty at random; a copy is always one. Of an
        index of fewer than two pictures all distances are 0: nothing can be said.
        """
        ids = np.asarray(retriever.index.ids)
        if len(ids) < 2:
            return cls(0.0, 0.0, 0.0, 0.0, 0.0)
        rng = np.random.default_rng(seed)
        drawn = np.sort(rng.permutation(len(ids))[:_COMPARED])
        index = retriever.index
        vectors = np.asarray((index.copies if copies else index.vectors)(ids[drawn]), dtype=np.float64)
        found = (index.search_copies if copies else index.search)(vectors.astype(np.float32), 2)
        nearest = found.distances[:, -1].astype(np.float64)
        others = (1.0 - vectors @ vectors.T)[~np.eye(len(vectors), dtype=bool)]
        chosen = ids[drawn[:: max(1, len(drawn) // _EDITED)]][:_EDITED]
        copy, part = (
            _share(_distances_of_edited(retriever, chosen, edits, copies=copies), _MOST_COPIES)
            for edits in (_EDITS, _PART)
        )
        neighbor, random = _share(nearest, _MOST_NEIGHBORS), _share(others, _AT_RANDOM)
        return cls(copy, part, neighbor, random, copy if copies else max(copy, min(neighbor, random)))

    @classmethod
    def kept(cls, retriever: Retriever, *, copies: bool = False) -> Calibration:
        """As `of`; kept beside the index until its pictures change, where it can be written."""
        index = retriever.index
        path, name = index.directory / FILE, "copies" if copies else "latent"
        state = [index.manifest.encoder, index.manifest.generation, len(index)]
        found = _read(path)
        if found.get("state") != state:
            found = {"state": state}
        with suppress(KeyError, TypeError):
            return cls(**found[name])
        measured = cls.of(retriever, copies=copies)
        _write(path, {**found, name: asdict(measured)})
        return measured

    def of_parts(self) -> Calibration:
        """For queries that are a part of a picture, or several together: nothing lies as near to those."""
        return replace(self, no_match=max(self.no_match, min(self.part, self.random)))

    def in_words(self, distance: float) -> str:
        """What `distance` says, in words."""
        if distance <= self.copy:
            return "very close"
        return "similar" if distance <= self.no_match else "no good match"

    def to_json(self) -> dict[str, Any]:
        """The figures, as JSON holds them."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def editing_of(strengths: Mapping[str, float]) -> Editing:
    """The edits that `strengths` names, each at one strength."""
    return Editing(tuple((edit, strengths[edit.name]) for edit in EDITS if edit.name in strengths))


def _read(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found = json.loads(path.read_bytes())
        if isinstance(found, dict):
            return found
    return {}


def _write(path: Path, values: dict[str, Any]) -> None:
    with suppress(OSError), replaced(path) as part:
        part.write_text(json.dumps(values))


def _distances_of_edited(
    retriever: Retriever, ids: NDArray[np.int64], edits: dict[str, float], *, copies: bool
) -> Distances:
    """Of each picture that can be read, the distances of its edited copies."""
    editing = editing_of(edits)

    def measure(row_and_vector: Any) -> list[float]:
        row, vector = row_and_vector
        try:
            edited: list[Image.Image] = editing.apply(retriever.folders / row.path)
            seen = [embed_part(retriever.encoder, each, copies=copies).vector for each in edited]
            return [1.0 - float(each @ vector / np.linalg.norm(each)) for each in seen]
        except ImageUnreadable:
            return []

    rows = retriever.index.catalog.rows_of(ids)
    vectors = (retriever.index.copies if copies else retriever.index.vectors)(ids)
    found = in_order(measure, list(zip(rows, vectors, strict=True)))
    return np.array([distance for distances in found for distance in distances])


def _share(distances: Distances, share: float) -> float:
    """The distance within which `share` of them lie, never below what is rounding; 0 if there are none."""
    return max(_ROUNDING, float(np.quantile(distances, share))) if len(distances) else 0.0
