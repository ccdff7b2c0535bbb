"""The report in sentences: the verdict with its figures, and what to know before relying on it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import counted
from .intervals import Interval, verdict
from .method import best_pixel_method
from .report import Comparison
from .scores import METRICS
from .task import CorpusFacts

IMBALANCED = 3
_NAMES = {"latent": "Latent search", "copies": "Search for copies"}


def sentence_of(comparison: Comparison, obstacle: str | None = None) -> str:
    """The verdict in words, with the figures that it rests on.

    obstacle: why nothing was measured by class, if so.

    Example:
        >>> sentence_of(report)  # doctest: +SKIP
        'Latent search is better than pixel search on these pictures: mAP 0.567 against 0.134, ...'
    """
    name = comparison.judged_by
    judged = comparison.judged
    own, pixel = (comparison.methods[each].figures[name] for each in (judged, "pixel"))
    figure = comparison.difference.figures[name]
    if math.isnan(figure.value):
        return f"There was nothing to measure: {obstacle}, and none were edited."
    figures = (
        f"{METRICS[name].full} {own.value:.3f} against {pixel.value:.3f}, a difference of "
        f"{interval_in_words(figure)}"
    )
    said = comparison.verdict
    if said in {"better", "worse"}:
        first = f"{_NAMES[judged]} is {said} than pixel search on these pictures: {figures}."
    else:
        short = _NAMES[judged].removesuffix(" search").lower()
        first = f"Between {short} and pixel search there is {said}: {figures}."
    best = comparison.gains[comparison.best_pixel].verdict(name)
    return first if best == said else f"{first} {best_pixels_in_words(comparison)}"


def best_pixels_in_words(comparison: Comparison) -> str:
    """How latent search compares with pixels by whichever of their distances does best here.

    Example:
        >>> best_pixels_in_words(report)  # doctest: +SKIP
        'By cosine pixels search better than by L2, mAP 0.227, and latent search is worse than that: ...'
    """
    best, name = comparison.best_pixel, comparison.judged_by
    figure, pixels = comparison.gains[best].figures[name], comparison.methods[best]
    compared = {"better": "better than that", "worse": "worse than that"}.get(
        verdict(figure), "not to be told apart from that"
    )
    return (
        f"By {pixels.title.split(', ')[-1]} pixels search better than by L2, {METRICS[name].full} "
        f"{pixels.figures[name].value:.3f}, and {_NAMES[comparison.judged].lower()} is {compared}: "
        f"{interval_in_words(figure)}."
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


def notes_of(comparison: Comparison, corpus: CorpusFacts, run: Mapping[str, Any]) -> tuple[str, ...]:
    """What was left out, lowered or unequal, one sentence each. `run`: as in `Report`."""
    by_class = _about_classes(comparison, corpus, run) if comparison.by_class else ()
    queries = _about_queries(comparison, corpus, run)
    return (*_about_figures(comparison), *queries, *by_class, *_about_files(corpus, run))


def _about_figures(comparison: Comparison) -> Iterator[str]:
    others: dict[str, list[str]] = defaultdict(list)
    for name, said in comparison.verdicts.items():
        if said != comparison.verdict:
            others[said].append(METRICS[name].full)
    if others:
        said_of = [f"{said} by {', '.join(names)}" for said, names in others.items()]
        yield f"Other figures say otherwise: {'; '.join(said_of)}."
    best = comparison.best_pixel
    # Where it changes the verdict, the verdict's own sentence says it.
    if best != "pixel" and comparison.gains[best].verdict(comparison.judged_by) == comparison.verdict:
        yield best_pixels_in_words(comparison)
    if comparison.of_copies and comparison.by_class:
        yield from _about_copies(comparison)


def _about_copies(comparison: Comparison) -> Iterator[str]:
    """How well each search finds the originals of edited pictures, and which to take for that."""
    metric = "self_recall_at_1"
    found = {name: comparison.methods[name].figures[metric].value for name in comparison.methods}
    if math.isnan(found["copies"]):
        return
    best = best_pixel_method(found)
    gain = comparison.of_copies[best].figures[metric]
    yield (
        f"For copies: retrieve query --copies finds the originals of {found['copies']:.1%} of edited "
        f"pictures first, latent search {found['latent']:.1%}, {comparison.methods[best].title} "
        f"{found[best]:.1%}; to those pixels that is a difference of {interval_in_words(gain)}."
    )


def _about_queries(comparison: Comparison, corpus: CorpusFacts, run: Mapping[str, Any]) -> Iterator[str]:
    own = run["queries"] is None
    if corpus.obstacle:
        asked = "so nothing was measured by class" if own else "so the queries were not asked for their class"
        edits = ": what is measured is whether an edited picture finds its original" if run["edited"] else ""
        yield f"{corpus.obstacle[0].upper()}{corpus.obstacle[1:]}, {asked}{edits}."
    elif own:
        yield "Every picture was asked against all others." + _fitted(comparison, run)
    if not own and corpus.own_queries:
        yield (
            f"{corpus.own_queries} queries are themselves among the pictures searched: none was allowed to "
            "find its own file."
        )
    if lowered := [f"{asked} as {used}" for asked, used in run["lowered_cutoffs"].items()]:
        yield f"There are fewer pictures than asked for, so cut-offs were lowered: {', '.join(lowered)}."


def _fitted(comparison: Comparison, run: Mapping[str, Any]) -> str:
    if not run["fitted"] or not run["pictures_in_index"]:
        return ""
    who = "Encoder and PCA were" if "pca" in comparison.methods else "The encoder was"
    return (
        f" {who} fitted to these pictures, without their classes: --queries DIR asks with pictures that were "
        "not used for that."
    )


def _about_classes(comparison: Comparison, corpus: CorpusFacts, run: Mapping[str, Any]) -> Iterator[str]:
    if names := corpus.single_classes:
        yield (
            f"{len(names)} classes have a single picture ({_some(names)}): a query of such a class has "
            "nothing to find unless it comes from elsewhere, and is then left out of all figures."
        )
    if corpus.most > IMBALANCED * corpus.fewest > 0:
        name = comparison.judged_by
        latent, pixel = (comparison.methods[each].macro[name] for each in ("latent", "pixel"))
        yield (
            f"Classes are of unequal size ({corpus.fewest} to {corpus.most} pictures), and large ones weigh "
            f"more. With every class weighing the same, {METRICS[name].full} is {latent:.3f} for latent and "
            f"{pixel:.3f} for pixel search."
        )
    if corpus.unlabelled:
        without = counted(corpus.unlabelled, "picture", " has", " have")
        yield f"{without} no class: they can be answers, but they are no queries."
    by_folder = run["label_depth"] is None and not run["labels_from_table"]
    if by_folder and (names := corpus.shared_names):
        yield (
            f"Folders of the same name in different places count as one class ({_some(names)}): use "
            "--label-depth or --labels if they are not."
        )


def _about_files(corpus: CorpusFacts, run: Mapping[str, Any]) -> Iterator[str]:
    if (found := corpus.duplicates).count:
        what = (
            "they were kept from answering each other"
            if corpus.duplicates_excluded
            else "they answer each other, which is easy for every method: --exclude-duplicates prevents it"
        )
        repeating = counted(found.count, "file", " repeats", " repeat")
        yield (
            f"{repeating} the content of another ({found.within} within the pictures, "
            f"{found.across} queries that are among the pictures): {what}."
        )
    if paths := [path for path, _ in corpus.unreadable]:
        yield f"{counted(len(paths), 'file')} could not be used ({_some(paths)}): see report.json."
    if rows := corpus.unmatched_labels:
        told = counted(len(rows), "row", " of the table of labels names", " of the table of labels name")
        yield (f"{told} no picture ({_some(rows)}): check the spelling; paths are relative to the folder.")
    if count := corpus.images - run["pictures_in_index"]:
        new = counted(count, "picture", " is", " are")
        yield f"{new} not in the index: its encoder made their vectors now."


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
