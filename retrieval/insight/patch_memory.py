"""What the regions of normal pictures look like, kept so that one unlike all of them stands out.

Source: Roth et al., *Towards Total Recall in Industrial Anomaly Detection* (PatchCore, arXiv 2106.08265),
with the components of the folder's own patches in place of a network from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..parallel import in_order
from ..pca import PCA
from ..threads import single_threaded_products

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

PATCH = 9
"""Pixels of a side of the regions that are compared."""
STRIDE = 4
"""Pixels between the middles of neighbouring regions."""
PARTS = 5
"""In so many parts the normal pictures are remembered, each for itself."""

_DIMS = 48
_PATCHES_FOR_FIT = 100_000
_REGULARISER = 0.01
_LEAST_VARIANCE = 1e-6  # a thousandth of full contrast
_LEAST_DEVIATION = 1e-3
_CODES_OF_A_PART = 200_000
_KEPT_OF_A_PART = 20_000
_STEPS = 10  # along a standard deviation of codes: within one step two regions count as the same
_LEAST_FOR_CELLS = 5_000
_PATCHES_A_CELL = 39
_CELLS_LOOKED_AT = 8
_STRANGEST = 64  # regions looked for everywhere at once


@dataclass(frozen=True, slots=True, eq=False)
class PatchCodes:
    """Turns regions into codes: components along `directions` (dim, 243), times `scales` (dim + 1,).

    The directions are leading principal components. The scales divide by the root of the deviation: half-way
    to whitening. Without that, distances tell little but brightness; with all of it, they tell noise. The
    last number of a code is how much of the region lies in no direction: such as colour, where normal
    pictures are grey.
    """

    mean: Floats
    directions: Floats
    scales: Floats

    @classmethod
    def fit(cls, pictures: Sequence[Pixels], rng: np.random.Generator) -> PatchCodes:
        """The codes that suit `pictures`, each (S, S, 3) uint8, by at most 100,000 of their patches."""
        each = max(1, _PATCHES_FOR_FIT // len(pictures))
        patches = np.concatenate([_drawn(_patches(picture), each, rng) for picture in pictures])
        pca = PCA.fit(patches, _DIMS)
        variances = np.append(pca.deviations**2, 0.0)
        added = _REGULARISER * variances.mean() + _LEAST_VARIANCE
        scales = (variances + added) ** -0.25
        codes = cls(*(each.astype(np.float32) for each in (pca.mean, pca.directions, scales)))
        # Codes vary by 1 in all, whatever the contrast of the pictures.
        deviation = float(np.sqrt(codes._of_patches(patches).var(axis=0).sum()))
        return cls(codes.mean, codes.directions, codes.scales / np.float32(max(deviation, _LEAST_DEVIATION)))

    def of(self, picture: Pixels) -> Floats:
        """The codes (g · g, dim + 1) of the regions of `picture` (S, S, 3), row by row; g is ⌈S / 4⌉."""
        return self._of_patches(_patches(picture))

    def _of_patches(self, patches: Floats) -> Floats:
        centred = patches - self.mean
        components = centred @ self.directions.T
        rest = (centred**2).sum(axis=1) - (components**2).sum(axis=1)
        codes: Floats = np.column_stack([components, np.sqrt(np.maximum(rest, 0.0))]) * self.scales
        return codes


class PatchMemory:
    """Codes of the regions of normal pictures, in five parts of the pictures.

    A normal picture is itself measured against the parts that it is not in: against its own codes, every
    region would be at distance 0.
    """

    def __init__(self, codes: PatchCodes, parts: Sequence[Any]) -> None:
        """Use `fit`."""
        self._codes = codes
        self._parts = parts

    @classmethod
    def fit(cls, pictures: Sequence[Pixels], *, seed: int = 0) -> PatchMemory:
        """Remember `pictures`, each (S, S, 3) uint8, at least two: the one at place i is in part i modulo 5.

        Of each part at most 20,000 codes are kept, drawn from those that differ from each other.
        """
        rng = np.random.default_rng(seed)
        num = min(PARTS, len(pictures))
        with single_threaded_products():
            codes = PatchCodes.fit(pictures, rng)
            return cls(codes, [_remembered(codes, pictures[part::num], rng) for part in range(num)])

    def part_of(self, place: int) -> int:
        """The part of the picture at this place of those that were given to `fit`."""
        return place % len(self._parts)

    def heat(self, picture: Pixels, *, without: int | None = None) -> Floats:
        """How far each region of `picture` (S, S, 3) is from the nearest that is remembered: (g, g) float32.

        without: the part that is not asked.
        """
        codes, asked = self._codes.of(picture), self._asked(without)
        squares = np.min([_nearest(part, codes) for part in asked], axis=0)
        side = round(len(codes) ** 0.5)
        heat: Floats = np.sqrt(np.maximum(squares, np.float32(0.0))).reshape(side, side)
        return heat

    def peak(self, picture: Pixels, *, without: int | None = None) -> float:
        """The largest value of `heat`, in a tenth of its time.

        What is found in a single cell is never too near, so a region that is near there already is not the
        strangest, and need not be looked for anywhere else.
        """
        codes, asked = self._codes.of(picture), self._asked(without)
        squares, left, most = np.full(len(codes), np.inf, np.float32), np.arange(len(codes)), 0.0
        parts = iter(asked)
        while len(left):
            part = next(parts, None)
            if part is not None:
                squares[left] = np.minimum(squares[left], _nearest(part, codes[left], cells=1))
            strangest = left[np.argsort(-squares[left], kind="stable")[:_STRANGEST]]
            squares[strangest] = np.min([_nearest(each, codes[strangest]) for each in asked], axis=0)
            most = max(most, float(squares[strangest].max()))
            left = left[squares[left] > most]
        return float(np.sqrt(np.float32(most)))

    def _asked(self, without: int | None) -> list[Any]:
        return [part for number, part in enumerate(self._parts) if number != without]


def _patches(picture: Pixels) -> Floats:
    """The regions (g · g, 243) of `picture` (S, S, 3), of 0 to 1; at the edges the picture is mirrored."""
    values = picture.astype(np.float32) / np.float32(255.0)
    around = PATCH // 2
    padded = np.pad(values, ((around, around), (around, around), (0, 0)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (PATCH, PATCH), axis=(0, 1))
    begin = min(STRIDE // 2, len(picture) - 1)
    chosen: Floats = windows[begin::STRIDE, begin::STRIDE].reshape(-1, 3 * PATCH**2)
    return chosen


def _drawn(rows: Floats, most: int, rng: np.random.Generator) -> Floats:
    """At most `most` of `rows`, drawn at random."""
    return rows if len(rows) <= most else rows[rng.choice(len(rows), most, replace=False)]


def _remembered(codes: PatchCodes, pictures: Sequence[Pixels], rng: np.random.Generator) -> Any:
    """The codes of `pictures` in a structure of FAISS."""
    each = max(1, _CODES_OF_A_PART // len(pictures))
    work = list(zip(pictures, rng.spawn(len(pictures)), strict=True))
    found = in_order(lambda item: _drawn(codes.of(item[0]), each, item[1]), work)
    return _structure(_drawn(_distinct(np.concatenate(list(found)), rng), _KEPT_OF_A_PART, rng))


def _distinct(codes: Floats, rng: np.random.Generator) -> Floats:
    """One of each of `codes` (n, dim) that are the same within a tenth of a deviation.

    Most regions of most pictures are plain ground. That of the whole code is meant: its variance is 1.
    """
    steps = np.rint(codes * _STEPS).astype(np.int64)
    keys = steps @ rng.integers(1, 2**62, size=codes.shape[1])  # overflows, as a hash may
    return codes[np.sort(np.unique(keys, return_index=True)[1])]


def _nearest(part: Any, codes: Floats, *, cells: int | None = None) -> Floats:
    """Squared distances (n,) of `codes` to the nearest of a part, sought in fewer `cells` if so asked."""
    # Takes a third of a second to load.
    import faiss

    few = faiss.SearchParametersIVF(nprobe=cells) if cells and isinstance(part, faiss.IndexIVF) else None
    squares: Floats = part.search(codes, 1, params=few)[0][:, 0]
    return squares


def _structure(codes: Floats) -> Any:
    import faiss

    count, dim = codes.shape
    codes = np.ascontiguousarray(codes)
    if count < _LEAST_FOR_CELLS:
        index = faiss.IndexFlatL2(dim)
    else:
        cells = min(int(4 * count**0.5), count // _PATCHES_A_CELL)
        index = faiss.index_factory(dim, f"IVF{cells},Flat")
        index.nprobe = _CELLS_LOOKED_AT
        index.train(codes)
    index.add(codes)
    return index
