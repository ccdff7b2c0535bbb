"""`retrieve demo`: everything at once, on pictures that it draws itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonOption, SeedOption, ThreadsOption
from .printing import echo, echo_json, printable

if TYPE_CHECKING:
    from PIL import Image

    from ..evaluation import Report
    from ..progress import Progress
    from ..retriever import Retriever

PICTURES, SHEET, SHORT_SHEET = "pictures", "latent-and-pixels.png", "nearest.png"

_IMAGES = 1_200
_HITS = 8
_FIGURES = ("precision_at_1", "precision_at_10", "map")
_TITLES = {
    "latent": "this search, {dim} numbers a picture",
    "color_histogram": "colour histogram, {dim}",
    "pixel": "pixels, {dim:,}",
}


def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to draw.", show_default=True)] = Path(
        "retrieve-demo"
    ),
    *,
    images: Annotated[int, typer.Option("--images", min=32, help="How many pictures to draw.")] = _IMAGES,
    seed: SeedOption = 0,
    _threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw pictures, index them, query them, and compare the search with pixel search.

    \b
    retrieve demo
    """
    from ..memory import keep_freed_memory

    keep_freed_memory()  # before the imports below begin threads
    from ..evaluation import EvaluationSettings, draw_examples, evaluate
    from ..indexing.settings import BuildSettings
    from ..retriever import Retriever
    from .progress import progress_on_stderr

    progress = progress_on_stderr(quiet=as_json)
    _refuse_others_folder(folder)
    _draw(folder / PICTURES, images, seed, progress)
    # The pictures of an earlier demonstration may have been drawn with another seed.
    made_anew = BuildSettings(seed=seed, refit=True)
    retriever = Retriever.build(folder / PICTURES, settings=made_anew, progress=progress)
    with progress.step("compare"):
        settings = EvaluationSettings(baselines=("color_histogram", "pixel"), sample=0, seed=seed)
        report = evaluate(retriever, settings=settings)
    with progress.step("draw the sheets"):
        title = "The same queries by latent search and by pixels: green is the same kind, red is not"
        draw_examples(report, report.examples["random"], title=title).save(folder / SHEET)
        _draw_nearest(retriever, seed).save(folder / SHORT_SHEET)
    if as_json:
        echo_json(_as_object(report, folder, progress.seconds))
    else:
        _print(retriever, report, folder, progress.seconds)


def _refuse_others_folder(folder: Path) -> None:
    """Pictures of the user's own must not end up among the drawn ones, nor be overwritten by them."""
    from ..demo import CLASSES
    from ..errors import RetrievalError

    pictures = folder / PICTURES
    drawn = pictures.is_dir()
    place = pictures if drawn else folder
    there = {path.name for path in place.iterdir()} if place.is_dir() else set()
    others = there - {*CLASSES, ".retrieve"} if drawn else there
    if others:
        raise RetrievalError(
            f"{place} holds other things than a demonstration, {printable(min(others))} for one: "
            "name a new folder, as in retrieve demo DIR"
        )


def _draw(pictures: Path, images: int, seed: int, progress: Progress) -> None:
    from ..demo import draw_corpus

    with progress.step("draw pictures", total=images) as step:
        draw_corpus(pictures, images=images, seed=seed, on_picture=lambda _: step.advance())


def _draw_nearest(retriever: Retriever, seed: int) -> Image.Image:
    """A picture of each kind, drawn at random, with its answers."""
    import numpy as np

    from ..images import RIGHT, WRONG, SheetCell, SheetRow, contact_sheet

    kinds: dict[str, list[Path]] = {}
    for row in retriever.index.catalog.rows():
        path = retriever.folder / row.path
        kinds.setdefault(path.parent.name, []).append(path)
    random = np.random.default_rng(seed)
    queries = [paths[random.integers(len(paths))] for paths in kinds.values()]
    rows = [
        SheetRow(
            [
                SheetCell(hit.path, name := hit.path.parent.name, frame=RIGHT if name == kind else WRONG)
                for hit in hits
            ],
            query=SheetCell(query, kind),
        )
        for kind, query, hits in zip(
            kinds, queries, retriever.query(queries, k=_HITS, exclude_self=True), strict=True
        )
    ]
    return contact_sheet(rows, title="A query of each kind, and its nearest pictures", cell=112)


def _print(retriever: Retriever, report: Report, folder: Path, seconds: dict[str, float]) -> None:
    query, spent = report.examples["random"][0].path, sum(seconds.values())
    hits = retriever.query(retriever.folder / query, k=5, exclude_self=True)
    kinds = f"{len(retriever):,} pictures of {report.corpus.classes} kinds"
    echo(f"Drew {kinds} in {printable(folder / PICTURES)},")
    echo(f"fitted an encoder to them without being told the kinds, and indexed them: {spent:.0f} s in all.")
    echo()
    echo(f"Nearest to {printable(query)}:")
    for rank, hit in enumerate(hits, start=1):
        echo(f"  {rank}  {hit.distance:.4f}  {printable(hit.path.relative_to(retriever.folder))}")
    echo()
    echo("Each picture queried against all others. Right is what shows the same kind:")
    echo(f"  {'':<36}{'first':>8}{'of ten':>8}{'mAP':>8}")
    for name, title in _TITLES.items():
        method = report.methods[name]
        values = [method.figures[each].value for each in _FIGURES]
        echo(f"  {title.format(dim=method.dim):<36}" + "".join(f"{value:>8.1%}" for value in values))
    echo()
    echo(f"Look at   {printable(folder / SHEET)}: the same queries by this search and by pixels")
    echo(f"          {printable(folder / SHORT_SHEET)}: a query of each kind with its nearest pictures")
    echo()
    echo("Now with your own pictures:")
    echo("  retrieve index FOLDER")
    echo("  retrieve query IMG --index FOLDER --montage nearest.png")


def _as_object(report: Report, folder: Path, seconds: dict[str, float]) -> dict[str, Any]:
    methods = {name: report.methods[name] for name in _TITLES}
    return {
        "pictures": report.corpus.images,
        "classes": report.corpus.classes,
        "folder": printable(folder / PICTURES),
        "sheets": [printable(folder / SHEET), printable(folder / SHORT_SHEET)],
        "methods": {
            name: {**{each: method.figures[each].value for each in _FIGURES}, "dim": method.dim}
            for name, method in methods.items()
        },
        "seconds": {name: round(spent, 3) for name, spent in seconds.items()},
    }
