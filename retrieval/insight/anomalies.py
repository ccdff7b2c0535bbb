"""Pictures unlike the normal ones, and where: by their autoencoder and by a memory of their regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from ..encoder import Model
from ..errors import ImageUnreadable, NoPictures
from ..images import Picture, load_picture
from ..parallel import in_order
from ..progress import Progress
from .patch_memory import STRIDE, PatchMemory
from .synthetic_defects import with_defect

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Method = Literal["patches", "reconstruction"]
Heats = dict[Method, Floats]
Scores = dict[Method, float]

METHODS: tuple[Method, ...] = ("patches", "reconstruction")
MOST_NORMAL = 500
"""Normal pictures that are looked at; of more, so many are drawn."""

_SIDE = 320
_LEAST_SIDE = 32
_SHARE_ENLARGED = 0.1
_LEAST_NORMAL = 4
_CHECKED = 40
_USUAL = 0.95


@dataclass(frozen=True, slots=True)
class Judgement:
    """How unlike the normal pictures one is, by each method: larger is stranger.

    is_small: it has fewer pixels than pictures are compared at. Blurred by enlarging, it may look strange for
    that alone.
    """

    path: Path
    scores: Scores
    is_small: bool


@dataclass(frozen=True, slots=True)
class Check:
    """How a method did on normal pictures that it does not know, without and with a synthetic defect.

    separation: the area under the ROC curve, 0.5 for chance. usual: the score that 95 % of those without a
    defect stay under. middle: the score of the median one. An autoencoder that was fitted to these pictures
    knows them without a defect, and its separation is better than it should be.
    """

    separation: float
    usual: float
    middle: float


class AnomalyDetector:
    """Tells how much, and where, a picture differs from normal ones. May be used from several threads.

    By "patches": distances of its regions to the nearest of normal pictures, see `PatchMemory`. By
    "reconstruction": what the autoencoder of a model loses of it; only where a model was given. The score is
    the largest value of the map. Every picture is squashed to `side` pixels first.

    Example:
        >>> detector = AnomalyDetector.fit(sorted(Path("normal").iterdir()))
        >>> detector.judge(Path("new/1.jpg")).scores[detector.method]
        0.91
    """

    def __init__(
        self,
        side: int,
        memory: PatchMemory,
        model: Model | None,
        checks: Mapping[Method, Check],
        *,
        parts: Mapping[Path, int],
        unread: Sequence[Path] = (),
    ) -> None:
        """Use `fit`.

        parts: in which part of the memory a normal picture is, by its resolved path. unread: normal pictures
        that cannot be read.
        """
        self.side = side
        self.checks = checks
        self._memory = memory
        self._model = model
        self.unread = unread
        self._parts = parts

    @classmethod
    def fit(
        cls,
        normal: Sequence[Path],
        model: Model | None = None,
        *,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> AnomalyDetector:
        """Learn what is normal from the pictures at `normal`, at most 500 of them.

        `model` needs a decoder; without a model there is no reconstruction. The side at which pictures are
        compared is 320 pixels, or less where more than a tenth of the normal ones would have to be enlarged.

        Raises:
            NoPictures: fewer than four can be read. DecoderMissing: the model has no decoder.
        """
        if model is not None:
            model.require_decoder()
        progress = progress or Progress()
        paths = _drawn(normal, seed)
        with progress.step("read normal pictures", total=len(paths)) as step:
            read = _read(paths, _SIDE, step)
            if len(read) < _LEAST_NORMAL:
                where = str(normal[0].parent) if normal else "the folder"
                raise NoPictures(
                    where, f"{len(read)} can be read, expected {_LEAST_NORMAL} normal ones or more"
                )
            side = _side_for(list(read.values()))
            if side < _SIDE:
                read = _read(list(read), side, step)
        pixels = [picture.pixels for picture in read.values()]
        with progress.step("remember regions"):
            memory = PatchMemory.fit(pixels, seed=seed)
        parts = {path.resolve(): memory.part_of(place) for place, path in enumerate(read)}
        unread = [path for path in paths if path not in read]
        detector = cls(side, memory, model, {}, parts=parts, unread=unread)
        with progress.step("check on defects", total=min(len(pixels), _CHECKED)) as step:
            detector.checks = detector._checked(pixels, seed, step)
        return detector

    @property
    def methods(self) -> tuple[Method, ...]:
        """The methods that there are: both, or patches alone where there is no model."""
        return METHODS if self._model is not None else METHODS[:1]

    @property
    def method(self) -> Method:
        """The method that told synthetic defects best; of two equal ones patches, which show more exactly."""
        return max(self.methods, key=lambda method: self.checks[method].separation)

    def judge(self, path: Path, *, among_normal: bool = False) -> Judgement:
        """How unlike the normal pictures the one at `path` is.

        A normal picture is compared with the parts of the memory that it is not in. among_normal: leave one
        part out in any case, so that normal and other pictures have as many to be compared with.

        Raises:
            ImageUnreadable: it cannot be read.
        """
        picture = load_picture(path, self.side)
        scores = self._scores(picture.pixels, self._part_of(path, among_normal=among_normal))
        return Judgement(path, scores, is_small=min(picture.width, picture.height) < self.side)

    def heats(self, path: Path, *, among_normal: bool = False) -> Heats:
        """The map (g, g) float32 of each method for the picture at `path`, squashed as the picture is.

        Raises:
            ImageUnreadable: it cannot be read.
        """
        pixels, without = load_picture(path, self.side).pixels, self._part_of(path, among_normal=among_normal)
        heats: Heats = {"patches": self._memory.heat(pixels, without=without)}
        if self._model is not None:
            heats["reconstruction"] = _lost(self._model, pixels)
        return heats

    def _part_of(self, path: Path, *, among_normal: bool) -> int | None:
        return self._parts.get(path.resolve(), 0 if among_normal else None)

    def _scores(self, pixels: Pixels, without: int | None) -> Scores:
        scores: Scores = {"patches": self._memory.peak(pixels, without=without)}
        if self._model is not None:
            scores["reconstruction"] = float(_lost(self._model, pixels).max())
        return scores

    def _checked(self, pixels: Sequence[Pixels], seed: int, step: Any) -> dict[Method, Check]:
        """How each method does on some of the normal pictures, by the parts that do not know them."""
        chosen = np.sort(np.random.default_rng([seed, 1]).permutation(len(pixels))[:_CHECKED])

        def scores(number: int) -> list[Scores]:
            defect = with_defect(pixels[number], np.random.default_rng([seed, 2, number]))
            return [self._scores(each, self._memory.part_of(number)) for each in (pixels[number], defect)]

        found = []
        for pair in in_order(scores, map(int, chosen)):
            step.advance()
            found.append(pair)
        checks: dict[Method, Check] = {}
        for method in self.methods:
            normal, defect = np.array([[scores[method] for scores in pair] for pair in found]).T
            usual, middle = np.quantile(normal, [_USUAL, 0.5])
            checks[method] = Check(auroc(normal, defect), float(usual), float(middle))
        return checks


def auroc(normal: ArrayLike, anomalous: ArrayLike) -> float:
    """The area under the ROC curve: how often an anomalous score is above a normal one, a tie counting half.

    Example:
        >>> auroc([1, 2], [2, 3])
        0.875
    """
    ordered, scores = np.sort(np.asarray(normal, dtype=float)), np.asarray(anomalous, dtype=float)
    below, at_most = (np.searchsorted(ordered, scores, side=side) for side in ("left", "right"))
    return float((below + at_most).mean() / (2 * len(ordered)))


def _drawn(paths: Sequence[Path], seed: int) -> list[Path]:
    if len(paths) <= MOST_NORMAL:
        return list(paths)
    rows = np.sort(np.random.default_rng([seed, 0]).permutation(len(paths))[:MOST_NORMAL])
    return [paths[row] for row in rows]


def _read(paths: Sequence[Path], side: int, step: Any) -> dict[Path, Picture]:
    """The pictures at `paths` that can be read."""

    def read(path: Path) -> Picture | None:
        try:
            return load_picture(path, side)
        except ImageUnreadable:
            return None

    found = {}
    for path, picture in zip(paths, in_order(read, paths), strict=True):
        step.advance()
        if picture is not None:
            found[path] = picture
    return found


def _side_for(pictures: Sequence[Picture]) -> int:
    shorter = [min(picture.width, picture.height) for picture in pictures]
    side = min(_SIDE, int(np.quantile(shorter, _SHARE_ENLARGED)))
    return max(_LEAST_SIDE, side // STRIDE * STRIDE)


def _lost(model: Model, pixels: Pixels) -> Floats:
    """By how much each place of `pixels` (S, S, 3) differs from its reconstruction: (s, s), 0 to 1.

    Averaged over 3 × 3 places of the encoder's own size s: an edge that is off by a pixel is no defect.
    """
    size = model.encoder.size
    small = np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC))
    decoded = model.require_decoder().decode(model.encoder.encode(small[None]))[0]
    if decoded.shape != small.shape:
        decoded = np.asarray(Image.fromarray(decoded).resize((size, size), Image.Resampling.BICUBIC))
    difference = np.abs(small.astype(np.float32) - decoded).mean(axis=2) / np.float32(255.0)
    padded = np.pad(difference, 1, mode="edge")
    mean: Floats = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).mean(axis=(2, 3))
    return mean
