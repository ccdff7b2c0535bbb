"""From what was measured to the report: figures with intervals, differences, facts, words."""

from __future__ import annotations

import dataclasses
import hashlib
import platform
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from ..progress import Progress
from .class_figures import ClassFigures
from .costs import encode_milliseconds, search_milliseconds
from .duplicates import classes_with_one_picture, find_duplicates
from .figures import Difference, Measured
from .method import Method, best_pixel_method
from .reading import read_batches
from .report import CorpusFacts, MethodReport, Report
from .stress import Stress
from .trial import Trial
from .words import notes_of, sentence_of

if TYPE_CHECKING:
    from ..retriever import Retriever
    from .protocol import EvaluationSettings

PACKAGES = ("retrieve", "numpy", "scipy", "faiss-cpu", "pillow", "ai-edge-litert", "tensorflow")
TIMED_PICTURES = 64


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """Everything that was measured."""

    methods: tuple[Method, ...]
    trial: Trial
    classes: ClassFigures
    stress: Stress

    def measured(self, name: str) -> Measured:
        """All values of one method."""
        by_class, edited = self.classes.measured(name), self.stress.measured(name)
        return dataclasses.replace(by_class, self_values=edited.self_values, groups=edited.groups)

    def chance(self) -> Measured:
        """The same for guessing."""
        by_class, edited = self.classes.chance(self.trial.seed), self.stress.chance()
        return dataclasses.replace(by_class, self_values=edited.self_values, groups=edited.groups)

    @property
    def judged_by(self) -> str:
        """The figure that the verdict is about: the most inclusive one that there is."""
        return "map" if self.classes.known else "self_mrr"


def summary(
    findings: Findings, *, retriever: Retriever, settings: EvaluationSettings, progress: Progress
) -> Report:
    """Put the report together."""
    trial = findings.trial
    measured = {method.name: findings.measured(method.name) for method in findings.methods}
    with progress.step("measure costs", len(findings.methods)):
        costs = _costs(findings)
    with progress.step("draw intervals"):
        methods = {
            method.name: _method_report(method, measured[method.name], costs[method.name], trial.seed)
            for method in findings.methods
        }
        methods["chance"] = _chance_report(findings.chance(), trial.seed)
        differences = {
            name: Difference.between(measured["latent"], values, trial.seed)
            for name, values in measured.items()
            if name != "latent"
        }
    report = Report(
        methods=methods,
        differences=differences,
        judged_by=findings.judged_by,
        best_pixel=best_pixel_method(
            {name: method.figures[findings.judged_by].value for name, method in methods.items()}
        ),
        corpus=_corpus_facts(findings),
        edits=findings.stress.edits(),
        curves=findings.stress.curves,
        classes=trial.classes if findings.classes.known else (),
        confusion={name: findings.classes.confusion(name) for name in _confused(findings)},
        examples=findings.classes.examples(trial.seed) or findings.stress.examples(),
        notes=(),
        sentence="",
        folder=trial.database.folder,
        queries_folder=(trial.queries if findings.classes.known else trial.database).folder,
        run=_run(findings, retriever, settings, progress),
    )
    return dataclasses.replace(report, sentence=sentence_of(report), notes=notes_of(report, findings))


def _method_report(method: Method, measured: Measured, costs: tuple[float, float], seed: int) -> MethodReport:
    return MethodReport(
        title=method.title,
        metric=method.metric,
        dim=method.encoder.dim,
        bytes_per_image=method.bytes_per_image,
        encode_ms=costs[0],
        search_ms=costs[1],
        figures=measured.intervals(seed),
        macro=measured.macro(),
        curve=measured.curve,
    )


def _chance_report(measured: Measured, seed: int) -> MethodReport:
    figures, macro = measured.intervals(seed), measured.macro()
    return MethodReport("chance (expected)", "none", 0, 0, None, None, figures, macro, measured.curve)


def _costs(findings: Findings) -> dict[str, tuple[float, float]]:
    database, queries = findings.trial.database, findings.trial.queries
    asked = queries if len(queries) else database
    sizes = {method.encoder.size for method in findings.methods}
    [pictures] = read_batches(database.folder, database.paths[:TIMED_PICTURES], sorted(sizes))
    return {
        method.name: (
            encode_milliseconds(method.encoder, pictures.pixels[method.encoder.size]),
            search_milliseconds(asked.vectors[method.name], database.vectors[method.name], method.metric),
        )
        for method in findings.methods
    }


def _confused(findings: Findings) -> tuple[str, ...]:
    return ("latent", "pixel") if findings.classes.known else ()


def _corpus_facts(findings: Findings) -> CorpusFacts:
    trial, known = findings.trial, findings.classes.known
    sides = (
        [trial.database] if trial.queries.folder == trial.database.folder else [trial.database, trial.queries]
    )
    sizes = Counter(label for label in trial.database.labels if label is not None).values()
    edited = findings.stress.edited
    return CorpusFacts(
        images=len(trial.database),
        classes=len(trial.classes) if known else 0,
        queries=len(findings.classes.answerable) if known or edited is None else len(edited.rows),
        duplicates=find_duplicates(trial),
        duplicates_excluded=trial.without_copies,
        unlabelled=trial.database.labels.count(None) + trial.unasked,
        unreadable=tuple((each.path, each.reason) for side in sides for each in side.rejections),
        single_classes=classes_with_one_picture(trial) if known else (),
        fewest=min(sizes, default=0) if known else 0,
        most=max(sizes, default=0) if known else 0,
        fingerprint=_fingerprint(trial),
    )


def _fingerprint(trial: Trial) -> str:
    digest = hashlib.sha256()
    for side in (trial.database, trial.queries):
        lines = sorted(
            f"{content} {label}\n" for content, label in zip(side.contents, side.labels, strict=True)
        )
        digest.update("".join(lines).encode("utf-8", "surrogateescape") + b"--\n")
    return digest.hexdigest()


def _run(
    findings: Findings, retriever: Retriever, settings: EvaluationSettings, progress: Progress
) -> dict[str, Any]:
    indexed = {row.sha256 for row in retriever.index.catalog.rows()}
    return {
        "pictures_in_index": sum(content in indexed for content in findings.trial.database.contents),
        "seed": settings.seed,
        "sample": settings.sample,
        "edited": len(findings.stress.edited.rows) if findings.stress.edited else 0,
        "neighbours": settings.neighbours,
        "queries": None if settings.queries is None else str(settings.queries),
        "exclude_duplicates": settings.exclude_duplicates,
        "label_depth": settings.labelling.depth,
        "labels_from_table": settings.labelling.table is not None,
        "encoder": retriever.encoder.fingerprint,
        "encoder_size": retriever.encoder.size,
        "encoder_details": retriever.encoder.description.details,
        "fitted": retriever.index.settings.get("fitted"),
        "versions": {"python": platform.python_version(), **_versions()},
        "machine": f"{platform.system()} {platform.machine()}, byte order {sys.byteorder}",
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "seconds": {name: round(seconds, 3) for name, seconds in progress.seconds.items()},
    }


def _versions() -> dict[str, str]:
    return {name: found for name in PACKAGES if (found := _version(name))}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
