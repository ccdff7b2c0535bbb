"""Queries with their hits, and how they are shown: as JSON, as a web page, as a contact sheet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from index_store import Row

from .combine import EmbeddedQuery, Region
from .errors import ImageUnreadable, RetrievalError, printable
from .html import render_page, thumbnail_url
from .images import Source, is_remote, open_picture, read_file
from .index_paths import Folders, path_values
from .query_options import QueryKeywords, QueryOptions

if TYPE_CHECKING:
    from PIL import Image
    from typing_extensions import Unpack

    from .images import SheetRow
    from .retriever import Retriever

_REGION = "#1f6feb"

MOST_ROWS = 40
"""Queries on one sheet: more make a picture that no viewer opens."""
MOST_QUERIES = 200
"""Queries on one page: with ten answers each it has about 15 MB then."""

MOST_IN_NOTEBOOK = 20
"""Answers that a notebook shows: it keeps their pictures in its file."""


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
    def of(cls, folders: Path | Folders, row: Row, distance: float, query: EmbeddedQuery) -> Hit:
        """The picture of `row` in `folders` as an answer to `query`; its file is looked at if it is here."""
        path, same_contents = folders / row.path, row.sha256 in query.contents
        is_self = row.id in query.ids
        if is_remote(path):
            return cls(path, row.id, distance, is_self, same_contents and not is_self)
        try:
            status = path.stat()
        except OSError:
            return cls(path, row.id, distance, is_self, same_contents and not is_self, missing=True)
        is_self = is_self or (status.st_dev, status.st_ino) in query.files
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


class Hits(list[Hit]):
    """The answers to one query, nearest first: a list, which a notebook shows as a row of pictures."""

    @overload
    def __getitem__(self, at: SupportsIndex) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> Hits: ...
    def __getitem__(self, at: SupportsIndex | slice) -> Hit | Hits:
        """One of them; or some, shown as all are."""
        return Hits(super().__getitem__(at)) if isinstance(at, slice) else super().__getitem__(at)

    def _repr_html_(self) -> str:
        shown = [{"hit": hit, **_figure(str(hit.path), hit.path)} for hit in self[:MOST_IN_NOTEBOOK]]
        return render_page("retrieval", "hits.html", hits=shown, others=len(self) - len(shown))


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
    """A query and the pictures that look most like it, nearest first; `options`: what else was asked."""

    query: Query
    hits: list[Hit]
    options: QueryOptions = field(default_factory=QueryOptions)

    @property
    def asked(self) -> str:
        """The whole query on one line.

        Example:
            >>> Answer(Query("a.png", "a.png"), [], QueryOptions(with_=("b.png",), without=("c.png",))).asked
            'a.png + b.png − c.png'
        """
        parts = [self.query.name] + [f", region {self.options.region}"] * (self.options.region is not None)
        return "".join(parts + [f" {sign} {_name_of(source)}" for sign, source in _others(self.options)])

    def to_json(self) -> dict[str, Any]:
        """As an object of what JSON can hold; what was not asked is left out."""
        options = self.options
        combined = {
            name: [_name_of(source) for source in sources]
            for name, sources in (("with", options.with_), ("without", options.without))
            if sources
        }
        if options.region is not None:
            combined["region"] = list(astuple(options.region))
        hits = [{"rank": rank, **hit.to_json()} for rank, hit in enumerate(self.hits, start=1)]
        return {**path_values("query", self.query.name), **combined, "hits": hits}


def answers_to(
    retriever: Retriever, queries: Sequence[Query], k: int = 10, **options: Unpack[QueryKeywords]
) -> tuple[list[Answer], list[RetrievalError]]:
    """The answer to each of `queries` that has one, and why the others have none."""
    found = retriever.query_each([query.source for query in queries], k, **options)
    asked = QueryOptions.of(**options)
    answers: list[Answer] = []
    failures: list[RetrievalError] = []
    for query, hits in zip(queries, found, strict=True):
        if isinstance(hits, ImageUnreadable):
            failures.append(ImageUnreadable(query.name, hits.reason))
        elif isinstance(hits, RetrievalError):
            failures.append(type(hits)(f"{query.name}: {hits}"))
        else:
            answers.append(Answer(query, hits, asked))
    return answers, failures


def answers_page(answers: Sequence[Answer]) -> str:
    """`answers`, 200 at most, as one HTML file that holds its pictures and links to their files."""
    shown = [
        {
            **_figure(answer.query.name, answer.query.source, answer.options.region),
            "where": answer.options.where,
            "others": [
                {"sign": sign, **_figure(_name_of(source), source)}
                for sign, source in _others(answer.options)
            ],
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
    from .images import contact_sheet

    return contact_sheet([_row(answer) for answer in answers[:MOST_ROWS]])


def _row(answer: Answer) -> SheetRow:
    from .images import RIGHT, WRONG, SheetCell, SheetRow, contact_sheet

    hits = [SheetCell(hit.path, _caption(hit)) for hit in answer.hits]
    picture = _marked(answer.query.source, answer.options.region)
    others = _others(answer.options)
    if others:
        frames = {"+": RIGHT, "−": WRONG}
        cells = [SheetCell(picture, frame=RIGHT)]
        cells += [SheetCell(source, frame=frames[sign]) for sign, source in others]
        picture = contact_sheet([SheetRow(cells)], columns=2)
    names = [Path(answer.query.name).name, *(f"{sign} {Path(_name_of(each)).name}" for sign, each in others)]
    return SheetRow(hits, query=SheetCell(picture, f"query\n{printable(' '.join(names))}"))


def _others(options: QueryOptions) -> list[tuple[str, Source]]:
    """What is asked with beside the query, each with its sign."""
    return [*(("+", source) for source in options.with_), *(("−", source) for source in options.without)]


def _name_of(source: Source) -> str:
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else "a picture"


def _marked(source: Source, region: Region | None) -> Source:
    """`source`, with a frame around the region if there is one."""
    if region is None:
        return source
    from PIL import ImageDraw

    try:
        picture = open_picture(source)
    except ImageUnreadable:
        return source
    picture = picture.copy()
    left, top, right, bottom = region.box(*picture.size)
    width = max(1, max(picture.size) // 80)
    ImageDraw.Draw(picture).rectangle((left, top, right - 1, bottom - 1), outline=_REGION, width=width)
    return picture


def _caption(hit: Hit) -> str:
    return f"{' '.join([f'{hit.distance:.4f}', *hit.marks])}\n{printable('/'.join(hit.path.parts[-2:]))}"


def _figure(name: str, source: Source, region: Region | None = None) -> dict[str, str | None]:
    """A picture on the page; it links to its file if it is one."""
    link = Path(source).absolute().as_uri() if isinstance(source, (str, Path)) else None
    link = str(source) if is_remote(source) else link
    return {"name": printable(name), "link": link, "picture": thumbnail_url(_marked(source, region))}
