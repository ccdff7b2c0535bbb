"""`retrieve evaluate`: how good is the search on these pictures, compared with what, and how sure is that?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from ..whole_files import is_among_pictures
from .options import JsonOption, SeedOption, ThreadsOption
from .printing import echo_json, note, printable

if TYPE_CHECKING:
    from ..evaluation import EvaluationSettings, Labelling
    from ..progress import Progress
    from ..retriever import Retriever


def evaluate(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of pictures to search.")],
    *,
    queries: Annotated[
        Path | None,
        typer.Option("--queries", metavar="DIR", help="Folder of queries. Default: leave-one-out."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels", metavar="CSV", help="Classes: a table of path,label. Default: names of folders."
        ),
    ] = None,
    label_depth: Annotated[
        int | None,
        typer.Option(
            "--label-depth", min=1, help="Level of the folder that names the class. Default: innermost."
        ),
    ] = None,
    index: Annotated[
        Path | None,
        typer.Option("--index", metavar="DIR", help="Index to evaluate. Default: that of FOLDER, if any."),
    ] = None,
    fit: Annotated[
        bool, typer.Option("--fit", help="Fit a new encoder, used only here, even if FOLDER has an index.")
    ] = False,
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            metavar="ENCODER",
            help="One more encoder to compare, as --encoder of index; repeatable.",
        ),
    ] = None,
    exclude_duplicates: Annotated[
        bool, typer.Option("--exclude-duplicates", help="Copies of the query's file are no answers.")
    ] = False,
    sample: Annotated[
        int, typer.Option("--sample", min=0, help="Number of pictures to edit and find again; 0: none.")
    ] = 200,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="DIR", help="Folder for a page with charts and pictures."),
    ] = None,
    seed: SeedOption = 0,
    _threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the search on your pictures, against pixels, PCA, colours and chance.

    An answer is right if it has the query's class, which is the name of its folder. Without classes, edited
    pictures must find their originals.

    \b
    retrieve evaluate photos/ --report report/
    """
    from ..evaluation import EvaluationSettings, Method, write_report
    from ..evaluation import evaluate as run_evaluation
    from .evaluation_printed import print_report
    from .progress import progress_on_stderr

    _refuse_usage(folder, index, report, fit=fit)
    progress = progress_on_stderr(quiet=as_json)
    settings = EvaluationSettings(
        queries=queries,
        labelling=_labelling(labels, label_depth),
        methods=tuple(Method.open(path) for path in method or ()),
        exclude_duplicates=exclude_duplicates,
        sample=sample,
        seed=seed,
    )
    if report is not None:
        report.mkdir(parents=True, exist_ok=True)  # now, not after minutes of work
    with _retriever(folder, index, settings, progress, fit=fit) as retriever:
        found = run_evaluation(retriever, folder, settings=settings, progress=progress)
    if as_json:
        echo_json(found.to_json())
    else:
        print_report(found)
    if report is not None:
        note(f"wrote {printable(write_report(found, report))}")


def _refuse_usage(folder: Path, index: Path | None, report: Path | None, *, fit: bool) -> None:
    if fit and index is not None:
        raise typer.BadParameter("--fit makes an encoder, --index names one: give one of them")
    if report is not None and report.exists() and not report.is_dir():
        raise typer.BadParameter(f"{report} is a file: name a folder", param_hint="--report")
    if report is None:
        return
    if report.is_dir() and any(report.iterdir()) and not (report / "report.json").is_file():
        raise typer.BadParameter(
            f"{report} holds files of yours, which a report might replace: name another folder",
            param_hint="--report",
        )

    if is_among_pictures(report.resolve(), folder.resolve()):
        raise typer.BadParameter(
            f"{report} lies in {folder}, where the report's pictures would be taken for yours: name another "
            "folder",
            param_hint="--report",
        )


def _labelling(labels: Path | None, depth: int | None) -> Labelling:
    from ..evaluation import Labelling

    if labels is None:
        return Labelling(depth=depth)
    if depth is not None:
        raise typer.BadParameter("--labels and --label-depth both say what the classes are: give one of them")
    return Labelling.read_csv(labels)


@contextmanager
def _retriever(
    folder: Path, index: Path | None, settings: EvaluationSettings, progress: Progress, *, fit: bool
) -> Iterator[Retriever]:
    """The index named, that of the folder, or one made for this evaluation only."""
    from ..indexing.settings import BuildSettings
    from ..retriever import Retriever

    there = index or (None if fit else _index_of(folder))
    if there is not None:
        note(f"evaluating the index {printable(there)}")
        yield Retriever.open(there)
        return
    note(
        f"fitting an encoder to {printable(folder)}, without its classes; it is not kept: "
        f"retrieve index {printable(folder)} makes one that is"
    )
    with TemporaryDirectory() as temporary:
        yield Retriever.build(
            folder,
            index=Path(temporary, "index"),
            settings=BuildSettings(seed=settings.seed),
            progress=progress,
        )


def _index_of(folder: Path) -> Path | None:
    from index_store import IndexNotFound

    from ..index_paths import existing_index

    try:
        return existing_index(folder)
    except IndexNotFound:
        return None
