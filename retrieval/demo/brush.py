"""What draws a shape in its own coordinates, wherever it stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .color import Rgb
from .pose import Points, Pose, ring_of

CIRCLE = ring_of(np.linspace(0, 2 * np.pi, 40), 1.0)


@dataclass(frozen=True, slots=True)
class Brush:
    """Draws on `layer` shapes of radius 1 around the origin, as `pose` turns and scales them."""

    layer: Image.Image
    pose: Pose

    def fill(self, points: Points, ink: Rgb) -> None:
        """Fill the polygon `points (n, 2)`."""
        ImageDraw.Draw(self.layer).polygon(self.pose.place(points), fill=ink)

    def stroke(self, points: Points, ink: Rgb, *, width: float) -> None:
        """A line along `points (n, 2)`, `width` in radii of the shape, at least a pixel."""
        pixels = max(1, round(width * self.pose.radius))
        ImageDraw.Draw(self.layer).line(self.pose.place(points), fill=ink, width=pixels, joint="curve")

    def disc(self, center: tuple[float, float], radius: float, ink: Rgb) -> None:
        """A filled disc around `center`."""
        self.fill(CIRCLE * radius + np.array(center), ink)

    def hole(self, center: tuple[float, float], radius: float) -> None:
        """A disc cut out, so that what stands behind is seen."""
        places = self.pose.place(CIRCLE * radius + np.array(center))
        ImageDraw.Draw(self.layer).polygon(places, fill=(0, 0, 0, 0))
