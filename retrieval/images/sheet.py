"""Contact sheets: queries with their hits, or plain grids, as one picture to look at."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps

from ..errors import ImageUnreadable
from .captions import default_font, draw_line, lines_of, shortened
from .decode import open_picture
from .source import Source

RIGHT, WRONG = "#2a9d4b", "#d1372f"

_QUERY, _BACKGROUND, _UNREADABLE, _RULE = "#1f6feb", "#f2f2f2", "#e3e3e3", "#c9c9c9"
_INK, _PALE_INK = "#1b1b1b", "#636363"


@dataclass(frozen=True, slots=True, eq=False)
class SheetCell:
    """One picture with up to a few lines of `caption` below it and, if wanted, a `frame` of some colour."""

    picture: Source
    caption: str = ""
    frame: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SheetRow:
    """Pictures side by side; a `query`, if there is one, stands framed before them, and a rule between."""

    hits: Sequence[SheetCell]
    query: SheetCell | None = None


def contact_sheet(
    rows: Sequence[SheetRow], *, title: str = "", cell: int = 160, columns: int = 12
) -> Image.Image:
    """Draw `rows` one below the other on white; each picture fits a square of `cell` pixels, undistorted.

    A row of more than `columns` hits goes on in further lines, below its first hits. A picture that cannot be
    read becomes a grey cell that says so. Lines of text too long for their cell lose their middle. Tiny
    pictures are enlarged pixel by pixel.

    Raises:
        ValueError: `cell` is below 32, where no caption can be read, or `columns` below 1.

    Example:
        >>> hits = [SheetCell(hit.path, f"{hit.distance:.3f}\n{hit.path}") for hit in hits]
        >>> row = SheetRow(hits, query=SheetCell("img.png", "query"))
        >>> contact_sheet([row], title="nearest").save("sheet.png")
    """
    if cell < 32:
        raise ValueError(f"cell is {cell} pixels, expected 32 or more")
    if columns < 1:
        raise ValueError(f"columns is {columns}, expected 1 or more")
    return _Sheet([line for row in rows for line in _lines(row, columns)], title, cell).draw()


def grid(pictures: Sequence[Source], *, columns: int, title: str = "", cell: int = 96) -> Image.Image:
    """Draw `pictures` in lines of `columns`, without captions, otherwise as `contact_sheet`.

    Raises:
        ValueError: `columns` is below 1, or `cell` below 32.

    Example:
        >>> grid(list(reconstructions), columns=8).save("reconstructions.png")
    """
    rows = [SheetRow([SheetCell(picture) for picture in pictures])] if len(pictures) else []
    return contact_sheet(rows, title=title, cell=cell, columns=columns)


@dataclass(frozen=True, slots=True)
class _Line:
    """Hits that stand side by side; `indented` leaves room before them for the query of their row."""

    hits: Sequence[SheetCell]
    query: SheetCell | None
    indented: bool


def _lines(row: SheetRow, columns: int) -> list[_Line]:
    starts = range(0, max(1, len(row.hits)), columns)
    return [
        _Line(row.hits[start : start + columns], None if start else row.query, row.query is not None)
        for start in starts
    ]


class _Sheet:
    """The measures of one sheet, all in pixels and in proportion to its cells, and the drawing of it."""

    def __init__(self, lines: Sequence[_Line], title: str, cell: int) -> None:
        self.lines, self.title, self.cell = lines, title, cell
        self.margin, self.gap, self.frame = round(cell * 0.15), round(cell * 0.12), max(2, cell // 40)
        self.text_size, self.title_size = max(10, round(cell * 0.08)), max(12, round(cell * 0.125))
        self.leading = round(cell * 0.1)
        self.top = self.margin + (round(cell * 0.25) if title else 0)

    def draw(self) -> Image.Image:
        canvas = Image.new("RGB", self._size(), "white")
        corner, width = (self.margin, round(self.margin * 0.8)), canvas.width - 2 * self.margin
        title = " ".join(lines_of(self.title))
        draw_line(canvas, corner, title, size=self.title_size, width=width, ink=_INK)
        y = self.top
        for line in self.lines:
            self._draw_hits(canvas, line, y)
            y += self._height(line) + self.gap
        return canvas

    def _size(self) -> tuple[int, int]:
        width = max(
            (self._x_of(line, len(line.hits)) - self.gap for line in self.lines), default=2 * self.cell
        )
        heights = [self._height(line) + self.gap for line in self.lines]
        return width + 2 * self.margin, self.top + sum(heights) - (self.gap if heights else 0) + self.margin

    def _x_of(self, line: _Line, hit: int) -> int:
        # The rule after a query takes the room of two more gaps.
        query = self.cell + 3 * self.gap if line.indented else 0
        return query + hit * (self.cell + self.gap)

    def _height(self, line: _Line) -> int:
        cells = [*line.hits, line.query] if line.query else line.hits
        texts = max((len(lines_of(cell.caption)) for cell in cells), default=0)
        return self.cell + (self.frame + texts * self.leading + self.gap // 2 if texts else 0)

    def _draw_hits(self, canvas: Image.Image, line: _Line, y: int) -> None:
        if line.query:
            self._draw_cell(canvas, line.query, (self.margin, y), line.query.frame or _QUERY)
        if line.indented:
            x = self.margin + self.cell + (3 * self.gap) // 2
            ImageDraw.Draw(canvas).line((x, y, x, y + self.cell), fill=_RULE, width=max(1, self.frame // 2))
        for number, hit in enumerate(line.hits):
            self._draw_cell(canvas, hit, (self.margin + self._x_of(line, number), y), hit.frame)

    def _draw_cell(
        self, canvas: Image.Image, cell: SheetCell, corner: tuple[int, int], frame: str | None
    ) -> None:
        canvas.paste(self._thumbnail(cell.picture), corner)
        if frame:
            left, top = corner[0] - self.frame, corner[1] - self.frame
            side = self.cell + 2 * self.frame - 1
            box = (left, top, left + side, top + side)
            ImageDraw.Draw(canvas).rectangle(box, outline=frame, width=self.frame)
        x, y = corner[0], corner[1] + self.cell + self.frame + self.gap // 4
        for number, text in enumerate(lines_of(cell.caption)):
            place, ink = (x, y + number * self.leading), _PALE_INK if number else _INK
            draw_line(canvas, place, text, size=self.text_size, width=self.cell, ink=ink)

    def _thumbnail(self, source: Source) -> Image.Image:
        try:
            picture = open_picture(source, at_least=self.cell)
        except ImageUnreadable as error:
            return self._unreadable(error)
        tiny = max(picture.size) * 2 <= self.cell
        method = Image.Resampling.NEAREST if tiny else Image.Resampling.BICUBIC
        small = ImageOps.contain(picture, (self.cell, self.cell), method)
        square = Image.new("RGB", (self.cell, self.cell), _BACKGROUND)
        square.paste(small, ((self.cell - small.width) // 2, (self.cell - small.height) // 2))
        return square

    def _unreadable(self, error: ImageUnreadable) -> Image.Image:
        grey, font = Image.new("RGB", (self.cell, self.cell), _UNREADABLE), default_font(self.text_size)
        texts = ["cannot be read", *textwrap.wrap(error.reason, width=22)[:5]]
        top = self.cell // 2 - len(texts) / 2 * self.leading
        for number, text in enumerate(texts):
            line = shortened(text, font, self.cell * 0.94)
            place = ((self.cell - font.getlength(line)) / 2, top + number * self.leading)
            ImageDraw.Draw(grey).text(place, line, fill=_PALE_INK if number else _INK, font=font)
        return grey
