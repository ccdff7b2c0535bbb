"""What an autoencoder learned, as figures: each a picture that shows one side of it. No TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...encoder import Model
from ...images import SheetCell, SheetRow, contact_sheet, grid
from ...pca import PCA
from ..corruption import Corruption
from ..quality import psnr
from ..run import Epoch

Pixels = NDArray[np.uint8]
Vectors = NDArray[np.float32]

_GRID = 10
_CELL = 48
_WIDE_CELL = 72
_STEPS = np.linspace(-2.0, 2.0, 9)
_BETWEEN = np.linspace(0.0, 1.0, 9)
_ROWS = 8
_MAPS = 16
_FEWEST_EPOCHS = 2


@dataclass(frozen=True)
class FigureData:
    """A model with a decoder, pictures to `show` it by, others that it was `fitted` to, and its `history`.

    Both sets are (n, size, size, 3) uint8; a hundred to show and some thousand fitted are plenty.
    """

    model: Model
    show: Pixels
    fitted: Pixels
    corruption: Corruption = field(default_factory=Corruption)
    history: tuple[Epoch, ...] = ()

    @property
    def code_shape(self) -> tuple[int, ...]:
        """(dim,), or (side, side, filters) where the code is a map."""
        shape = self.model.encoder.description.details.get("code_shape", [self.model.encoder.dim])
        return tuple(int(length) for length in shape)

    @cached_property
    def corrupted(self) -> Pixels:
        """The pictures to show, as the network gets them: corrupted where it was trained so."""
        return self.corruption.apply(self.show)

    @cached_property
    def codes(self) -> Vectors:
        """The codes (n, dim) of the pictures to show, not corrupted."""
        return self.model.encoder.encode(self.show)

    @cached_property
    def reconstructions(self) -> Pixels:
        """What comes back of `corrupted`."""
        codes = self.model.encoder.encode(self.corrupted) if self.corruption else self.codes
        return self.model.require_decoder().decode(codes)

    @cached_property
    def pca_reconstructions(self) -> Pixels:
        """What PCA with as many dims as the code makes of `corrupted`: the best a linear encoder can do."""
        components = PCA.fit(_rows(self.fitted), self.model.encoder.dim)
        rebuilt = np.clip(components.reconstruct(_rows(self.corrupted)), 0, 1)
        return np.rint(rebuilt * 255).astype(np.uint8).reshape(self.show.shape)

    def is_unit_length(self) -> bool:
        """Whether the encoder gives codes of length 1, so that one of another length means nothing."""
        return bool(np.allclose(np.linalg.norm(self.codes, axis=1), 1.0, atol=1e-3))

    def decode(self, codes: Vectors) -> Pixels:
        """Pictures of `codes` (n, dim), brought to length 1 first where the encoder's own have it."""
        if self.is_unit_length():
            codes = codes / np.linalg.norm(codes, axis=1, keepdims=True)
        return self.model.require_decoder().decode(codes)


@dataclass(frozen=True, slots=True)
class Figure:
    """`draw` makes the picture; `applies` says whether the data allow it."""

    title: str
    caption: str
    draw: Callable[[FigureData], Image.Image]
    applies: Callable[[FigureData], bool] = lambda _: True


def draw_curves(data: FigureData) -> Image.Image:
    """Loss and mean squared error, in training and in validation, over the epochs."""
    # Not pyplot, which keeps figures and opens windows; loaded here, since it takes a second.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), dpi=100, layout="constrained")
    history = data.history
    epochs = [epoch.epoch for epoch in history]
    for axes, name in zip(figure.subplots(1, 2), ("loss", "mse"), strict=True):
        for label, attribute in (("training", name), ("validation", f"validation_{name}")):
            values = [getattr(epoch, attribute) for epoch in history]
            axes.plot(epochs, values, marker="." if len(epochs) < 50 else None, label=label)
        axes.set(xlabel="epoch", title={"loss": "loss", "mse": "mean squared error"}[name])
        axes.set_yscale("log")
        axes.grid(alpha=0.3, which="both")
        axes.legend()
    content = BytesIO()
    figure.savefig(content, format="png")
    return Image.open(content).convert("RGB")


def draw_reconstructions(data: FigureData) -> Image.Image:
    """Originals, what the network got of them where that differs, and what came back, in 10 × 10 each."""
    corrupted = {"corrupted": data.corrupted} if data.corruption else {}
    return _panels({"originals": data.show, **corrupted, "reconstructions": data.reconstructions}, data)


