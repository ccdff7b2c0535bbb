"""The class of a picture: the name of a folder that it lies in, or an entry of a table."""

from __future__ import annotations

import csv
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import LabelsInvalid, table_reason

HEADER = ("path", "label")


@dataclass(frozen=True, slots=True)
class Labelling:
    """The rule by which a picture gets its class.

    Without a `table` the class is the name of the innermost folder, or with `depth` that of the folder so
    many levels below the top. With a table it is what the table says. Pictures for which the rule gives
    nothing have no class: they are searched, but they are not queries.

    Example:
        >>> Labelling().label_of("Fruit/Apple/1.jpg"), Labelling(depth=1).label_of("Fruit/Apple/1.jpg")
        ('Apple', 'Fruit')
        >>> Labelling().label_of("1.jpg") is None
        True
    """

    depth: int | None = None
    table: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        """Refuse a depth that names no folder, and a depth beside a table."""
        if self.depth is not None and self.depth < 1:
            raise LabelsInvalid(f"label depth is {self.depth}, expected 1 (the top folders) or more")
        if self.depth is not None and self.table is not None:
            raise LabelsInvalid("got a table of labels and a label depth, expected one of them")

    def label_of(self, path: str) -> str | None:
        """The class of the picture at `path`, relative to its folder with `/` between the parts; or None."""
        if self.table is not None:
            return self.table.get(path)
        folders = path.split("/")[:-1]
        if self.depth is None:
            return folders[-1] if folders else None
        return folders[self.depth - 1] if len(folders) >= self.depth else None

    def rows_without_picture(self, paths: Container[str]) -> tuple[str, ...]:
        """The paths in the table that are none of `paths`: misspelt, or relative to another folder.

        Example:
            >>> Labelling(table={"1.jpg": "cat", "2.jpp": "dog"}).rows_without_picture({"1.jpg", "2.jpg"})
            ('2.jpp',)
        """
        return tuple(path for path in self.table or () if path not in paths)

    @classmethod
    def read_csv(cls, path: Path | str) -> Labelling:
        """Read a table of two columns, path and label; a first row `path,label` is a heading.

        Paths are relative to the folder of the pictures, or to that of the queries. A row with an empty label
        is a picture without a class.

        Raises:
            LabelsInvalid: the file cannot be read, or names the first line that is wrong.
        """
        try:
            with Path(path).open(newline="", encoding="utf-8-sig") as file:
                lines = list(csv.reader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise LabelsInvalid(f"labels {path} cannot be read: {table_reason(error)}") from error
        return cls(table=_table(lines, path))


def _table(lines: list[list[str]], path: Path | str) -> dict[str, str]:
    table: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line or (number == 1 and tuple(cell.strip().lower() for cell in line) == HEADER):
            continue
        if len(line) != 2:
            raise LabelsInvalid(
                f"labels {path} have {len(line)} columns in line {number}, expected 2: path,label"
            )
        picture, label = Path(line[0].strip()).as_posix(), line[1].strip()
        if table.get(picture, label) != label:
            raise LabelsInvalid(
                f"labels {path} give {picture} two labels, {table[picture]!r} and {label!r} (line {number}): "
                "give it one"
            )
        table[picture] = label
    return {picture: label for picture, label in table.items() if label}
