"""The evaluation as a recipe: load the pictures, measure by class and with edits, compare the methods."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index_store import OptionInvalid

from ..errors import LabelsInvalid
from ..progress import Progress
from ..sample import FITTED
from ..threads import single_threaded_products
from .arrays import Integers
from .baselines import Pictures, PrincipalComponents
from .dataset import Dataset, IndexedVectors, decode_batches, decoding_of
from .labels import Labelling
from .method import (
    BASELINE_NAMES,
    PIXEL_SIZE,
    Method,
    best_pixel_method,
    component_method,
    encode_milliseconds,
    fixed_methods,
    own_methods,
    search_milliseconds,
)
from .notes import notes_of, sentence_of
from .report import Comparison, MethodReport, Report, package_versions
from .robustness import Robustness
from .scores import ClassScores
from .task import CorpusFacts, RetrievalTask

if TYPE_CHECKING:
    from ..retriever import Retriever

MOST_FITTED = 3_000
TIMED_PICTURES = 64
RESERVED = ("pca", "chance")


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """What to search with, and what to compare.

    queries: a folder of queries; None is leave-one-out. methods: more encoders to compare. baselines: those
    of `BASELINE_NAMES` to compare; "pixel" always is. exclude_duplicates: files of equal content do not
    answer each other. sample: how many pictures are edited and must find their originals, 0 for none.
    neighbours: that vote for `knn_accuracy`.
    """

    queries: Path | None = None
    labelling: Labelling = field(default_factory=Labelling)
    methods: tuple[Method, ...] = ()
    baselines: tuple[str, ...] = BASELINE_NAMES
    exclude_duplicates: bool = False
    sample: int = 200
    neighbours: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse baselines that there are not, and counts that are none."""
        for name, value, least in (("sample", self.sample, 0), ("neighbours", self.neighbours, 1)):
            if not (isinstance(value, Integral) and value >= least):
                raise OptionInvalid(f"{name} is {value!r}, expected {least} or more, a whole number")
        if unknown := [name for name in self.baselines if name not in BASELINE_NAMES]:
            raise OptionInvalid(f"baseline is {unknown[0]!r}, expected one of {', '.join(BASELINE_NAMES)}")


@single_threaded_products()
def evaluate(
    retriever: Retriever,
    folder: Path | str | None = None,
    *,
    settings: EvaluationSettings | None = None,
    progress: Progress | None = None,
) -> Report:
    """Compare the search of `retriever` with search by pixels and other baselines, on pictures in `folder`.

    `folder` is by default the one that was indexed. Where its pictures have classes (see `Labelling`), every
    one is a query for its class; a sample is edited and must find its original. All methods search exactly
    and differ in their vectors only. Pictures that are in the index come with the vectors it holds.

    Raises:
        NoPictures: nothing in `folder`, or in the folder of queries, can be read as a picture.
        LabelsInvalid: the labels name none of the pictures.

    Example:
        >>> report = evaluate(Retriever.open("photos"))  # doctest: +SKIP
        >>> report.verdict, report.methods["latent"].figures["map"]  # doctest: +SKIP
        ('better', Interval(value=0.58, low=0.57, high=0.6))
    """
    settings, progress = settings or EvaluationSettings(), progress or Progress()
    if isinstance(retriever, (str, Path)):
        raise OptionInvalid(f"retriever is {str(retriever)!r}, a path: open it with Retriever.open first")
    indexed = IndexedVectors(retriever.index)
    searched = Path(retriever.folder if folder is None else folder)
    methods, task = _load(retriever, indexed, searched, settings, progress)
    classes = ClassScores.measure(task, methods, neighbours=settings.neighbours, progress=progress)
    robustness = Robustness.measure(classes, methods, sample=settings.sample, progress=progress)
    with progress.step("measure costs", len(methods)):
        costs = _costs(methods, task)
    with progress.step("draw intervals"):
        comparison = _compare(methods, classes, robustness, costs)
    corpus = CorpusFacts.of(task, settings.labelling, edited=robustness.num_edited)
    run = {
        "pictures_in_index": indexed.count(task.database.contents),
        "edited": robustness.num_edited,
        "lowered_cutoffs": {str(asked): used for asked, used in classes.lowered_cutoffs.items()},
        **_settings(retriever, settings),
        "seconds": {name: round(seconds, 3) for name, seconds in progress.seconds.items()},
    }
    return Report(
        methods=comparison.methods,
        differences=comparison.differences,
        judged_by=comparison.judged_by,
        best_pixel=comparison.best_pixel,
        of_copies=comparison.of_copies,
        sentence=sentence_of(comparison, corpus.obstacle),
        notes=notes_of(comparison, corpus, run),
        corpus=corpus,
        edits=robustness.figures,
        curves=robustness.curves,
        classes=task.classes if classes.values else (),
        confusion=classes.confusion(),
        examples=classes.examples() or robustness.examples,
        folder=task.database.folder,
        queries_folder=(task.queries if classes.values else task.database).folder,
        run=run,
    )


