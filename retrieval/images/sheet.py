"""Contact sheets: queries with their hits, or plain grids, as one picture to look at."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps

from ..errors import ImageUnreadable
from .captions import font_of, lines_of, shortened
from .decode import open_picture
from .source import Source

RIGHT, WRONG = "#2a9d4b", "#d1372f"

_QUERY, _MAT, _UNREADABLE, _RULE = "#1f6feb", "#f2f2f2", "#e3e3e3", "#c9c9c9"
_INK, _PALE_INK = "#1b1b1b", "#636363"


@dataclass(frozen=True, slots=True, eq=False)
class SheetCell:
    """One picture with up to a few lines of `caption` below it and, if wanted, a `frame` of some colour."""

    picture: Source
    caption: str = ""
    frame: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SheetRow:
    """Pictures side by side; a `query`, if there is one, stands framed before them, behind a rule."""

    hits: Sequence[SheetCell]
    query: SheetCell | None = None


def contact_sheet(rows: Sequence[SheetRow], *, title: str = "", cell: int = 160) -> Image.Image:
    """Draw `rows` one below the other on white; each picture fits a square of `cell` pixels, undistorted.

    A picture that cannot be read becomes a grey cell that says so. Lines of text too long for their cell
    lose their middle. Tiny pictures are enlarged pixel by pixel.

    Raises:
        ValueError: `cell` is below 32, where no caption can be read.

    Example:
        >>> hits = [SheetCell(hit.path, f"{hit.distance:.3f}\\n{hit.path}") for hit in hits]
        >>> row = SheetRow(hits, query=SheetCell("img.png", "query"))
        >>> contact_sheet([row], title="nearest").save("sheet.png")
    """
    if cell < 32:
        raise ValueError(f"cell is {cell} pixels, expected 32 or more")
    return _Sheet(rows, title, cell).draw()


def grid(pictures: Sequence[Source], *, columns: int, title: str = "", cell: int = 96) -> Image.Image:
    """Draw `pictures` in rows of `columns`, without captions, otherwise as `contact_sheet`.

    Raises:
        ValueError: `columns` is below 1, or `cell` below 32.

    Example:
        >>> grid(list(reconstructions), columns=8).save("reconstructions.png")
    """
    if columns < 1:
        raise ValueError(f"columns is {columns}, expected 1 or more")
    starts = range(0, len(pictures), columns)
    rows = [
        SheetRow([SheetCell(picture) for picture in pictures[start : start + columns]]) for start in starts
    ]
    return contact_sheet(rows, title=title, cell=cell)


class _Sheet:
    """The measures of one sheet, all in pixels and in proportion to its cells, and the drawing of it."""

    def __init__(self, rows: Sequence[SheetRow], title: str, cell: int) -> None:
        self.rows, self.title, self.cell = rows, title, cell
        self.margin, self.gap, self.frame = round(cell * 0.15), round(cell * 0.12), max(2, cell // 40)
        self.font, self.title_font = (
            font_of(max(10, round(cell * 0.08))),
            font_of(max(12, round(cell * 0.125))),
        )
        self.line = round(cell * 0.1)
        self.top = self.margin + (round(cell * 0.25) if title else 0)

    def draw(self) -> Image.Image:
        canvas = Image.new("RGB", self._size(), "white")
        pen = ImageDraw.Draw(canvas)
        title = shortened(" ".join(lines_of(self.title)), self.title_font, canvas.width - 2 * self.margin)
        pen.text((self.margin, round(self.margin * 0.8)), title, fill=_INK, font=self.title_font)
        y = self.top
        for row in self.rows:
            self._draw_row(canvas, row, y)
            y += self._height(row) + self.gap
        return canvas

    def _size(self) -> tuple[int, int]:
        width = max((self._width(row) for row in self.rows), default=2 * self.cell)
        heights = [self._height(row) + self.gap for row in self.rows]
        return width + 2 * self.margin, self.top + sum(heights) - (self.gap if heights else 0) + self.margin

    def _width(self, row: SheetRow) -> int:
        return self._x_of(row, len(row.hits)) - self.gap

    def _x_of(self, row: SheetRow, hit: int) -> int:
        # The rule after a query takes the room of two more gaps.
        query = self.cell + 3 * self.gap if row.query else 0
        return query + hit * (self.cell + self.gap)

    def _height(self, row: SheetRow) -> int:
        cells = [*row.hits, row.query] if row.query else row.hits
        lines = max((len(lines_of(cell.caption)) for cell in cells), default=0)
        return self.cell + (self.frame + lines * self.line + self.gap // 2 if lines else 0)

    def _draw_row(self, canvas: Image.Image, row: SheetRow, y: int) -> None:
        if row.query:
            self._draw_cell(canvas, row.query, (self.margin, y), row.query.frame or _QUERY)
            x = self.margin + self.cell + (3 * self.gap) // 2
            ImageDraw.Draw(canvas).line((x, y, x, y + self.cell), fill=_RULE, width=max(1, self.frame // 2))
        for number, hit in enumerate(row.hits):
            self._draw_cell(canvas, hit, (self.margin + self._x_of(row, number), y), hit.frame)

    def _draw_cell(
        self, canvas: Image.Image, cell: SheetCell, corner: tuple[int, int], frame: str | None
    ) -> None:
        (x, y), pen = corner, ImageDraw.Draw(canvas)
        canvas.paste(self._thumbnail(cell.picture), corner)
        if frame:
            box = (
                x - self.frame,
                y - self.frame,
                x + self.cell + self.frame - 1,
                y + self.cell + self.frame - 1,
            )
            pen.rectangle(box, outline=frame, width=self.frame)
        y += self.cell + self.frame + self.gap // 4
        for number, text in enumerate(lines_of(cell.caption)):
            ink = _PALE_INK if number else _INK
            pen.text(
                (x, y + number * self.line), shortened(text, self.font, self.cell), fill=ink, font=self.font
            )

    def _thumbnail(self, source: Source) -> Image.Image:
        try:
            picture = open_picture(source, at_least=self.cell)
        except ImageUnreadable as error:
            return self._unreadable(error)
        tiny = max(picture.size) * 2 <= self.cell
        method = Image.Resampling.NEAREST if tiny else Image.Resampling.BICUBIC
        small = ImageOps.contain(picture, (self.cell, self.cell), method)
        mat = Image.new("RGB", (self.cell, self.cell), _MAT)
        mat.paste(small, ((self.cell - small.width) // 2, (self.cell - small.height) // 2))
        return mat

    def _unreadable(self, error: ImageUnreadable) -> Image.Image:
        grey, middle = Image.new("RGB", (self.cell, self.cell), _UNREADABLE), self.cell // 2
        pen = ImageDraw.Draw(grey)
        texts = ["cannot be read", *textwrap.wrap(error.reason, width=22)[:5]]
        for number, text in enumerate(texts):
            line, y = (
                shortened(text, self.font, self.cell * 0.94),
                middle + (number - len(texts) / 2) * self.line,
            )
            ink = _PALE_INK if number else _INK
            pen.text(((self.cell - self.font.getlength(line)) / 2, y), line, fill=ink, font=self.font)
        return grey
