"""The map of an index as a web page: alone, or with a folder of pictures beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from PIL import Image

from index_store import Row

from ..errors import ImageUnreadable, NoPictures, printable
from ..html import data_url, jpeg_url, render_page
from ..images import open_picture
from ..parallel import in_order
from ..progress import Progress
from ..retriever import Retriever
from .layout import Layout, Numbers
from .sprites import BLOCK, SheetSize, SpriteSheets, shrunk

MOST_INSIDE = 5_000
"""Pictures that a page holds itself, if they are small enough for its bytes."""
PAGE_BYTES = 9_000_000
"""Bytes of JPEG in a page at most, of which its text makes a third more."""

_SIDES = (192, 160, 128, 96, 64, 48)
_SHEET = 1536
_BESIDE = SheetSize(96, 12)
_OVERVIEW = SheetSize(16, 64)
_NAMES = ("sheet", "overview")
_EXAMPLE = 96
_SAMPLE = 48


@dataclass(frozen=True, slots=True)
class MapPlan:
    """How a map of `retriever` is written: with pictures of which `size`, in the page or `beside` it."""

    retriever: Retriever
    rows: Sequence[Row]
    size: SheetSize
    beside: bool

    @classmethod
    def of(cls, retriever: Retriever) -> MapPlan:
        """The largest pictures with which a page stays quick to open.

        Raises:
            NoPictures: the index is empty.
        """
        ids = np.asarray(retriever.index.ids)
        if not len(ids):
            raise NoPictures(
                str(retriever.folders), f"index {retriever.index.directory} holds none: index some"
            )
        rows = retriever.index.catalog.rows_of(ids)
        if len(rows) <= MOST_INSIDE:
            sizes = _sizes_for(rows)
            for size, each in zip(sizes, _bytes_each(retriever, rows, sizes), strict=True):
                if each * len(rows) <= PAGE_BYTES:
                    return cls(retriever, rows, size, beside=False)
        return cls(retriever, rows, _BESIDE, beside=True)

    def write(
        self, page: Path, files: Path, shown_as: str, *, seed: int = 0, progress: Progress | None = None
    ) -> MapFacts:
        """Write the map to `page`, and if pictures lie beside it, these to the new folder `files`.

        shown_as: the path by which the page will find that folder.
        """
        steps = progress or Progress()
        with steps.step("lay out"):
            layout = Layout.of(self.retriever.index.vectors(), seed)
        order = _along_curve(layout.cells)
        sizes = [self.size, _OVERVIEW]
        if self.beside:
            files.mkdir()
        kept = [_Files(files, name, shown_as) if self.beside else _Inside() for name in _NAMES]
        sheets = [SpriteSheets(size, each) for size, each in zip(sizes, kept, strict=True)]
        drawn = _Drawn([], {})
        with steps.step("thumbnails", total=len(order)) as step:
            for place, small in zip(order.tolist(), self._thumbnails(order), strict=True):
                drawn.take(place, small, layout)
                picture = small or Image.new("RGB", (1, 1))
                sheets[0].add(picture)
                # Squashed to a square, as the encoder sees it: from far, pictures fill their cells.
                sheets[1].add(picture.resize((_OVERVIEW.side, _OVERVIEW.side), Image.Resampling.BOX))
                step.advance()
        for sheet in sheets:
            sheet.close()
        pictures = [{**size.to_json(), "urls": each.urls} for size, each in zip(sizes, kept, strict=True)]
        page.write_text(self._page(layout, order, drawn, pictures), encoding="utf-8")
        return MapFacts(len(order), len(layout.examples), drawn.sizes.count((0, 0)), self.beside)

    def _thumbnails(self, order: Numbers) -> Iterator[Image.Image | None]:
        return in_order(lambda place: _thumbnail(self.retriever, self.rows[place], self.size.side), order)

    def _page(self, layout: Layout, order: Numbers, drawn: _Drawn, pictures: Sequence[dict[str, Any]]) -> str:
        place_on_page = np.empty(len(order), dtype=np.int64)
        place_on_page[order] = np.arange(len(order))
        names = [printable(self.rows[place].path) for place in order]
        data = {
            "folders": {name: top.as_uri() for name, top in self.retriever.folders.tops.items()},
            "names": names,
            "cells": layout.cells[order].reshape(-1).tolist(),
            "sizes": [side for size in drawn.sizes for side in size],
            "clusters": layout.clusters[order].tolist(),
            "examples": place_on_page[layout.examples].tolist(),
            "faces": [drawn.faces.get(cluster) for cluster in range(len(layout.examples))],
            "pictures": list(pictures),
            "beside": self.beside,
        }
        title = printable(self.retriever.folder.name) or str(self.retriever.folder)
        return render_page("retrieval.insight", "map.html", title=title, data=data, count=len(order))


@dataclass(frozen=True, slots=True)
class MapFacts:
    """What a map shows: how many `pictures`, `unreadable` ones among them, in how many `clusters`."""

    pictures: int
    clusters: int
    unreadable: int
    beside: bool


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The pictures' sizes on the sheets in order, (0, 0) for one that cannot be read, and the examples."""

    sizes: list[tuple[int, int]]
    faces: dict[int, str]

    def take(self, place: int, small: Image.Image | None, layout: Layout) -> None:
        self.sizes.append((0, 0) if small is None else small.size)
        cluster = int(layout.clusters[place])
        if small is not None and layout.examples[cluster] == place:
            self.faces[cluster] = jpeg_url(shrunk(small, _EXAMPLE))