def _load(
    retriever: Retriever,
    indexed: IndexedVectors,
    folder: Path,
    settings: EvaluationSettings,
    progress: Progress,
) -> tuple[tuple[Method, ...], RetrievalTask]:
    """The methods, fitted where they have to be, and the queries and database with all their vectors."""
    wanted = {"pixel", *settings.baselines}
    baselines = [method for method in fixed_methods() if method.name in wanted]
    own = own_methods(retriever)
    methods = with_own_names((*own, *baselines, *settings.methods))
    known = {"latent": indexed}
    if len(own) > 1 and retriever.index.copy_dim:
        known["copies"] = IndexedVectors(retriever.index, copies=True)

    def load(pictures: Path) -> Dataset:
        return Dataset.load(
            pictures,
            settings.labelling,
            methods,
            skip=[retriever.index.directory],
            known=known,
            progress=progress,
        )

    database = load(folder)
    _refuse_no_labels(database, settings.labelling)
    queries = None if settings.queries is None else load(settings.queries)
    if "pca" in wanted:
        with progress.step("fit PCA"):
            rows = fitted_rows(retriever, database)
            components = PrincipalComponents.fit(_pixels(database)[rows], retriever.encoder.dim)
        pca = component_method(components)
        database = database.with_vectors(pca.name, components.encode(_pixels(database)))
        queries = queries and queries.with_vectors(pca.name, components.encode(_pixels(queries)))
        methods = (*methods, pca)
    order = ("latent", "copies", *BASELINE_NAMES)
    ordered = sorted(methods, key=lambda each: order.index(each.name) if each.name in order else len(order))
    task = (
        RetrievalTask.leave_one_out(database)
        if queries is None
        else RetrievalTask.with_queries(database, queries)
    )
    return tuple(ordered), replace(task, without_copies=settings.exclude_duplicates, seed=settings.seed)


def _pixels(pictures: Dataset) -> Pictures:
    return pictures.vectors["pixel"].reshape(-1, PIXEL_SIZE, PIXEL_SIZE, 3).astype(np.uint8, copy=False)


def with_own_names(methods: Sequence[Method]) -> tuple[Method, ...]:
    """The methods, each with a name of its own: of two with one name, the second gets a number.

    Example:
        >>> pixel = fixed_methods()[0]
        >>> [method.name for method in with_own_names([pixel, pixel])]
        ['pixel', 'pixel_2']
    """
    taken: dict[str, Method] = {}
    for method in methods:
        name, number = method.name, 2
        while name in taken or name in RESERVED:
            name, number = f"{method.name}_{number}", number + 1
        taken[name] = replace(method, name=name)
    return tuple(taken.values())


