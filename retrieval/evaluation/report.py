"""The result of an evaluation: every figure, what it was measured on, and what is needed to repeat it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .arrays import Integers
from .intervals import Interval, Verdict
from .method import Method
from .robustness import Curve, EditFigures
from .scores import Difference, Example, Scores, is_of_edits
from .task import CorpusFacts

PACKAGES = ("retrieve", "numpy", "scipy", "faiss-cpu", "pillow", "ai-edge-litert", "tensorflow")


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

    @classmethod
    def of(cls, method: Method, scores: Scores, costs: tuple[float, float], seed: int) -> MethodReport:
        """The means of `scores`; `costs`: milliseconds to encode a picture, and to search."""
        return cls(
            method.title,
            method.metric,
            method.encoder.dim,
            method.bytes_per_image,
            *costs,
            scores.means(seed),
            scores.class_means(),
            scores.curve,
        )

    @classmethod
    def of_chance(cls, scores: Scores, seed: int) -> MethodReport:
        """The means of the expected scores of guessing, which costs nothing."""
        means, class_means = scores.means(seed), scores.class_means()
        return cls("chance (expected)", "none", 0, 0, None, None, means, class_means, scores.curve)

    def to_json(self) -> dict[str, Any]:
        """The figures by their names, and the facts beside them."""
        facts = ("title", "metric", "dim", "bytes_per_image", "encode_ms", "search_ms")
        return {
            **{name: asdict(figure) for name, figure in self.figures.items()},
            **{name: getattr(self, name) for name in facts},
            "macro": dict(self.macro),
            "precision_at_recall": list(self.curve),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The methods side by side.

    `differences`: latent minus every other method. `judged_by`: the metric that the verdict is about.
    `best_pixel`: which pixel method does best by it. `of_copies`: the search for copies minus every method
    but latent; empty where the encoder has no vectors for that.
    """

    methods: Mapping[str, MethodReport]
    differences: Mapping[str, Difference]
    judged_by: str
    best_pixel: str
    of_copies: Mapping[str, Difference] = field(default_factory=dict, kw_only=True)

    @property
    def by_class(self) -> bool:
        """Whether there were right answers by class, or only originals of edited pictures to find."""
        return self.judged_by == "map"

    @property
    def judged(self) -> str:
        """The method that the verdict is about: the search for copies where only edited pictures were asked
        for their originals and there is one, otherwise latent search."""
        return "latent" if self.by_class or not self.of_copies else "copies"

    @property
    def gains(self) -> Mapping[str, Difference]:
        """The method that the verdict is about minus every other."""
        return self.differences if self.judged == "latent" else self.of_copies

    @property
    def difference(self) -> Difference:
        """The method that the verdict is about minus pixels by L2, query by query."""
        return self.gains["pixel"]

    @property
    def verdict(self) -> Verdict:
        """Whether it is better than pixel search, worse, or neither can be shown."""
        return self.difference.verdict(self.judged_by)

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The same for every metric that was measured; by edited pictures where `judged` is for them."""
        known = {name: each for name, each in self.difference.figures.items() if not math.isnan(each.value)}
        own = self.judged == "latent" and bool(self.of_copies)
        return {name: self.difference.verdict(name) for name in known if not (own and is_of_edits(name))}


@dataclass(frozen=True, slots=True, eq=False)
class Report(Comparison):
    """The result of `evaluate`.

    `sentence` says the verdict with its figures, `notes` what to know before relying on it. `examples`: by
    kind, "wins", "losses" and "random". `confusion`: by method, class of query × class of nearest answer.
    `run`: settings, versions and seconds.
    """

    sentence: str
    notes: tuple[str, ...]
    corpus: CorpusFacts
    edits: tuple[EditFigures, ...]
    curves: tuple[Curve, ...]
    classes: tuple[str, ...]
    confusion: Mapping[str, Integers]
    examples: Mapping[str, tuple[Example, ...]]
    folder: Path
    queries_folder: Path
    run: Mapping[str, Any]

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
                "differences_of_copies": {name: _figures(each) for name, each in self.of_copies.items()},
                "best_pixel": self.best_pixel,
                "corpus": self.corpus.to_json(),
                "self_retrieval": [asdict(each) for each in self.edits],
                "robustness": [asdict(each) for each in self.curves],
                "confusion": {
                    "classes": list(self.classes),
                    **{name: matrix.tolist() for name, matrix in self.confusion.items()},
                },
                "examples": {
                    kind: [asdict(example) for example in examples]
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
    return {name: asdict(figure) for name, figure in difference.figures.items()}


def package_versions() -> dict[str, str]:
    """The versions of the packages that figures depend on, of those that are installed."""
    versions = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions
