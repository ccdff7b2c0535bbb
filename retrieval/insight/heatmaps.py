"""Maps of where pictures are strange, drawn over them: PNG files, and a page that holds all it shows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import printable
from ..html import jpeg_url, render_page
from ..images import open_picture
from ..whole_files import replaced
from .anomalies import Method
from .anomaly_ranking import AnomalyRanking

Floats = NDArray[np.float32]

_SIDE = 640
_LONGEST = 200
_OPACITY = 0.8
_YELLOW, _RED = np.array([255.0, 200.0, 0.0]), np.array([230.0, 0.0, 30.0])


@dataclass(frozen=True, slots=True, eq=False)
class HeatMaps:
    """Draws the maps of a ranking, all of a method on one scale: its largest score is red.

    What is not above half of the score of the median normal picture is left as it is.
    """

    ranking: AnomalyRanking

    def of(self, path: Path) -> dict[Method, Image.Image]:
        """The picture at `path` under the map of each method, at most 640 pixels long.

        Raises:
            ImageUnreadable: it cannot be read.
        """
        picture = _shown(path)
        heats = self.ranking.detector.heats(path, among_normal=self.ranking.among_normal)
        return {method: overlay(picture, self._scaled(heat, method)) for method, heat in heats.items()}

    def _scaled(self, heat: Floats, method: Method) -> Floats:
        check = self.ranking.detector.checks[method]
        low, high = check.middle / 2, max(check.usual, *(one.scores[method] for one in self.ranking.judged))
        return (heat - low) / max(high - low, 1e-9)

    def save(self, folder: Path, k: int) -> None:
        """Write the maps of the first `k` by the ranking's method into `folder`: 001-name.png, ...

        Raises:
            OSError: the disk refused.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for rank, one in enumerate(self.ranking.judged[:k], start=1):
            drawn = self.of(one.path)[self.ranking.method]
            with replaced(folder / f"{rank:03}-{_shortened(one.path.stem)}.png") as part:
                drawn.save(part)

    def page(self, k: int) -> str:
        """The page of the first `k`, with the maps of both methods."""
        ranking = self.ranking
        pictures = [
            {
                "name": printable(one.path),
                "picture": jpeg_url(_shown(one.path)),
                "maps": [
                    (method, one.scores[method], jpeg_url(drawn))
                    for method, drawn in self.of(one.path).items()
                ],
                "marks": ranking.marks(one),
            }
            for one in ranking.judged[:k]
        ]
        return render_page(
            "retrieval.insight",
            "anomalies.html",
            pictures=pictures,
            method=ranking.method,
            checks=ranking.detector.checks,
        )


def _shortened(name: str) -> str:
    """`name`, or what of it leaves room for more in the 255 bytes that a name may have."""
    return os.fsencode(name)[:_LONGEST].decode("utf-8", "ignore")


def _shown(path: Path) -> Image.Image:
    picture = open_picture(path, at_least=_SIDE)
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    return picture


def overlay(picture: Image.Image, heat: Floats) -> Image.Image:
    """`picture`, RGB, under `heat` (g, g): as it is where that is 0 or less, yellow, then red from 1 on."""
    large = Image.fromarray(heat.astype(np.float32)).resize(picture.size, Image.Resampling.BICUBIC)
    shares = np.clip(np.asarray(large), 0.0, 1.0)[..., None]
    colors = _YELLOW + (_RED - _YELLOW) * shares
    opacity = _OPACITY * np.sqrt(shares)
    return Image.fromarray(np.rint(np.asarray(picture) * (1 - opacity) + colors * opacity).astype(np.uint8))