def is_ours(folder: Path) -> bool:
    """Whether `folder` is one that a map was written to, and holds nothing else."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    names = "|".join(_NAMES)
    return all(re.fullmatch(rf"({names})-\d+\.jpg", file.name) for file in folder.iterdir())


class _Inside:
    """Keeps sheets as data URLs."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def __call__(self, sheet: bytes) -> None:
        self.urls.append(data_url("image/jpeg", sheet))


class _Files(_Inside):
    """Keeps sheets as numbered files of a folder."""

    def __init__(self, folder: Path, name: str, shown_as: str) -> None:
        super().__init__()
        self._folder, self._name, self._shown_as = folder, name, shown_as

    def __call__(self, sheet: bytes) -> None:
        name = f"{self._name}-{len(self.urls)}.jpg"
        (self._folder / name).write_bytes(sheet)
        self.urls.append(f"{quote(self._shown_as)}/{name}")


def _thumbnail(retriever: Retriever, row: Row, side: int) -> Image.Image | None:
    try:
        return shrunk(open_picture(retriever.folders / row.path, at_least=max(1, side // 2)), side)
    except ImageUnreadable:
        return None


def _sizes_for(rows: Sequence[Row]) -> list[SheetSize]:
    """The sizes of sheets that a page may hold, the largest first; none larger than its pictures."""
    longest = max(max(row.width, row.height) for row in rows)
    needed = -(-longest // BLOCK) * BLOCK
    sides = sorted({min(side, needed) for side in _SIDES}, reverse=True)
    return [SheetSize(side, _SHEET // side) for side in sides]


def _bytes_each(retriever: Retriever, rows: Sequence[Row], sizes: Sequence[SheetSize]) -> list[float]:
    """The bytes that a picture takes on sheets of each of these `sizes`, measured on some."""
    largest, sampled = sizes[0].side, rows[:: max(1, len(rows) // _SAMPLE)][:_SAMPLE]
    seen = list(in_order(lambda row: _thumbnail(retriever, row, largest), sampled))
    pictures = [small for small in seen if small is not None]
    return [_sheet_bytes([shrunk(small, size.side) for small in pictures], size) for size in sizes]


def _sheet_bytes(pictures: Sequence[Image.Image], size: SheetSize) -> float:
    lengths: list[int] = []
    sheets = SpriteSheets(size, lambda sheet: lengths.append(len(sheet)))
    for picture in pictures:
        sheets.add(picture)
    sheets.close()
    return sum(lengths) / max(1, len(pictures))


def _along_curve(cells: Numbers) -> Numbers:
    """An order of the pictures in which neighbours on the map mostly follow each other: along a Z-curve.

    A sheet then holds pictures of one region.
    """
    code = np.zeros(len(cells), dtype=np.int64)
    for bit in range(20):
        for axis in range(2):
            code |= ((cells[:, axis] >> bit) & 1) << (2 * bit + axis)
    return np.argsort(code, kind="stable")