def fitted_rows(retriever: Retriever, pictures: Dataset) -> Integers:
    """The rows of `pictures` that the encoder was fitted to, to which PCA is then fitted as well.

    Where that is not known, or these are other pictures: all, or of more than 3,000 those with the first
    checksums, which is a draw that depends on nothing but their contents.
    """
    rows: list[int] = []
    if FITTED in retriever.index.attachments and retriever.folder.resolve() == pictures.folder.resolve():
        paths = set(json.loads(retriever.index.attachment(FITTED).read_bytes())["pictures"])
        rows = [row for row, path in enumerate(pictures.paths) if path in paths]
    if not rows:
        rows = np.argsort(np.array(pictures.contents), kind="stable")[:MOST_FITTED].tolist()
    return np.array(sorted(rows), dtype=np.int64)


def _refuse_no_labels(database: Dataset, labelling: Labelling) -> None:
    asked = labelling.table is not None or labelling.depth is not None
    if not asked or any(label is not None for label in database.labels):
        return
    if labelling.table is not None:
        raise LabelsInvalid(
            f"the table of labels names none of the {len(database)} pictures in {database.folder}, or none "
            "with a label: its paths must be relative to that folder"
        )
    raise LabelsInvalid(
        f"none of the {len(database)} pictures in {database.folder} lies {labelling.depth} folders deep: "
        "use a smaller --label-depth"
    )


def _costs(methods: Sequence[Method], task: RetrievalTask) -> dict[str, tuple[float, float]]:
    """By method, milliseconds to encode a picture and to search with its vector."""
    database, queries = task.database, task.queries if len(task.queries) else task.database
    sizes = [method.encoder.size for method in methods]
    timed, decoding = database.paths[:TIMED_PICTURES], decoding_of(methods)
    [batch] = decode_batches(database.folder, timed, sizes, decoding=decoding)
    return {
        method.name: (
            encode_milliseconds(method.encoder, batch.pixels[method.encoder.size]),
            search_milliseconds(queries.vectors[method.name], database.vectors[method.name], method.metric),
        )
        for method in methods
    }


def _compare(
    methods: Sequence[Method],
    classes: ClassScores,
    robustness: Robustness,
    costs: dict[str, tuple[float, float]],
) -> Comparison:
    seed, judged_by = classes.task.seed, "map" if classes.values else "self_mrr"
    scores = {
        method.name: classes.scores(method.name).with_values(robustness.values.get(method.name, {}))
        for method in methods
    }
    reports = {
        method.name: MethodReport.of(method, scores[method.name], costs[method.name], seed)
        for method in methods
    }
    chance = classes.chance().with_values(robustness.chance)
    latent, others = scores["latent"], {name: each for name, each in scores.items() if name != "latent"}
    copies, compared = scores.get("copies"), {name: each for name, each in others.items() if name != "copies"}
    return Comparison(
        methods={**reports, "chance": MethodReport.of_chance(chance, seed)},
        differences={name: latent.minus(each, seed) for name, each in others.items()},
        of_copies={name: copies.minus(each, seed) for name, each in compared.items()} if copies else {},
        judged_by=judged_by,
        best_pixel=best_pixel_method({name: each.figures[judged_by].value for name, each in reports.items()}),
    )


def _settings(retriever: Retriever, settings: EvaluationSettings) -> dict[str, Any]:
    """What is needed to repeat the evaluation."""
    return {
        "seed": settings.seed,
        "sample": settings.sample,
        "neighbours": settings.neighbours,
        "queries": None if settings.queries is None else str(settings.queries),
        "exclude_duplicates": settings.exclude_duplicates,
        "label_depth": settings.labelling.depth,
        "labels_from_table": settings.labelling.table is not None,
        "encoder": retriever.encoder.fingerprint,
        "encoder_size": retriever.encoder.size,
        "encoder_details": retriever.encoder.description.details,
        "fitted": retriever.index.settings.get("fitted"),
        "versions": {"python": platform.python_version(), **package_versions()},
        "machine": f"{platform.system()} {platform.machine()}, byte order {sys.byteorder}",
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
