"""The exhibits: each a picture that shows one side of an autoencoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...images import SheetCell, SheetRow, contact_sheet, grid
from ..quality import psnr
from .curves import draw_curves
from .material import Material, Pixels
from .principal import Principal

_GRID = 10
_CELL = 48
_WIDE_CELL = 72
_STEPS = np.linspace(-2.0, 2.0, 9)
_BETWEEN = np.linspace(0.0, 1.0, 9)
_ROWS = 8
_MAPS = 16
_FEWEST_EPOCHS = 2


@dataclass(frozen=True, slots=True)
class Exhibit:
    """`draw` makes the picture; `fits` says of which material one can be made."""

    title: str
    caption: str
    draw: Callable[[Material], Image.Image]
    fits: Callable[[Material], bool] = lambda _: True


def draw_reconstructions(material: Material) -> Image.Image:
    """Originals, what the network got of them where that differs, and what came back, in 10 × 10 each."""
    panels = {"originals": material.show, "reconstructions": material.reconstructions}
    if material.corruption:
        panels = {
            "originals": material.show,
            "corrupted": material.corrupted,
            "reconstructions": material.reconstructions,
        }
    return _side_by_side(
        [_ten_by_ten(pictures, _with_psnr(name, pictures, material)) for name, pictures in panels.items()]
    )


def draw_beside_principal(material: Material) -> Image.Image:
    """The same pictures through PCA with as many numbers as the code has, and through the autoencoder."""
    dims = material.model.encoder.dim
    components = Principal.fit(_rows(material.fitted), dims)
    rebuilt = np.clip(components.rebuild(_rows(material.corrupted)), 0, 1)
    pictures = np.rint(rebuilt * 255).astype(np.uint8).reshape(material.show.shape)
    name = f"PCA, {len(components.directions)} dims"
    panels = {"originals": material.show, name: pictures, "autoencoder": material.reconstructions}
    return _side_by_side(
        [_ten_by_ten(each, _with_psnr(title, each, material)) for title, each in panels.items()]
    )


def draw_code_maps(material: Material) -> Image.Image:
    """The maps that the code consists of, the brighter the stronger, for a few pictures."""
    codes = material.codes[:_ROWS].reshape(-1, *material.code_shape)
    strongest = np.argsort(-codes.mean(axis=(0, 1, 2)), kind="stable")[:_MAPS]
    rows = []
    for picture, code in zip(material.show[:_ROWS], codes, strict=True):
        maps = [SheetCell(_as_grey(code[:, :, channel])) for channel in strongest]
        rows.append(SheetRow(maps, query=SheetCell(picture)))
    return contact_sheet(rows, cell=_WIDE_CELL, title="the code, map by map")


def draw_traversals(material: Material) -> Image.Image:
    """From one picture's code two deviations to both sides, along the codes' principal components."""
    components = Principal.fit(material.codes, _ROWS)
    start = material.codes[0]
    rows = []
    for direction, deviation in zip(components.directions, components.deviations, strict=True):
        codes = start + _STEPS[:, None].astype(np.float32) * deviation * direction
        rows.append(
            SheetRow(
                [SheetCell(picture) for picture in material.decode(codes)], query=SheetCell(material.show[0])
            )
        )
    return contact_sheet(rows, cell=_WIDE_CELL, title="along the principal components of the codes, -2 to +2")


def draw_interpolations(material: Material) -> Image.Image:
    """From one picture to another in equal steps between their codes."""
    rows = []
    for first in range(0, min(2 * _ROWS, len(material.show) - 1), 2):
        start, end = material.codes[first], material.codes[first + 1]
        pictures = material.decode(start + _BETWEEN[:, None].astype(np.float32) * (end - start))
        ends = [
            SheetCell(material.show[first]),
            *map(SheetCell, pictures),
            SheetCell(material.show[first + 1]),
        ]
        rows.append(SheetRow(ends))
    return contact_sheet(
        rows, cell=_WIDE_CELL, title="from one picture to another, both themselves at the ends"
    )


EXHIBITS = {
    "curves": Exhibit(
        "How training went",
        "Loss and mean squared error (on values of 0 to 1) after each epoch, on the pictures trained on and "
        "on those held back.",
        lambda material: draw_curves(material.history),
        lambda material: len(material.history) >= _FEWEST_EPOCHS,
    ),
    "reconstructions": Exhibit(
        "What comes back",
        "Pictures that were held back from training, and what the decoder makes of their codes.",
        draw_reconstructions,
    ),
    "pca": Exhibit(
        "Beside PCA",
        "PCA with the same number of dims is the best that a linear encoder and decoder can do.",
        draw_beside_principal,
    ),
    "code": Exhibit(
        "The code",
        "What the encoder says about each picture, as maps: bright where it responds.",
        draw_code_maps,
        lambda material: len(material.code_shape) == 3,
    ),
    "traversals": Exhibit(
        "Through the code",
        "The code of the picture on the left, changed along the directions in which codes vary most.",
        draw_traversals,
    ),
    "interpolations": Exhibit(
        "Between two pictures",
        "Codes on the straight line between two pictures, decoded.",
        draw_interpolations,
    ),
}


def _ten_by_ten(pictures: Pixels, title: str) -> Image.Image:
    return grid(list(pictures[: _GRID**2]), columns=_GRID, title=title, cell=_CELL)


def _with_psnr(name: str, pictures: Pixels, material: Material) -> str:
    value = psnr(pictures, material.show)
    return name if value == float("inf") else f"{name}: {value:.1f} dB"


def _side_by_side(panels: Sequence[Image.Image]) -> Image.Image:
    canvas = Image.new(
        "RGB", (sum(panel.width for panel in panels), max(panel.height for panel in panels)), "white"
    )
    left = 0
    for panel in panels:
        canvas.paste(panel, (left, 0))
        left += panel.width
    return canvas


def _rows(pictures: Pixels) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = pictures.reshape(len(pictures), -1).astype(np.float32) / np.float32(255)
    return rows


def _as_grey(values: NDArray[np.float32]) -> Pixels:
    low, high = float(values.min()), float(values.max())
    grey: Pixels = np.rint((values - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)
    return grey
