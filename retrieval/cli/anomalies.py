"""`retrieve anomalies`: the pictures unlike the rest, and where they are."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..errors import NoPictures, RetrievalError
from ..whole_files import replaced
from .options import JsonOption, SeedOption, ThreadsOption, find_index
from .outputs import refuse_existing, refuse_other_than_page
from .printing import console, echo_fields, echo_json, is_terminal, note, printable

if TYPE_CHECKING:
    from ..encoder import Model
    from ..insight.anomalies import Method
    from ..insight.anomaly_ranking import AnomalyRanking
    from ..progress import Progress

_METHODS: tuple[Method, ...] = ("patches", "reconstruction")
_LEAST_SEPARATION = 0.6


def anomalies(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER]",
            help="The pictures to rank. Default: those of RETRIEVE_INDEX, then of the nearest index.",
        ),
    ] = None,
    *,
    normal: Annotated[
        Path | None,
        typer.Option("--normal", metavar="DIR", help="Normal pictures. Default: those of FOLDER themselves."),
    ] = None,
    method: Annotated[
        Literal["auto", "patches", "reconstruction"],
        typer.Option("--method", help="What to rank by. auto: what tells synthetic defects better."),
    ] = "auto",
    directory: Annotated[
        Path | None,
        typer.Option("--index", metavar="DIR", help="The index whose autoencoder reconstructs."),
    ] = None,
    anomalous: Annotated[
        list[str] | None,
        typer.Option("--anomalous", metavar="NAME", help="Folders of this name hold anomalies: print AUROC."),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="Pictures to list, draw and show.")] = 20,
    heatmaps: Annotated[
        Path | None,
        typer.Option("--heatmaps", metavar="OUT", help="Write maps of where, as PNG, to a folder."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="OUT.html", help="Write a page that holds all it shows.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace OUT.html, or write into OUT, if it is there.")
    ] = False,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    _threads: ThreadsOption = None,
) -> None:
    """Rank the pictures in FOLDER by how unlike the normal ones they are, the strangest first.

    \b
    retrieve anomalies photos/
    retrieve anomalies today/ --normal good/ --html anomalies.html

    Two methods look at each picture: "patches", by the distance of its regions to the nearest regions of
    normal pictures, and "reconstruction", by what an autoencoder loses of it. It ranks by the one that tells
    normal pictures from the same with a synthetic defect better. The autoencoder is that of the index in
    FOLDER or in --normal, or is fitted on the spot, which takes a minute; --method patches needs none.

    Without --normal, anomalies have to be rare, and each picture is compared with the others. If --normal
    lies in FOLDER, or with --anomalous, the area under the ROC curve is printed. --json has all pictures.

    If stdout is no terminal, each picture is a line of rank, score by patches, by reconstruction, path and
    marks, with tabs between. "unusual": its score is above those of 95 % of normal pictures. "small": it has
    fewer pixels than pictures are compared at, and may look strange for that alone.
    """
    from ..index_paths import is_indexed
    from ..insight.anomalies import AnomalyDetector
    from ..insight.anomaly_ranking import AnomalyRanking
    from .progress import progress_on_stderr

    tops, index = _meant(folder, directory)
    normals = tops if normal is None else [normal]
    _refuse_outputs(heatmaps, html, [*tops, *normals], overwrite=overwrite)
    progress = progress_on_stderr(quiet=as_json)
    paths = _pictures_in(tops)
    _refuse_no_anomalies(anomalous, paths)
    index = index or next(filter(is_indexed, normals), None)
    if method == "patches":
        model = None
    elif index is not None:
        model = _opened(index, required=method == "reconstruction")
    else:
        model = _fitted(normals, seed, progress)
    normal_paths = paths if normal is None else _pictures_in(normals)
    detector = AnomalyDetector.fit(normal_paths, model, seed=seed, progress=progress)
    ranking = AnomalyRanking.of(
        detector,
        paths,
        method=None if method == "auto" else method,
        among_normal=not set(normal_paths).isdisjoint(paths),
        progress=progress,
    )
    areas = _areas(ranking, anomalous, None if normal is None else set(normal_paths))
    _write(ranking, k, heatmaps, html)
    if as_json:
        echo_json({**ranking.to_json(), "auroc": {name: round(area, 4) for name, area in areas.items()}})
    elif is_terminal():
        _print_table(ranking, k)
    else:
        _print_lines(ranking, k)
    _tell(ranking, areas, progress, quiet=as_json)
    if ranking.failures:
        raise typer.Exit(1)


def _meant(folder: Path | None, directory: Path | None) -> tuple[list[Path], Path | None]:
    """The folders of pictures to rank, and the index to reconstruct with, None if there is none.

    FOLDER may itself be an index; where it is not given, that of --index is meant, or the nearest.
    """
    from index_store import Index

    from ..index_paths import existing_index, folders_of, is_indexed

    if folder is not None and not (folder / "manifest.json").is_file():
        return [folder], directory or (folder if is_indexed(folder) else None)
    place = existing_index(folder or find_index(directory))
    with Index.open(place) as index:
        return list(folders_of(index).tops.values()), directory or place


def _pictures_in(folders: Sequence[Path]) -> list[Path]:
    from ..images import find_images

    found = [top.resolve() / each.path for top in folders for each in find_images(top).pictures]
    if not found:
        raise NoPictures(", ".join(map(str, folders)), "name a folder that holds some")
    return found


def _refuse_no_anomalies(anomalous: Sequence[str] | None, paths: Sequence[Path]) -> None:
    for name in anomalous or ():
        if not any(path.parent.name == name for path in paths):
            raise RetrievalError(
                f"no picture lies in a folder called {printable(name)}: --anomalous takes the name of "
                "a folder of anomalies, without those around it"
            )


def _opened(place: Path, *, required: bool) -> Model | None:
    """The autoencoder of an index; None if it has no decoder and none is `required`."""
    from index_store import Index

    from ..index_paths import existing_index
    from ..models import model_of

    with Index.open(existing_index(place)) as index:
        model = model_of(index)
    if model.decoder is None and not required:
        note(f"retrieve: index {printable(place)} has no decoder: ranked by patches alone")
        return None
    return model


def _fitted(normals: Sequence[Path], seed: int, progress: Progress) -> Model:
    """An autoencoder fitted to the pictures in `normals`, as `retrieve index` fits it, and not kept."""
    from ..indexing.settings import BuildSettings
    from ..models import model_of
    from ..retriever import Retriever

    note("retrieve: there is no index, so an autoencoder is fitted first; --method patches needs none")
    settings = BuildSettings(seed=seed)
    with tempfile.TemporaryDirectory() as place:
        retriever = Retriever.build(*normals, index=place, settings=settings, progress=progress)
        with retriever.index as index:
            return model_of(index)


def _refuse_outputs(
    heatmaps: Path | None, html: Path | None, tops: Sequence[Path], *, overwrite: bool
) -> None:
    """See that nothing is lost or mistaken for a picture later, before any work is done."""
    if html is not None:
        refuse_other_than_page(html, "--html")
        refuse_existing(html, overwrite=overwrite)
    if heatmaps is None:
        return
    if heatmaps.exists() and not heatmaps.is_dir():
        raise RetrievalError(f"{heatmaps} is a file: name a folder to write maps to")
    if any(heatmaps.resolve().is_relative_to(top.resolve()) for top in tops):
        raise RetrievalError(
            f"{heatmaps} lies among the pictures, and its maps would count as such: name a folder elsewhere"
        )
    if heatmaps.is_dir() and any(heatmaps.iterdir()) and not overwrite:
        raise RetrievalError(f"{heatmaps} is not empty: name another folder, or add --overwrite")


def _areas(
    ranking: AnomalyRanking, anomalous: Sequence[str] | None, normal: set[Path] | None
) -> dict[Method, float]:
    """The area under the ROC curve of each method, where it is known which pictures are anomalies."""
    if anomalous:
        return ranking.auroc(lambda path: path.parent.name in anomalous)
    if normal is not None:
        return ranking.auroc(lambda path: path not in normal)
    return {}


def _write(ranking: AnomalyRanking, k: int, heatmaps: Path | None, html: Path | None) -> None:
    from ..insight.heatmaps import HeatMaps

    maps = HeatMaps(ranking)
    if heatmaps is not None:
        maps.save(heatmaps, k)
        note(f"wrote {min(k, len(ranking.judged)):,} maps to {printable(heatmaps)}")
    if html is not None:
        with replaced(html) as part:
            part.write_text(maps.page(k), encoding="utf-8")
        note(f"wrote {printable(html)}")


def _print_lines(ranking: AnomalyRanking, k: int) -> None:
    for rank, one in enumerate(ranking.judged[:k], start=1):
        scores = [f"{one.scores[method]:.4f}" if method in one.scores else "" for method in _METHODS]
        echo_fields([rank, *scores, one.path, ",".join(ranking.marks(one))])


def _print_table(ranking: AnomalyRanking, k: int) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("rank", justify="right")
    for method in ranking.detector.methods:
        table.add_column(method, justify="right", style="bold" if method == ranking.method else None)
    table.add_column("path", overflow="fold")
    for rank, one in enumerate(ranking.judged[:k], start=1):
        path = Text(printable(one.path))
        if marks := ranking.marks(one):
            path.append(f"  ({', '.join(marks)})", style="dim")
        scores = [f"{one.scores[method]:.4f}" for method in ranking.detector.methods]
        table.add_row(str(rank), *scores, path)
    console().print(table)


def _tell(ranking: AnomalyRanking, areas: dict[Method, float], progress: Progress, *, quiet: bool) -> None:
    """What the ranking goes by, beside it."""
    for failure in ranking.failures:
        note(f"retrieve: {printable(str(failure))}")
    unread = set(ranking.detector.unread) - {Path(failure.path) for failure in ranking.failures}
    if unread:
        note(
            f"retrieve: of the normal pictures {len(unread):,} cannot be read, "
            f"such as {printable(min(unread))}"
        )
    if quiet:
        return
    checks = ranking.detector.checks.items()
    told = ", ".join(f"{method} {check.separation:.2f}" for method, check in checks)
    note(f"ranked by {ranking.method}; synthetic defects told from none, AUROC: {told}")
    if max(check.separation for _, check in checks) < _LEAST_SEPARATION:
        note(
            "normal pictures differ among themselves as much as by such a defect: "
            "the order says little about small defects"
        )
    small, side = sum(one.is_small for one in ranking.judged), ranking.detector.side
    if small:
        note(
            f"{small:,} of {len(ranking.judged):,} pictures are smaller than the {side} pixels at which they "
            "are compared, and may look strange for that alone"
        )
    if areas:
        words = (f"{method} {area:.3f}" for method, area in areas.items())
        note(f"AUROC by the folders: {', '.join(words)}")
        if ranking.among_normal and "reconstruction" in areas:
            note("that of reconstruction is too good where the autoencoder was fitted to the normal pictures")
    each = progress.seconds.get("rank", 0.0) / max(1, len(ranking.judged))
    note(f"{each:.2f} s a picture, {sum(progress.seconds.values()):.0f} s in all")
