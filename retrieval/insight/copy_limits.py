"""From where on two pictures count as copies: measured on the folder's own pictures, without labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from index_store import FlatSearcher

from ..combine import embed_part
from ..errors import ImageUnreadable
from ..images import Source
from ..parallel import in_order
from ..progress import Progress
from ..threads import single_threaded_products
from .calibration import editing_of
from .compared import ComparedPictures, Vectors
from .second_look import UNREADABLE, SecondLook
from .trimmed import LEAST_TRIMMED
from .turns import TURNS, turn

Values = NDArray[np.float64]

_EDITED, _OTHERS = 100, 300
_WHOLE = {"scale": 0.5, "JPEG": 30, "brightness": 0.6, "colour cast": 0.2}
_EDITING_WHOLE, _EDITING = editing_of(_WHOLE), editing_of({"crop": 0.9, **_WHOLE})
_NEAR, _ALIKE, _ALIKE_IF_DRAWN = 0.995, 0.98, 0.9
_SLACK, _LEAST_SLACK = 1.5, 0.04
_CROWD, _CROWD_SHARE = 10, 0.05
_LEAST = 0.9
_MIRRORED = TURNS.index("mirrored")
# Of mirrored drawings and their neighbours: so many agree by chance at most, of so many at least.
_NEIGHBORS, _BY_CHANCE, _FEWEST = 5, 0.05, 20


@dataclass(frozen=True, slots=True)
class CopyLimits:
    """What counts as a copy among the pictures of some folders.

    distance: within it lie 99.5 % of the folder's edited copies (cropped, scaled, compressed, darker, tinted)
    from their originals: pictures farther apart are not looked at. edited: what 98 % of them agree by at
    least, laid over their originals. agreement: from here on a picture is a copy. It may disagree by half as
    much again as those do, and by 0.04 at least, unless the folder's nearest pictures crowd there: then it is
    `edited`. Never below 0.9: tiny drawings on a plain ground agree by less once they are edited, and some of
    their copies are not found. A drawing with too few corners to be known by any part is not cropped for
    this; where most are such drawings, `edited` is what 90 % agree by, since they differ in little. nearest:
    how many of a hundred pictures have a nearest one that agrees so.
    trimmed: whether a drawing with few corners is known once a little was cut off it.
    """

    distance: float
    edited: float
    agreement: float
    nearest: float
    trimmed: bool = True

    @classmethod
    def of(
        cls, pictures: ComparedPictures, look: SecondLook, *, seed: int = 0, progress: Progress | None = None
    ) -> CopyLimits:
        """Measured on at most 100 pictures, which are edited, and 300, each compared with its nearest.

        Of fewer than two pictures, or where none can be read, nothing counts as a copy.
        """
        order = np.random.default_rng(seed).permutation(len(pictures))
        steps = (progress or Progress()).step("measure edits", min(len(order), _EDITED))
        with single_threaded_products(), steps as step:
            trimmed = _tells_trimmed(pictures, look, order[:_EDITED])
            look = look if trimmed else look.without_trimmed()
            measured = []
            for found in in_order(lambda at: _edited(pictures, look, at), order[:_EDITED].tolist()):
                measured += found
                step.advance()
        if not measured:
            return cls(0.0, 1.0, 1.0, 0.0)
        distances, agreements = np.array(measured).T
        drawn = np.mean([not look.tells_cuts(at) for at in order[:_EDITED].tolist()]) > 0.5
        edited = float(np.quantile(agreements, 1.0 - (_ALIKE_IF_DRAWN if drawn else _ALIKE)))
        others = _nearest_others(pictures, look, order[:_OTHERS])
        agreement = _least_agreement(edited, others)
        nearest = 100.0 * float((others >= agreement).mean()) if len(others) else 0.0
        return cls(float(np.quantile(distances, _NEAR)), edited, agreement, nearest, trimmed)

    def in_words(self) -> str:
        """What was measured and what follows, in one sentence."""
        return (
            f"copies edited for measuring agree with their originals by {self.edited:.3f} or more: from "
            f"{self.agreement:.3f} on a picture counts as a copy"
            + (", so that some edited copies are not found" if self.edited < self.agreement else "")
        )

    def to_json(self) -> dict[str, Any]:
        """The figures, as JSON holds them."""
        names = ("distance", "edited", "agreement", "nearest")
        return {name: round(float(getattr(self, name)), 4) for name in names}


def _tells_trimmed(pictures: ComparedPictures, look: SecondLook, drawn: NDArray[np.int64]) -> bool:
    """Whether drawings that are no copies hardly ever agree once either is trimmed.

    A mirrored drawing is like those of its folder, and no copy of any, unless it is its own mirror image.
    Discs of any size and place agree with their neighbours once trimmed, mirrored or not; letters do not.
    """
    asked = np.array([at for at in drawn.tolist() if look.may_be_trimmed(at)], dtype=np.int64)
    if len(asked) < _FEWEST:
        return True
    searcher = FlatSearcher(pictures.vectors, "cosine")
    squares = [square for at in asked.tolist() if (square := look.square(at)) is not None]
    mirrored = np.array([_vector(pictures, turn(square, _MIRRORED)) for square in squares])
    near = searcher.search(mirrored, _NEIGHBORS + 1)[1]
    pairs = [
        (at, other, _MIRRORED) for at, row in zip(asked, near, strict=True) for other in row if other != at
    ]
    agreeing = np.array(pairs, dtype=np.int64)
    agreeing = agreeing[look.agreements(agreeing) >= LEAST_TRIMMED]
    # A drawing that is its own mirror image agrees with its copies both ways.
    as_they_are = look.agreements(agreeing * np.array([1, 1, 0]))
    by_chance = agreeing[as_they_are < _LEAST]
    return len(np.unique(by_chance[:, 0])) <= _BY_CHANCE * len(asked)


def _vector(pictures: ComparedPictures, picture: Source) -> Vectors:
    vector = embed_part(pictures.encoder, picture, copies=pictures.second).vector
    unit: Vectors = vector / np.linalg.norm(vector)
    return unit


def _edited(pictures: ComparedPictures, look: SecondLook, at: int) -> list[tuple[float, float]]:
    """Distance and agreement of the picture's edited copies; none if it cannot be read."""
    try:
        editing = _EDITING if look.tells_cuts(at) else _EDITING_WHOLE
        edited: list[Image.Image] = editing.apply(pictures.pictures[at].path)
    except ImageUnreadable:
        return []
    agreements = look.agreements_with(at, edited).tolist()
    return [
        (1.0 - float(_vector(pictures, each) @ pictures.vectors[at]), value)
        for each, value in zip(edited, agreements, strict=True)
    ]


def _nearest_others(pictures: ComparedPictures, look: SecondLook, drawn: NDArray[np.int64]) -> Values:
    """How well pictures agree with the nearest that is not they themselves, (m,)."""
    searcher = FlatSearcher(pictures.vectors, "cosine")
    positions = searcher.search(pictures.vectors[drawn], 2)[1]
    nearest = np.where(positions[:, 0] == drawn, positions[:, -1], positions[:, 0])
    pairs = np.stack([drawn, nearest, np.zeros_like(drawn)], axis=1)[nearest != drawn]
    found = look.agreements(pairs)
    return found[found > UNREADABLE].astype(np.float64)


def _least_agreement(edited: float, others: Values) -> float:
    """From where on a picture is a copy, if edited ones agree by `edited` and nearest ones by `others`."""
    loose = 1.0 - max(_SLACK * (1.0 - edited), _LEAST_SLACK)
    crowd = int(((others >= loose) & (others < edited)).sum())
    crowded = crowd > max(_CROWD, _CROWD_SHARE * len(others))
    return max(_LEAST, edited if crowded else min(loose, edited))
