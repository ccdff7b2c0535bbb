"""Pictures in the order of how unlike the normal ones they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ImageUnreadable, printable
from ..index_paths import path_values
from ..parallel import in_order
from ..progress import Progress
from .anomalies import AnomalyDetector, Judgement, Method, auroc


@dataclass(frozen=True, slots=True)
class AnomalyRanking:
    """The pictures that could be read, `judged`, the strangest by `method` first; and why others could not.

    among_normal: the pictures are the normal ones, or lie among them, see `AnomalyDetector.judge`.
    """

    detector: AnomalyDetector
    method: Method
    judged: Sequence[Judgement]
    failures: Sequence[ImageUnreadable]
    among_normal: bool

    @classmethod
    def of(
        cls,
        detector: AnomalyDetector,
        paths: Sequence[Path],
        *,
        method: Method | None = None,
        among_normal: bool = False,
        progress: Progress | None = None,
    ) -> AnomalyRanking:
        """The ranking of the pictures at `paths`, by `method` or by the one that `detector` prefers."""
        chosen = method or detector.method

        def judge(path: Path) -> Judgement | ImageUnreadable:
            try:
                return detector.judge(path, among_normal=among_normal)
            except ImageUnreadable as error:
                return error

        found = []
        with (progress or Progress()).step("rank", total=len(paths)) as step:
            for one in in_order(judge, paths):
                step.advance()
                found.append(one)
        judged = [one for one in found if isinstance(one, Judgement)]
        judged.sort(key=lambda one: -one.scores[chosen])
        failures = [one for one in found if isinstance(one, ImageUnreadable)]
        return cls(detector, chosen, judged, failures, among_normal)

    def marks(self, one: Judgement) -> list[str]:
        """What is to be said of a picture: "unusual" above 95 % of normal ones, "small" see `Judgement`."""
        is_unusual = one.scores[self.method] > self.detector.checks[self.method].usual
        return ["unusual"] * is_unusual + ["small"] * one.is_small

    def auroc(self, is_anomalous: Callable[[Path], bool]) -> dict[Method, float]:
        """The area under the ROC curve of each method; none where all pictures are of one kind."""
        kinds: dict[bool, list[Judgement]] = {False: [], True: []}
        for one in self.judged:
            kinds[is_anomalous(one.path)].append(one)
        if not all(kinds.values()):
            return {}
        return {
            method: auroc(*([one.scores[method] for one in kinds[kind]] for kind in (False, True)))
            for method in self.detector.methods
        }

    def to_json(self) -> dict[str, Any]:
        """All pictures with their scores, how the method was chosen, and what could not be read."""
        checks = self.detector.checks
        return {
            "method": self.method,
            "side": self.detector.side,
            "checks": {
                method: {"separation": round(check.separation, 4), "usual": round(check.usual, 6)}
                for method, check in checks.items()
            },
            "pictures": [
                {
                    **path_values("path", one.path),
                    "scores": {method: round(score, 6) for method, score in one.scores.items()},
                    "marks": self.marks(one),
                }
                for one in self.judged
            ],
            "failures": [printable(str(failure)) for failure in self.failures],
        }
