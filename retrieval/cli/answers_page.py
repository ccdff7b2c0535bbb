"""Answers as one web page that holds its pictures itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from ..errors import ImageUnreadable
from ..images import Source, open_picture
from .answers import Answer
from .answers_printed import distance_of, path_from_here
from .printing import note, shown

MOST_QUERIES = 200
"""Queries on one page: with ten answers each it has about 15 MB then."""

_SIDE = 192


def write_page(answers: Sequence[Answer], path: Path) -> None:
    """Write `answers` to `path` as one HTML file that needs no other."""
    from jinja2 import Environment, PackageLoader

    pages = Environment(loader=PackageLoader("retrieval.cli"), autoescape=True)
    chosen = answers[:MOST_QUERIES]
    text = pages.get_template("answers.html").render(answers=[_answer(answer) for answer in chosen])
    path.write_text(text, encoding="utf-8")
    left_out = (
        f", with the first {MOST_QUERIES} of {len(answers)} queries" if len(answers) > MOST_QUERIES else ""
    )
    note(f"wrote {shown(path)}{left_out}")


def _answer(answer: Answer) -> dict[str, Any]:
    hits = [
        {
            "rank": rank,
            "distance": distance_of(hit),
            "path": shown(path_from_here(hit.path)),
            "is_self": hit.is_self,
            "picture": picture_url(hit.path),
        }
        for rank, hit in enumerate(answer.hits, start=1)
    ]
    return {"name": shown(answer.query.name), "picture": picture_url(answer.query.source), "hits": hits}


def picture_url(source: Source, side: int = _SIDE) -> str | None:
    """A small version of the picture as a data URL; None if it cannot be read."""
    try:
        picture = open_picture(source, at_least=side)
    except ImageUnreadable:
        return None
    picture.thumbnail((side, side), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
