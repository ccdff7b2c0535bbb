"""Shapes: where they stand, what draws them, what is behind them and what light falls on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .color import Field, Palette, Rgb, blend, to_colors, to_picture
from .noise import draw_plane, fractal_noise, rise

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


def clear_layer(size: int) -> Image.Image:
    """A transparent picture to draw subjects on."""
    return Image.new("RGBA", (size, size), (0, 0, 0, 0))


def before_backdrop(rng: np.random.Generator, layer: Image.Image, palette: Palette) -> Image.Image:
    """The subjects of an RGBA `layer`, shaded, before a backdrop in the colours of `palette`."""
    size = layer.width
    backdrop = BACKDROPS[int(rng.integers(len(BACKDROPS)))](rng, size, palette)
    cover = layer.getchannel("A")
    shift_x, shift_y = rng.integers(-size // 25, size // 25 + 1, 2)
    shadow = ImageChops.offset(cover, int(shift_x), int(shift_y)).filter(ImageFilter.BoxBlur(size / 50))
    light = 1 - rng.uniform(0.15, 0.55) * np.asarray(shadow, dtype=np.float32) / 255
    shade = 0.8 + 0.45 * fractal_noise(rng, size, cells=2, octaves=2)
    subject = to_colors(layer.convert("RGB")) * shade[..., None]
    return to_picture(blend(backdrop * light[..., None], subject, np.asarray(cover, dtype=np.float32) / 255))


def _plain(rng: np.random.Generator, size: int, palette: Palette) -> Field:
    x, _ = draw_plane(rng, size, tiles=(0.4, 1.0), bend=0.0)
    return palette.ramp(x - x.min())


def _clouds(rng: np.random.Generator, size: int, palette: Palette) -> Field:
    return palette.ramp(fractal_noise(rng, size, cells=int(rng.integers(2, 6)), octaves=3))


def _bands(rng: np.random.Generator, size: int, palette: Palette) -> Field:
    x, _ = draw_plane(rng, size, tiles=(1, 4), bend=rng.uniform(0, 0.2))
    return palette.ramp(0.5 + rng.uniform(0.1, 0.3) * np.sin(2 * np.pi * x))


def _blurred_lights(rng: np.random.Generator, size: int, palette: Palette) -> Field:
    axis = np.arange(size, dtype=np.float32) / size
    field = np.full((size, size), rng.uniform(0, 0.3), dtype=np.float32)
    for _ in range(int(rng.integers(8, 18))):
        x, y, radius = rng.random(), rng.random(), rng.uniform(0.04, 0.16)
        apart = np.hypot(axis - x, axis[:, None] - y)
        field += rng.uniform(0.1, 0.4) * (1 - rise(apart, 0.8 * radius, radius + 0.02))
    return palette.ramp(field)


def _floor_and_wall(rng: np.random.Generator, size: int, palette: Palette) -> Field:
    _, y = draw_plane(rng, size, tiles=(1, 1.01), turn=0.15, bend=0.0)
    y = y - y.mean() + rng.uniform(-0.3, 0.3)
    wall, ground = rng.permutation([rng.uniform(0.0, 0.4), rng.uniform(0.6, 1.0)])
    grain = 0.1 * fractal_noise(rng, size, cells=12)
    return palette.ramp(wall + (ground - wall) * rise(y, 0.0, 0.02) + grain + 0.3 * np.abs(y))


BACKDROPS: tuple[Callable[[np.random.Generator, int, Palette], Field], ...] = (
    _plain,
    _clouds,
    _bands,
    _blurred_lights,
    _floor_and_wall,
)


def light_up(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """The picture under another light: colour cast, exposure, uneven light, vignette, blur and noise."""
    if rng.random() < 0.25:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.7) * picture.width / 96))
    colors = to_colors(picture)
    colors = colors * rng.uniform(0.94, 1.06, 3).astype(np.float32)
    colors = np.clip(colors, 0, 1) ** np.float32(np.exp(rng.uniform(-0.45, 0.3)))
    contrast = rng.uniform(0.75, 1.15)
    colors = (colors - 0.5) * contrast + 0.5
    colors = colors * _uneven_light(rng, picture.width)[..., None]
    noise = rng.standard_normal((*colors.shape[:2], 1), dtype=np.float32) * rng.uniform(0, 0.16) ** 2
    return to_picture(colors + noise)


def _uneven_light(rng: np.random.Generator, size: int) -> Field:
    """Brightness from place to place: a slope in any direction and corners that are darker."""
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * axis + np.sin(angle) * axis[:, None]
    corners = axis**2 + axis[:, None] ** 2
    light = 1.05 + rng.uniform(0, 0.3) * slope - rng.uniform(0, 0.22) * corners
    return np.asarray(light, dtype=np.float32)
