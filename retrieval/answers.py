"""Queries with their hits, and how they are shown: as JSON, as a web page, as a contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from index_store import Row

from .embed import EmbeddedPicture
from .errors import ImageUnreadable, printable
from .html import render_page, thumbnail_url
from .images import SheetCell, SheetRow, Source, contact_sheet, read_file
from .index_paths import Folders, path_values

if TYPE_CHECKING:
    from .retriever import Retriever

MOST_ROWS = 40
"""Queries on one sheet: more make a picture that no viewer opens."""
MOST_QUERIES = 200
"""Queries on one page: with ten answers each it has about 15 MB then."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer: the file at `path`, at a cosine `distance` of 0 (the same) to 2 from the query.

    `id` is the picture's in the index. `is_self`: it is the very file that was asked with. `is_copy`: another
    file of the same contents. `missing`: it is gone since it was indexed. `changed`: it has other contents
    since, to which the distance does not belong.
    """

    path: Path
    id: int
    distance: float
    is_self: bool = False
    is_copy: bool = False
    missing: bool = False
    changed: bool = False

    @classmethod
    def of(cls, folders: Path | Folders, row: Row, distance: float, query: EmbeddedPicture) -> Hit:
        """The picture of `row` in `folders` as an answer to `query`, with a look at its file."""
        path, same_contents = folders / row.path, row.sha256 == query.sha256
        try:
            status = path.stat()
        except OSError:
            return cls(path, row.id, distance, is_copy=same_contents, missing=True)
        is_self = query.file == (status.st_dev, status.st_ino)
        changed = status.st_size != row.size
        if not changed and status.st_mtime_ns != row.mtime_ns:
            # Copying a folder gives the same contents another time.
            changed = _sha256(path) != row.sha256
        return cls(path, row.id, distance, is_self, same_contents and not is_self, changed=changed)

    @property
    def marks(self) -> list[str]:
        """What is special about it, in words: any of "self", "copy", "missing" and "changed".

        Example:
            >>> Hit(Path("a.jpg"), 7, 0.0, is_copy=True, changed=True).marks
            ['copy', 'changed']
        """
        all_marks = {"self": self.is_self, "copy": self.is_copy, "missing": self.missing}
        return [mark for mark, holds in {**all_marks, "changed": self.changed}.items() if holds]

    def to_json(self) -> dict[str, Any]:
        """As an object of what JSON can hold; `missing` and `changed` are there only where they are true."""
        values = {name: getattr(self, name) for name in ("id", "is_self", "is_copy")}
        marks = {name: True for name in ("missing", "changed") if getattr(self, name)}
        return {"distance": round(self.distance, 6), **path_values("path", self.path), **values, **marks}


def _sha256(path: Path) -> str | None:
    try:
        return read_file(path)[1].sha256
    except ImageUnreadable:
        return None


@dataclass(frozen=True, slots=True)
class Query:
    """A picture to ask for: what to call it, and the picture."""

    name: str
    source: Source


@dataclass(frozen=True, slots=True)
class Answer:
    """A query and the pictures that look most like it, nearest first."""

    query: Query
    hits: list[Hit]

    def to_json(self) -> dict[str, Any]:
        """As an object of what JSON can hold."""
        hits = [{"rank": rank, **hit.to_json()} for rank, hit in enumerate(self.hits, start=1)]
        return {**path_values("query", self.query.name), "hits": hits}


def answers_to(
    retriever: Retriever,
    queries: Sequence[Query],
    k: int = 10,
    *,
    exclude_self: bool = False,
    exclude_copies: bool = False,
) -> tuple[list[Answer], list[ImageUnreadable]]:
    """The answer to each of `queries` that can be read, and why the others cannot."""
    sources = [query.source for query in queries]
    found = retriever.query_each(sources, k, exclude_self=exclude_self, exclude_copies=exclude_copies)
    answers, failures = [], []
    for query, hits in zip(queries, found, strict=True):
        if isinstance(hits, ImageUnreadable):
            failures.append(ImageUnreadable(query.name, hits.reason))
        else:
            answers.append(Answer(query, hits))
    return answers, failures


def answers_page(answers: Sequence[Answer]) -> str:
    """`answers`, 200 at most, as one HTML file that holds its pictures and links to their files."""
    shown = [
        {
            **_figure(answer.query.name, answer.query.source),
            "hits": [
                {"distance": hit.distance, "marks": hit.marks, **_figure(str(hit.path), hit.path)}
                for hit in answer.hits
            ],
        }
        for answer in answers[:MOST_QUERIES]
    ]
    return render_page("retrieval", "answers.html", answers=shown)


def answers_sheet(answers: Sequence[Answer]) -> Image.Image:
    """`answers`, 40 at most, as a picture with a row for each."""
    return contact_sheet([_row(answer) for answer in answers[:MOST_ROWS]])


def _row(answer: Answer) -> SheetRow:
    return SheetRow(
        [SheetCell(hit.path, _caption(hit)) for hit in answer.hits],
        query=SheetCell(answer.query.source, f"query\n{Path(answer.query.name).name}"),
    )


def _caption(hit: Hit) -> str:
    return f"{' '.join([f'{hit.distance:.4f}', *hit.marks])}\n{'/'.join(hit.path.parts[-2:])}"


def _figure(name: str, source: Source) -> dict[str, str | None]:
    """A picture on the page; it links to its file if it is one."""
    link = Path(source).absolute().as_uri() if isinstance(source, (str, Path)) else None
    return {"name": printable(name), "link": link, "picture": thumbnail_url(source)}