def draw_beside_pca(data: FigureData) -> Image.Image:
    """The same pictures through PCA with as many numbers as the code has, and through the autoencoder."""
    panels = {
        "originals": data.show,
        f"PCA, up to {data.model.encoder.dim} dims": data.pca_reconstructions,
        "autoencoder": data.reconstructions,
    }
    return _panels(panels, data)


def draw_code_maps(data: FigureData) -> Image.Image:
    """The maps that the code consists of, the brighter the stronger, for a few pictures."""
    codes = data.codes[:_ROWS].reshape(-1, *data.code_shape)
    strongest = np.argsort(-codes.mean(axis=(0, 1, 2)), kind="stable")[:_MAPS]
    rows = []
    for picture, code in zip(data.show[:_ROWS], codes, strict=True):
        maps = [SheetCell(_as_grey(code[:, :, channel])) for channel in strongest]
        rows.append(SheetRow(maps, query=SheetCell(picture)))
    return contact_sheet(rows, cell=_WIDE_CELL, title="the code, map by map")


def draw_traversals(data: FigureData) -> Image.Image:
    """From one picture's code two deviations to both sides, along the codes' principal components."""
    components = PCA.fit(data.codes, _ROWS)
    start = data.codes[0]
    rows = []
    for direction, deviation in zip(components.directions, components.deviations, strict=True):
        codes = start + _STEPS[:, None].astype(np.float32) * deviation * direction
        rows.append(
            SheetRow([SheetCell(picture) for picture in data.decode(codes)], query=SheetCell(data.show[0]))
        )
    return contact_sheet(rows, cell=_WIDE_CELL, title="along the principal components of the codes, -2 to +2")


def draw_interpolations(data: FigureData) -> Image.Image:
    """From one picture to another in equal steps between their codes."""
    rows = []
    for first in range(0, min(2 * _ROWS, len(data.show) - 1), 2):
        start, end = data.codes[first], data.codes[first + 1]
        pictures = data.decode(start + _BETWEEN[:, None].astype(np.float32) * (end - start))
        ends = [
            SheetCell(data.show[first]),
            *map(SheetCell, pictures),
            SheetCell(data.show[first + 1]),
        ]
        rows.append(SheetRow(ends))
    return contact_sheet(
        rows, cell=_WIDE_CELL, title="from one picture to another, both themselves at the ends"
    )


FIGURES = {
    "curves": Figure(
        "How training went",
        "Loss and mean squared error (on values of 0 to 1) after each epoch, on the pictures trained on and "
        "on those held back.",
        draw_curves,
        lambda data: len(data.history) >= _FEWEST_EPOCHS,
    ),
    "reconstructions": Figure(
        "What comes back",
        "Pictures that were held back from training, and what the decoder makes of their codes.",
        draw_reconstructions,
    ),
    "pca": Figure(
        "Beside PCA",
        "PCA with the same number of dims is the best that a linear encoder and decoder can do.",
        draw_beside_pca,
    ),
    "code": Figure(
        "The code",
        "What the encoder says about each picture, as maps: bright where it responds.",
        draw_code_maps,
        lambda data: len(data.code_shape) == 3,
    ),
    "traversals": Figure(
        "Through the code",
        "The code of the picture on the left, changed along the directions in which codes vary most.",
        draw_traversals,
    ),
    "interpolations": Figure(
        "Between two pictures",
        "Codes on the straight line between two pictures, decoded.",
        draw_interpolations,
    ),
}


def _panels(panels: Mapping[str, Pixels], data: FigureData) -> Image.Image:
    """Sheets of 10 × 10 side by side, with their PSNR."""
    sheets = []
    for name, pictures in panels.items():
        value = psnr(pictures, data.show)
        title = name if value == float("inf") else f"{name}: {value:.1f} dB"
        sheets.append(grid(list(pictures[: _GRID**2]), columns=_GRID, title=title, cell=_CELL))
    size = sum(sheet.width for sheet in sheets), max(sheet.height for sheet in sheets)
    canvas, left = Image.new("RGB", size, "white"), 0
    for sheet in sheets:
        canvas.paste(sheet, (left, 0))
        left += sheet.width
    return canvas


def _rows(pictures: Pixels) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = pictures.reshape(len(pictures), -1).astype(np.float32) / np.float32(255)
    return rows


def _as_grey(values: NDArray[np.float32]) -> Pixels:
    low, high = float(values.min()), float(values.max())
    grey: Pixels = np.rint((values - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)
    return grey
