"""The search of an index beside search by pixels and by colours, where the folders tell what is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..evaluation import DistanceMetric, LabelledVectors, QueryValues, measure_ranking
from ..evaluation.baselines import ColorHistogram, FlatPixels
from ..images import RIGHT, WRONG, SheetCell, SheetRow, contact_sheet, load
from ..parallel import in_order
from ..retriever import Hit, Retriever

Vectors = NDArray[np.float32]
Integers = NDArray[np.int64]

QUALITIES = ("precision_at_1", "precision_at_10", "map")

_HITS = 8
_EXAMPLES = 8
_METRICS: dict[str, DistanceMetric] = {"latent": "cosine", "color_histogram": "l2", "pixel": "l2"}


@dataclass(frozen=True, slots=True)
class Example:
    """A query, by its path in the folder, and its nearest other pictures."""

    query: str
    hits: list[Hit]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Every picture of a folder queried against all others, by three ways to search.

    `paths` (n) relative, `classes` the folders' names, `labels (n,)` the number of each picture's class.
    `measured` and `dims` by method: "latent", "color_histogram", "pixel".
    """

    retriever: Retriever
    paths: tuple[str, ...]
    classes: tuple[str, ...]
    labels: Integers
    measured: Mapping[str, QueryValues]
    dims: Mapping[str, int]

    @classmethod
    def of(cls, retriever: Retriever) -> Comparison:
        """Compare on the pictures that `retriever` has indexed, of which it reads each once more."""
        paths = tuple(row.path for row in retriever.index.catalog.rows())
        names = [path.rpartition("/")[0] for path in paths]
        classes, places = np.unique(names, return_inverse=True)
        labels = places.astype(np.int64)
        vectors = {"latent": retriever.index.vectors(), **_baselines(retriever.folder, paths)}
        measured = {name: _measured(vectors[name], labels, metric) for name, metric in _METRICS.items()}
        dims = {name: vectors[name].shape[1] for name in _METRICS}
        return cls(retriever, paths, tuple(classes.tolist()), labels, measured, dims)

    @property
    def figures(self) -> dict[str, dict[str, float]]:
        """The mean of each quality over all queries, by method."""
        return {
            name: {quality: values.micro(quality).value for quality in QUALITIES}
            for name, values in self.measured.items()
        }

    def example(self) -> Example:
        """One query with its answers."""
        path = self.paths[self._queries(seed=0)[0]]
        return Example(path, self.retriever.query(self.retriever.folder / path, k=5, exclude_self=True))

    def draw_examples(self, path: Path, *, seed: int) -> None:
        """Draw some queries, each with its answers by the latent search and, below, by pixels."""
        rows = []
        for query in self._queries(seed)[:_EXAMPLES]:
            rows += [self._row(query, "latent", "this search"), self._row(query, "pixel", "pixels")]
        title = "The same queries by this search and by pixels: green is the same kind, red is not"
        contact_sheet(rows, title=title, cell=112).save(path)

    def draw_nearest(self, path: Path, *, seed: int) -> None:
        """Draw a query of each class with its answers by the latent search."""
        rows = [self._row(query, "latent", self.classes[self.labels[query]]) for query in self._queries(seed)]
        contact_sheet(rows, title="A query of each kind, and its nearest pictures", cell=112).save(path)

    def _queries(self, seed: int) -> list[int]:
        """A picture of each class, the classes shuffled: drawn, not chosen."""
        rng = np.random.default_rng(seed)
        rows = [int(rng.choice(np.flatnonzero(self.labels == label))) for label in range(len(self.classes))]
        return [rows[position] for position in rng.permutation(len(rows))]

    def _row(self, query: int, method: str, caption: str) -> SheetRow:
        answers = [row for row in self.measured[method].nearest_rows[query].tolist() if row >= 0][:_HITS]
        cells = [self._cell(row, self.labels[row] == self.labels[query]) for row in answers]
        return SheetRow(cells, query=SheetCell(self.retriever.folder / self.paths[query], caption))

    def _cell(self, row: int, right: bool) -> SheetCell:
        name = self.classes[self.labels[row]]
        return SheetCell(self.retriever.folder / self.paths[row], name, frame=RIGHT if right else WRONG)


def _measured(vectors: Vectors, labels: Integers, metric: DistanceMetric) -> QueryValues:
    pictures = LabelledVectors(vectors, labels)
    return measure_ranking(pictures, pictures, metric=metric, exclude=np.arange(len(labels)))


def _baselines(folder: Path, paths: tuple[str, ...]) -> dict[str, Vectors]:
    colors, pixels = ColorHistogram(), FlatPixels()

    def encode(path: str) -> tuple[Vectors, Vectors]:
        large, small = load(folder / path, colors.size), load(folder / path, pixels.size)
        return colors.encode(large[None])[0], pixels.encode(small[None])[0]

    of_colors, of_pixels = zip(*in_order(encode, paths), strict=True)
    return {"color_histogram": np.stack(of_colors), "pixel": np.stack(of_pixels)}
