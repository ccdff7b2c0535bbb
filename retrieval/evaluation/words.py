"""The report in sentences: the verdict with its figures, and what a reader should know before trusting it."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .intervals import Interval, verdict

if TYPE_CHECKING:
    from .report import Report
    from .summary import Findings

METRIC_WORDS = {
    "precision_at_1": "precision at 1",
    "precision_at_5": "precision at 5",
    "precision_at_10": "precision at 10",
    "map": "mAP",
    "ndcg": "nDCG",
    "knn_accuracy": "k-NN accuracy",
    "self_recall_at_1": "finding an edited picture's original first",
    "self_mrr": "the reciprocal rank of an edited picture's original",
}
IMBALANCED = 3


def sentence_of(report: Report) -> str:
    """The verdict in words, with the figures that it rests on.

    Example:
        >>> sentence_of(report)  # doctest: +SKIP
        'Latent search is better than pixel search on these pictures: mAP 0.567 against 0.134, ...'
    """
    name = report.judged_by
    latent, pixel = (report.methods[each].figures[name] for each in ("latent", "pixel"))
    figure = report.difference.figures[name]
    if math.isnan(figure.value):
        return "There was nothing to measure: the pictures have no classes, and none were edited."
    figures = (
        f"{METRIC_WORDS[name]} {latent.value:.3f} against {pixel.value:.3f}, a difference of "
        f"{interval_in_words(figure)}"
    )
    said = report.verdict
    if said in {"better", "worse"}:
        first = f"Latent search is {said} than pixel search on these pictures: {figures}."
    else:
        first = f"Between latent and pixel search there is {said}: {figures}."
    best = report.differences[report.best_pixel].verdict(name)
    return first if best == said else f"{first} {best_pixels_in_words(report)}"


def best_pixels_in_words(report: Report) -> str:
    """How latent search compares with pixels by whichever of their metrics does best here.

    Example:
        >>> best_pixels_in_words(report)  # doctest: +SKIP
        'By cosine pixels search better than by L2, mAP 0.227, and latent search is worse than that: ...'
    """
    best, name = report.best_pixel, report.judged_by
    figure, pixels = report.differences[best].figures[name], report.methods[best]
    compared = {"better": "better than that", "worse": "worse than that"}.get(
        verdict(figure), "not to be told apart from that"
    )
    return (
        f"By {pixels.title.split(', ')[-1]} pixels search better than by L2, {METRIC_WORDS[name]} "
        f"{pixels.figures[name].value:.3f}, and latent search is {compared}: {interval_in_words(figure)}."
    )


def interval_in_words(figure: Interval) -> str:
    """A difference with its interval.

    Example:
        >>> interval_in_words(Interval(0.12, 0.1, 0.14))
        '+0.120 (95 % interval +0.100 to +0.140)'
    """
    if math.isnan(figure.low):
        return f"{figure.value:+.3f} (too few queries for an interval)"
    return f"{figure.value:+.3f} (95 % interval {figure.low:+.3f} to {figure.high:+.3f})"


def notes_of(report: Report, findings: Findings) -> tuple[str, ...]:
    """What was left out, lowered or unequal, one sentence each."""
    parts = (
        _other_verdicts(report),
        _best_pixels(report),
        _basis(report, findings),
        _duplicates(report),
        _singles(report),
        _imbalance(report),
        _unlabelled(report),
        _unreadable(report),
        _own_files(report, findings),
        _not_indexed(report),
        _lowered(findings),
        _namesakes(report, findings),
    )
    return tuple(note for note in parts if note)


def _other_verdicts(report: Report) -> str:
    others: dict[str, list[str]] = defaultdict(list)
    for name, said in report.verdicts.items():
        if said != report.verdict:
            others[said].append(METRIC_WORDS[name])
    said_of = [f"{said} by {', '.join(names)}" for said, names in others.items()]
    return f"Other figures say otherwise: {'; '.join(said_of)}." if others else ""


def _best_pixels(report: Report) -> str:
    best, name = report.best_pixel, report.judged_by
    # Where it changes the verdict, the verdict's own sentence says it.
    if best == "pixel" or report.differences[best].verdict(name) != report.verdict:
        return ""
    return best_pixels_in_words(report)


def _basis(report: Report, findings: Findings) -> str:
    if not findings.classes.known and report.run["queries"] is not None:
        return (
            "Queries and pictures share no two classes to tell apart, so the queries were not asked: what is "
            "measured is whether an edited picture finds its original."
        )
    if not findings.classes.known:
        return (
            "The pictures have no two classes to tell apart, so they were not measured by class: what is "
            "measured is whether an edited picture finds its original."
        )
    if report.run["queries"] is not None:
        return ""
    seen = report.run["fitted"] is not None and report.run["pictures_in_index"] > 0
    return "Every picture was asked against all others." + (
        " Encoder and PCA were fitted to these pictures, without their classes: --queries DIR asks with "
        "pictures that they have not seen."
        if seen
        else ""
    )


def _duplicates(report: Report) -> str:
    found, excluded = report.corpus.duplicates, report.corpus.duplicates_excluded
    if not found.count:
        return ""
    what = (
        "they were kept from answering each other"
        if excluded
        else "they answer each other, which is easy for every method: --exclude-duplicates prevents it"
    )
    return (
        f"{found.count} files repeat the content of another ({found.within} within the pictures, "
        f"{found.across} queries that are among the pictures): {what}."
    )


def _singles(report: Report) -> str:
    names = report.corpus.single_classes
    if not names:
        return ""
    return (
        f"{len(names)} classes have a single picture ({_some(names)}): a query of such a class has nothing "
        "to find unless it comes from elsewhere, and is then left out of all figures."
    )


def _imbalance(report: Report) -> str:
    fewest, most = report.corpus.fewest, report.corpus.most
    if not fewest or most <= IMBALANCED * fewest:
        return ""
    macro = report.methods["latent"].macro[report.judged_by]
    return (
        f"Classes are of unequal size ({fewest} to {most} pictures), and large ones weigh more. With every "
        f"class weighing the same, {METRIC_WORDS[report.judged_by]} is {macro:.3f} for latent and "
        f"{report.methods['pixel'].macro[report.judged_by]:.3f} for pixel search."
    )


def _unlabelled(report: Report) -> str:
    count = report.corpus.unlabelled
    if not count or not report.corpus.classes:
        return ""
    return (
        f"{count} pictures have no class: they can be in the way of an answer, but are not asked themselves."
    )


def _unreadable(report: Report) -> str:
    files = report.corpus.unreadable
    if not files:
        return ""
    return (
        f"{len(files)} files could not be used ({_some(tuple(path for path, _ in files))}): see report.json."
    )


def _own_files(report: Report, findings: Findings) -> str:
    count = int((findings.trial.own_rows >= 0).sum())
    if report.run["queries"] is None or not count:
        return ""
    return (
        f"{count} queries are themselves among the pictures searched: none was allowed to find its own file."
    )


def _not_indexed(report: Report) -> str:
    count = report.corpus.images - report.run["pictures_in_index"]
    if not count:
        return ""
    return f"{count} pictures are not in the index: their vectors were made anew, by its encoder."


def _lowered(findings: Findings) -> str:
    if not findings.classes.known:
        return ""
    used = findings.classes.values["latent"].used_cutoffs
    lowered = [f"{asked} as {lower}" for asked, lower in used.items() if lower < asked]
    return (
        f"There are fewer pictures than asked for, so cut-offs were lowered: {', '.join(lowered)}."
        if lowered
        else ""
    )


def _namesakes(report: Report, findings: Findings) -> str:
    if report.run["labels_from_table"] or report.run["label_depth"] is not None or not findings.classes.known:
        return ""
    parents: dict[str, set[str]] = defaultdict(set)
    for path in findings.trial.database.paths:
        folder = PurePosixPath(path).parent
        parents[folder.name].add(folder.as_posix())
    shared = tuple(name for name, folders in parents.items() if len(folders) > 1)
    if not shared:
        return ""
    return (
        f"Folders of the same name in different places count as one class ({_some(shared)}): use "
        "--label-depth or --labels if they are not."
    )


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
