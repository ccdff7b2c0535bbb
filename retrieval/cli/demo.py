"""`retrieve demo`: everything at once, on pictures that it draws itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonOption, SeedOption
from .printing import echo, echo_json, printable

if TYPE_CHECKING:
    from ..progress import Progress
    from .comparison import Comparison

PICTURES, SHEET, SHORT_SHEET = "pictures", "latent-and-pixels.png", "nearest.png"

_IMAGES = 1_200
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
    as_json: JsonOption = False,
) -> None:
    """Draw pictures, index them, query them, and compare the search with pixel search.

    \b
    retrieve demo
    """
    from ..build import BuildSettings
    from ..retriever import Retriever
    from .comparison import Comparison
    from .progress import progress_on_stderr

    progress = progress_on_stderr()
    _refuse_others_folder(folder)
    _draw(folder / PICTURES, images, seed, progress)
    retriever = Retriever.build(folder / PICTURES, settings=BuildSettings(seed=seed), progress=progress)
    with progress.step("compare"):
        comparison = Comparison.of(retriever)
    with progress.step("draw the sheets"):
        comparison.draw_examples(folder / SHEET, seed=seed)
        comparison.draw_nearest(folder / SHORT_SHEET, seed=seed)
    if as_json:
        echo_json(_as_object(comparison, folder, progress.seconds))
    else:
        _report(comparison, folder, progress.seconds)


def _refuse_others_folder(folder: Path) -> None:
    """Pictures of the user's own must not end up among the drawn ones, nor be overwritten by them."""
    from ..demo import CLASSES
    from ..errors import RetrievalError

    pictures = folder / PICTURES
    there = {path.name for path in pictures.iterdir()} if pictures.is_dir() else set()
    others = there - {*CLASSES, ".retrieve"}
    if others:
        raise RetrievalError(
            f"{pictures} holds other things than a demonstration, {min(others)} for one: "
            "name a new folder, as in retrieve demo DIR"
        )


def _draw(pictures: Path, images: int, seed: int, progress: Progress) -> None:
    from ..demo import draw_corpus

    with progress.step("draw pictures", total=images) as step:
        draw_corpus(pictures, images=images, seed=seed, on_picture=lambda _: step.advance())


def _report(comparison: Comparison, folder: Path, seconds: dict[str, float]) -> None:
    retriever, example = comparison.retriever, comparison.example()
    spent = sum(seconds.values())
    kinds = len(comparison.classes)
    echo(f"Drew {len(retriever):,} pictures of {kinds} kinds in {printable(folder / PICTURES)},")
    echo(f"fitted an encoder to them without being told the kinds, and indexed them: {spent:.0f} s in all.")
    echo()
    echo(f"Nearest to {printable(example.query)}:")
    for rank, hit in enumerate(example.hits, start=1):
        echo(f"  {rank}  {hit.distance:.4f}  {printable(hit.path.relative_to(retriever.folder))}")
    echo()
    echo("Each picture queried against all others. Right is what shows the same kind:")
    echo(f"  {'':<36}{'first':>8}{'of ten':>8}{'mAP':>8}")
    for name, figures in comparison.figures.items():
        title = _TITLES[name].format(dim=comparison.dims[name])
        row = (figures["precision_at_1"], figures["precision_at_10"], figures["map"])
        echo(f"  {title:<36}" + "".join(f"{value:>8.1%}" for value in row))
    echo()
    echo(f"Look at   {printable(folder / SHEET)}: the same queries by this search and by pixels")
    echo(f"          {printable(folder / SHORT_SHEET)}: a query of each kind with its nearest pictures")
    echo()
    echo("Now with your own pictures:")
    echo("  retrieve index FOLDER")
    echo("  retrieve query IMG --index FOLDER --montage nearest.png")


def _as_object(comparison: Comparison, folder: Path, seconds: dict[str, float]) -> dict[str, Any]:
    return {
        "pictures": len(comparison.retriever),
        "classes": len(comparison.classes),
        "folder": printable(folder / PICTURES),
        "sheets": [printable(folder / SHEET), printable(folder / SHORT_SHEET)],
        "methods": {
            name: {**figures, "dim": comparison.dims[name]} for name, figures in comparison.figures.items()
        },
        "seconds": {name: round(spent, 3) for name, spent in seconds.items()},
    }
