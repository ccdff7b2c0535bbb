"""All exhibits of one autoencoder, as PNG files and as one page."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...progress import Progress
from .exhibits import EXHIBITS, Exhibit
from .material import Material

_PAGE = "look.html"


@dataclass(frozen=True, slots=True)
class Hung:
    """Where the pictures are, and the page if there is one."""

    pictures: tuple[Path, ...]
    page: Path | None = None


def hang(material: Material, folder: Path, *, page: bool = False, progress: Progress | None = None) -> Hung:
    """Draw every exhibit that `material` allows into `folder`, as PNG; with `page`, also a page of them all.

    The page holds its pictures itself, those of the epochs too if `folder`/snapshots has any.

    Raises:
        DecoderMissing: the model has no decoder. OSError: the disk refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chosen = {name: exhibit for name, exhibit in EXHIBITS.items() if exhibit.fits(material)}
    drawn = {}
    with (progress or Progress()).step("draw", total=len(chosen)) as step:
        for name, exhibit in chosen.items():
            drawn[name] = folder / f"{name}.png"
            exhibit.draw(material).save(drawn[name])
            step.advance()
    if not page:
        return Hung(tuple(drawn.values()))
    path = folder / _PAGE
    path.write_text(_page(material, chosen, drawn), encoding="utf-8")
    return Hung(tuple(drawn.values()), path)


def _page(material: Material, chosen: dict[str, Exhibit], drawn: dict[str, Path]) -> str:
    from jinja2 import Environment, PackageLoader

    pages = Environment(loader=PackageLoader("retrieval.autoencoder.look"), autoescape=True)
    sections = [
        {"title": chosen[name].title, "caption": chosen[name].caption, "picture": _url(path)}
        for name, path in drawn.items()
    ]
    folder = next(iter(drawn.values())).parent
    snapshots = [
        {"name": path.stem, "picture": _url(path)} for path in sorted((folder / "snapshots").glob("*.png"))
    ]
    return pages.get_template("look.html").render(
        facts=_facts(material), sections=sections, snapshots=snapshots
    )


def _facts(material: Material) -> dict[str, Any]:
    description = material.model.encoder.description
    options = description.details.get("options", {})
    return {
        "name": description.name,
        "size": description.size,
        "code": " × ".join(str(length) for length in material.code_shape),
        "dim": description.dim,
        "options": {name: value for name, value in options.items() if value is not None},
    }


def _url(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
