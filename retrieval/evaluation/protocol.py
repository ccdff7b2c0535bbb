"""The evaluation as a recipe: who takes part, what they are asked, what they answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import LabelsInvalid
from ..progress import Progress
from .baselines import PrincipalComponents
from .class_figures import ClassFigures
from .collection import Collection, Listing
from .embedding import as_kept, embed
from .indexed import IndexedVectors, fitted_rows, latent_method
from .labelling import Labelling
from .method import PIXEL_SIZE, Method, component_method, fixed_methods
from .report import Report
from .stress import Stress
from .summary import Findings, summary
from .trial import Trial

if TYPE_CHECKING:
    from ..retriever import Retriever


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """What to ask, and of whom.

    queries: a folder of queries; None asks every picture against all others. methods: more encoders to
    compare. exclude_duplicates: files of equal content do not answer each other. sample: how many pictures
    are edited to see what the search is robust to, 0 for none. neighbours: that vote for `knn_accuracy`.
    """

    queries: Path | None = None
    labelling: Labelling = field(default_factory=Labelling)
    methods: tuple[Method, ...] = ()
    exclude_duplicates: bool = False
    sample: int = 200
    neighbours: int = 5
    seed: int = 0


def evaluate(
    retriever: Retriever,
    folder: Path | str | None = None,
    *,
    settings: EvaluationSettings | None = None,
    progress: Progress | None = None,
) -> Report:
    """Compare the search of `retriever` with search by pixels and other baselines, on pictures in `folder`.

    `folder` is by default the one that was indexed. Where its pictures have classes (see `Labelling`), every
    one is asked for its class; a sample is edited and must find its original. All methods search exactly, and
    differ in their vectors only. Pictures that are in the index come with the vectors that the index holds.

    Raises:
        NoPictures: nothing in `folder`, or in the folder of queries, can be read as a picture.

    Example:
        >>> report = evaluate(Retriever.open("photos"))  # doctest: +SKIP
        >>> report.verdict, report.methods["latent"].figures["map"]  # doctest: +SKIP
        ('better', Interval(value=0.58, low=0.57, high=0.6))
    """
    chosen, told = settings or EvaluationSettings(), progress or Progress()
    searched = Path(retriever.folder if folder is None else folder)
    methods, trial = _prepare(retriever, searched, chosen, told)
    classes = ClassFigures.measure(trial, methods, neighbours=chosen.neighbours, progress=told)
    stress = Stress.apply(trial, methods, sample=chosen.sample, classes=classes, progress=told)
    findings = Findings(methods, trial, classes, stress)
    return summary(findings, retriever=retriever, settings=chosen, progress=told)


def _prepare(
    retriever: Retriever, folder: Path, settings: EvaluationSettings, progress: Progress
) -> tuple[tuple[Method, ...], Trial]:
    """The methods, fitted where they have to be, and the queries and database with all their vectors."""
    latent, baselines = latent_method(retriever), fixed_methods()
    methods = with_own_names((latent, *baselines, *settings.methods))
    known = {latent.name: IndexedVectors(retriever.index)}
    skip = [retriever.index.directory]
    database = embed(
        Listing.of(folder, settings.labelling, skip=skip), methods, known=known, progress=progress
    )
    with progress.step("fit PCA"):
        rows = fitted_rows(retriever, database)
        components = PrincipalComponents.fit(_pixels(database)[rows], latent.encoder.dim)
    pca = component_method(components)
    database = _with_components(database, pca)
    _refuse_no_labels(database, settings.labelling)
    order = (latent, *methods[1:4], pca, *methods[4:])
    if settings.queries is None:
        trial = Trial.leave_one_out(database)
    else:
        listing = Listing.of(settings.queries, settings.labelling, skip=skip)
        queries = embed(listing, methods, known=known, progress=progress)
        trial = Trial.with_queries(database, _with_components(queries, pca))
    return order, replace(trial, without_copies=settings.exclude_duplicates, seed=settings.seed)


def with_own_names(methods: Sequence[Method]) -> tuple[Method, ...]:
    """The methods, each with a name of its own: who comes second with a name gets a number.

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


def _refuse_no_labels(database: Collection, labelling: Labelling) -> None:
    asked = labelling.table is not None or labelling.depth is not None
    if not asked or any(label is not None for label in database.labels):
        return
    if labelling.table is not None:
        raise LabelsInvalid(
            f"the table of labels names none of the {len(database)} pictures in {database.folder}: "
            "its paths must be relative to that folder"
        )
    raise LabelsInvalid(
        f"none of the {len(database)} pictures in {database.folder} lies {labelling.depth} folders deep: "
        "use a smaller --label-depth"
    )


RESERVED = ("pca", "chance")


def _pixels(pictures: Collection) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return pictures.vectors["pixel"].reshape(-1, PIXEL_SIZE, PIXEL_SIZE, 3).astype(np.uint8, copy=False)


def _with_components(pictures: Collection, pca: Method) -> Collection:
    return pictures.with_vectors(pca.name, as_kept(pca, pca.encoder.encode(_pixels(pictures))))
