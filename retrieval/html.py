"""Pages that hold their pictures themselves: one way to render a template, and pictures as data URLs."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image

from .errors import ImageUnreadable
from .images import Source, open_picture


def render_page(package: str, template: str, **values: Any) -> str:
    """The text of `template`, a file in `templates` of `package`, with `values` filled in and escaped.

    What all pages share is in `templates` of this package.
    """
    # Here and not above: a query that writes no page has no use for it.
    from jinja2 import ChoiceLoader, Environment, PackageLoader

    loader = ChoiceLoader([PackageLoader(package), PackageLoader("retrieval")])
    return Environment(loader=loader, autoescape=True).get_template(template).render(values)


def data_url(kind: str, content: bytes) -> str:
    """`content` of the media type `kind` as a URL that holds it.

    Example:
        >>> data_url("image/png", b"PNG")
        'data:image/png;base64,UE5H'
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def jpeg_url(picture: Image.Image) -> str:
    """`picture`, RGB, as the data URL of a JPEG."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return data_url("image/jpeg", file.getvalue())


def thumbnail_url(source: Source, side: int = 192) -> str | None:
    """The picture, at most `side` pixels long, as a data URL; None if it cannot be read."""
    try:
        picture = open_picture(source, at_least=side)
    except ImageUnreadable:
        return None
    picture.thumbnail((side, side), Image.Resampling.BICUBIC)
    return jpeg_url(picture)
