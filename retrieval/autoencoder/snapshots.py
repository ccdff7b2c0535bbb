"""How the reconstructions become better: a picture of them after each epoch."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from ..images import grid
from .run import Epoch

Pixels = NDArray[np.uint8]

_SHOWN = 100
_COLUMNS = 10
_CELL = 48


class Snapshots:
    """Writes `epoch-0001.png` and so on into a folder: what comes back of the same corrupted pictures."""

    def __init__(self, corrupted: Pixels, folder: Path) -> None:
        """Show the first hundred of `corrupted` (n, size, size, 3) uint8."""
        self._values = corrupted[:_SHOWN].astype(np.float32) / 255.0
        self._folder = folder

    def __call__(self, network: keras.Model, epoch: Epoch) -> None:
        """Draw what `network` makes of them now."""
        pictures = np.rint(np.asarray(network(self._values, training=False)) * 255).astype(np.uint8)
        self._folder.mkdir(parents=True, exist_ok=True)
        title = f"epoch {epoch.epoch}: validation mse {epoch.validation_mse:.4f}"
        sheet = grid(list(pictures), columns=_COLUMNS, title=title, cell=_CELL)
        sheet.save(self._folder / f"epoch-{epoch.epoch:04d}.png")
