"""Groups of copies as a page to look through, and as a table."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

from ..errors import printable
from ..html import render_page, thumbnail_url
from .compared import ComparedPicture
from .duplicates import Duplicates

MOST_GROUPS = 200
"""Groups that a page shows."""

_MOST_COPIES = 24
_COLUMNS = ("group", "role", "kind", "agreement", "width", "height", "bytes", "path")


def duplicates_page(found: Duplicates) -> str:
    """The groups, 200 at most, as one HTML file that holds its pictures and links to their files."""
    one = len(found.folders) == 1
    groups = [
        {
            "kept": _figure(group.kept, inside=one),
            "copies": [
                {
                    "kind": copy.in_words,
                    "agreement": copy.agreement,
                    "exact": copy.exact,
                    **_figure(copy.picture, inside=one),
                }
                for copy in group.copies[:_MOST_COPIES]
            ],
            "more": max(0, len(group.copies) - _MOST_COPIES),
        }
        for group in found.groups[:MOST_GROUPS]
    ]
    return render_page(
        "retrieval.insight",
        "duplicates.html",
        groups=groups,
        found=found,
        more=max(0, len(found.groups) - MOST_GROUPS),
        folders=[printable(folder) for folder in found.folders],
    )


def duplicates_csv(found: Duplicates) -> str:
    """A line a picture, with a header; paths as they are, bytes that are not UTF-8 as escapes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for number, group in enumerate(found.groups, start=1):
        writer.writerow([number, "kept", "", "", *_facts_of(group.kept)])
        for copy in group.copies:
            facts = _facts_of(copy.picture)
            writer.writerow([number, "copy", copy.in_words, f"{copy.agreement:.4f}", *facts])
    return text.getvalue()


def _facts_of(picture: ComparedPicture) -> list[object]:
    path = os.fsencode(picture.path).decode("utf-8", "backslashreplace")
    return [picture.row.width, picture.row.height, picture.row.size, path]


def _figure(picture: ComparedPicture, *, inside: bool) -> dict[str, Any]:
    """What the page shows of a picture; by its path `inside` its folder, where there is only one."""
    path: Path = picture.path
    inside = inside and path.is_relative_to(picture.folder)
    return {
        "name": printable(path.relative_to(picture.folder) if inside else path),
        "link": path.absolute().as_uri(),
        "picture": thumbnail_url(path),
        "width": picture.row.width,
        "height": picture.row.height,
        "kilobytes": picture.row.size / 1000,
    }
