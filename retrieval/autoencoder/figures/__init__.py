"""Figures of an autoencoder, as PNG files and as one page. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...html import data_url, render_page
from ...images import grid
from ...progress import Progress
from ..run import Epoch
from .drawings import FIGURES, Figure, FigureData, Pixels

__all__ = ["FIGURES", "PAGE", "Figure", "FigureData", "Snapshots", "draw_figures"]

PAGE = "look.html"
_SNAPSHOTS = "snapshots"
_COLUMNS, _CELL = 10, 48


def draw_figures(
    data: FigureData, folder: Path, *, page: bool = False, progress: Progress | None = None
) -> tuple[Path, ...]:
    """Draw each of `FIGURES` that `data` allow into `folder`, as PNG; with `page`, also a page of them all.

    The page, `PAGE`, holds its pictures itself, those in `folder`/snapshots too if there are any.

    Raises:
        DecoderMissing: the model has no decoder. OSError: the disk refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chosen = {name: figure for name, figure in FIGURES.items() if figure.applies(data)}
    drawn = {name: folder / f"{name}.png" for name in chosen}
    with (progress or Progress()).step("draw", total=len(chosen)) as step:
        for name, figure in chosen.items():
            figure.draw(data).save(drawn[name])
            step.advance()
    if page:
        (folder / PAGE).write_text(_page(data, drawn, folder / _SNAPSHOTS), encoding="utf-8")
    return tuple(drawn.values())


class Snapshots:
    """Writes `epoch-0001.png` and so on into a folder: what comes back of the same corrupted pictures."""

    def __init__(self, corrupted: Pixels, folder: Path) -> None:
        """Show `corrupted` (n, size, size, 3) uint8, a hundred at most."""
        self._values = corrupted[: _COLUMNS**2].astype(np.float32) / 255.0
        self._folder = folder

    def __call__(self, network: Any, epoch: Epoch) -> None:
        """Draw what `network`, a Keras model, makes of them now."""
        pictures = np.rint(np.asarray(network(self._values, training=False)) * 255).astype(np.uint8)
        self._folder.mkdir(parents=True, exist_ok=True)
        title = f"epoch {epoch.epoch}: validation mse {epoch.validation_mse:.4f}"
        sheet = grid(list(pictures), columns=_COLUMNS, title=title, cell=_CELL)
        sheet.save(self._folder / f"epoch-{epoch.epoch:04d}.png")


def _page(data: FigureData, drawn: Mapping[str, Path], snapshots: Path) -> str:
    description = data.model.encoder.description
    options = description.details.get("options", {})
    return render_page(
        __name__,
        "figures.html",
        facts={
            "name": description.name,
            "size": description.size,
            "code": " × ".join(str(length) for length in data.code_shape),
            "dim": description.dim,
            "options": {name: value for name, value in options.items() if value is not None},
        },
        sections=[
            {"title": FIGURES[name].title, "caption": FIGURES[name].caption, "picture": _url(path)}
            for name, path in drawn.items()
        ],
        snapshots=[{"name": path.stem, "picture": _url(path)} for path in sorted(snapshots.glob("*.png"))],
    )


def _url(path: Path) -> str:
    return data_url("image/png", path.read_bytes())
