"""What an evaluation found: every figure, what it was measured on, and what is needed to repeat it."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .arrays import Integers
from .duplicates import Duplicates
from .figures import Difference
from .intervals import Interval, Verdict
from .robustness import Curve, EditFigures


@dataclass(frozen=True, slots=True)
class MethodReport:
    """One method's figures.

    `figures`: means over queries by metric, NaN where there was nothing to measure. `macro`: means over
    classes. `curve`: precision at equal steps of recall. Milliseconds are None for chance.
    """

    title: str
    metric: str
    dim: int
    bytes_per_image: float
    encode_ms: float | None
    search_ms: float | None
    figures: Mapping[str, Interval]
    macro: Mapping[str, float]
    curve: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """The figures by their names, and the facts beside them."""
        facts = ("title", "metric", "dim", "bytes_per_image", "encode_ms", "search_ms")
        return {
            **{name: dataclasses.asdict(figure) for name, figure in self.figures.items()},
            **{name: getattr(self, name) for name in facts},
            "macro": dict(self.macro),
            "precision_at_recall": list(self.curve),
        }


@dataclass(frozen=True, slots=True)
class CorpusFacts:
    """What was searched and asked.

    images: pictures searched. classes: of those that have one. queries: asked, and with something to find.
    fingerprint: SHA-256 over contents and classes of all pictures and queries, sorted: equal for equal
    pictures, whatever their names. fewest, most: pictures of the smallest and largest class.
    """

    images: int
    classes: int
    queries: int
    duplicates: Duplicates
    duplicates_excluded: bool
    unlabelled: int
    unreadable: tuple[tuple[str, str], ...]
    single_classes: tuple[str, ...]
    fewest: int
    most: int
    fingerprint: str

    def to_json(self) -> dict[str, Any]:
        """The numbers by their names; `duplicates` is one number, its parts stand beside it."""
        return {
            **{name: getattr(self, name) for name in ("images", "classes", "queries")},
            "duplicates": self.duplicates.count,
            "duplicates_within": self.duplicates.within,
            "duplicates_across": self.duplicates.across,
            "duplicate_pairs": [list(pair) for pair in self.duplicates.pairs],
            "duplicates_excluded": self.duplicates_excluded,
            "unlabelled": self.unlabelled,
            "unreadable": [{"path": path, "reason": reason} for path, reason in self.unreadable],
            "classes_of_one_picture": list(self.single_classes),
            "pictures_of_smallest_class": self.fewest,
            "pictures_of_largest_class": self.most,
            "fingerprint": self.fingerprint,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """A picture among the answers: its path in the folder searched, its class, if it is the query's class."""

    path: str
    label: str | None
    right: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A query with the nearest answers of latent and pixel search.

    `gain`: average precision, latent minus pixel. For a picture edited by `edit` at `strength`, difference of
    the reciprocal ranks of its original, which is then the only right answer.
    """

    path: str
    label: str | None
    gain: float
    latent: tuple[Answer, ...]
    pixel: tuple[Answer, ...]
    edit: str = ""
    strength: float = 0.0
    edit_label: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """The result of `evaluate`.

    `difference` is latent minus pixel, `differences` latent minus every other method. `verdict` says what
    `difference` allows to say about `judged_by`, `sentence` says it with the figures. `examples`: by kind,
    "wins", "losses" and "random". `confusion`: by method, class of query × class of nearest answer.
    """

    methods: Mapping[str, MethodReport]
    differences: Mapping[str, Difference]
    judged_by: str
    best_pixel: str
    corpus: CorpusFacts
    edits: tuple[EditFigures, ...]
    curves: tuple[Curve, ...]
    classes: tuple[str, ...]
    confusion: Mapping[str, Integers]
    examples: Mapping[str, tuple[Example, ...]]
    notes: tuple[str, ...]
    sentence: str
    folder: Path
    queries_folder: Path
    run: Mapping[str, Any]

    @property
    def difference(self) -> Difference:
        """Latent minus pixels by L2, query by query."""
        return self.differences["pixel"]

    @property
    def verdict(self) -> Verdict:
        """Whether latent search is better than pixel search, worse, or neither can be shown."""
        return self.difference.verdict(self.judged_by)

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The same for every metric that was measured."""
        return {
            name: self.difference.verdict(name)
            for name, figure in self.difference.figures.items()
            if not math.isnan(figure.value)
        }

    def to_json(self) -> dict[str, Any]:
        """Everything, as an object of what JSON can hold: NaN becomes null.

        Example:
            >>> evaluate(retriever).to_json()["methods"]["latent"]["map"]  # doctest: +SKIP
            {'value': 0.58, 'low': 0.57, 'high': 0.6}
        """
        content: dict[str, Any] = without_nan(
            {
                "verdict": self.verdict,
                "sentence": self.sentence,
                "judged_by": self.judged_by,
                "verdicts": self.verdicts,
                "methods": {name: method.to_json() for name, method in self.methods.items()},
                "difference": _figures(self.difference),
                "differences": {name: _figures(each) for name, each in self.differences.items()},
                "best_pixel": self.best_pixel,
                "corpus": self.corpus.to_json(),
                "self_retrieval": [dataclasses.asdict(each) for each in self.edits],
                "robustness": [dataclasses.asdict(each) for each in self.curves],
                "confusion": {
                    "classes": list(self.classes),
                    **{name: matrix.tolist() for name, matrix in self.confusion.items()},
                },
                "examples": {
                    kind: [dataclasses.asdict(example) for example in examples]
                    for kind, examples in self.examples.items()
                },
                "notes": list(self.notes),
                "run": dict(self.run),
            }
        )
        return content

    def save(self, path: Path) -> None:
        """Write `to_json` to the file at `path`."""
        path.write_text(json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def without_nan(value: Any) -> Any:
    """`value` of dicts, lists and numbers with None for NaN and infinities, and lists for tuples.

    Example:
        >>> without_nan({"low": float("nan"), "points": (1, 2.5)})
        {'low': None, 'points': [1, 2.5]}
    """
    if isinstance(value, dict):
        return {name: without_nan(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _figures(difference: Difference) -> dict[str, Any]:
    return {name: dataclasses.asdict(figure) for name, figure in difference.figures.items()}
