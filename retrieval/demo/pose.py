"""Where shapes stand in the picture and how they are turned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pose:
    """A place for a shape of radius 1: `center (2,)` in pixels, `frame (2, 2)` turns and scales it."""

    center: Points
    frame: Points

    @classmethod
    def draw(
        cls,
        rng: np.random.Generator,
        spot: Spot,
        *,
        turn: float = np.pi,
        squash: float = 0.25,
        mirror: bool = False,
    ) -> Pose:
        """A pose at `spot`, turned by up to `turn` radians, seen aslant by up to `squash`, maybe mirrored."""
        aslant = rotation(rng.uniform(-np.pi, np.pi))
        flat = aslant @ np.diag([1.0, 1 - rng.uniform(0, squash)]) @ aslant.T
        sides = np.diag([-1.0 if mirror and rng.random() < 0.5 else 1.0, 1.0])
        return cls(spot.center, spot.radius * flat @ rotation(rng.uniform(-turn, turn)) @ sides)

    def place(self, points: Points) -> list[tuple[float, float]]:
        """Where `points (n, 2)` of the shape are in the picture, in pixels.

        Example:
            >>> Pose(np.array([50.0, 50.0]), 10 * np.eye(2)).place(np.array([[1.0, 0.0]]))
            [(60.0, 50.0)]
        """
        return [(float(x), float(y)) for x, y in points @ self.frame.T + self.center]

    @property
    def radius(self) -> float:
        """The radius of the shape in pixels, the mean over the directions."""
        return float(np.sqrt(abs(np.linalg.det(self.frame))))


@dataclass(frozen=True, slots=True)
class Spot:
    """Room for one shape: `center (2,)` and `radius` in pixels."""

    center: Points
    radius: float


def draw_spots(
    rng: np.random.Generator, size: int, *, fewest: int, most: int, radius: tuple[float, float]
) -> list[Spot]:
    """From `fewest` to `most` spots that keep apart, the largest first.

    `radius` is the range for a shape alone, as a part of the picture's width; where there are more, they
    are smaller.
    """
    count = int(rng.integers(fewest, most + 1))
    radii = np.sort(rng.uniform(*radius, count))[::-1] / count**0.45
    centers: list[Points] = []
    for part in radii:
        margin = min(0.75 * part, 0.42)
        options = rng.uniform(margin, 1 - margin, (24, 2))
        apart = [np.hypot(*(options - other).T) for other in centers]
        centers.append(options[int(np.argmax(np.min(apart, axis=0)))] if apart else options[0])
    return [Spot(center * size, float(part) * size) for center, part in zip(centers, radii, strict=True)]


def rotation(angle: float) -> Points:
    """The matrix `(2, 2)` that turns by `angle` radians."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def ring_of(angles: Points, radii: Points | float) -> Points:
    """The points `(n, 2)` at these angles, in radians, and radii around the origin."""
    return np.stack([np.cos(angles) * radii, np.sin(angles) * radii], axis=-1)


def outline(along: Points, half: Points) -> Points:
    """The closed outline `(2n, 2)` of a shape `half` as high above its axis as below, from end to end."""
    return np.concatenate([np.stack([along, -half], axis=-1), np.stack([along, half], axis=-1)[::-1]])
