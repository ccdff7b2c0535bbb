"""Colours that go together, drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.floating[Any]]
Rgb = tuple[int, int, int]

RED, ORANGE, YELLOW, GREEN, BLUE, PURPLE, PINK = 0.6, 1.0, 1.7, 2.4, 4.4, 5.3, 6.1


@dataclass(frozen=True, slots=True)
class Palette:
    """A ramp of colours: `table (256, 3) float32` in sRGB, 0 to 1, even steps of lightness.

    Every class paints with the same family of palettes, so that colour alone does not tell the class.
    """

    table: Field

    @classmethod
    def draw(
        cls, rng: np.random.Generator, hue: float | None = None, *, low: float = 0.2, high: float = 0.93
    ) -> Palette:
        """A ramp from lightness `low` to `high` (0 black, 1 white) that drifts from one hue to another.

        `hue`, in radians, is what the thing often has; it gets it in three pictures of five, otherwise any.
        """
        middle = rng.uniform(0, 2 * np.pi)
        if hue is not None and rng.random() < 0.6:
            middle = rng.normal(hue, 0.3)
        hues = middle + rng.choice([0.2, 0.8, 1.6]) * np.linspace(-0.5, 0.5, 256)
        chroma = rng.uniform(0.03, 0.14) * (1 + rng.uniform(-0.5, 0.5) * np.linspace(-1, 1, 256))
        return cls(oklch_to_srgb(np.linspace(low, high, 256), chroma, hues))

    def ramp(self, field: Field) -> Field:
        """The colour `(..., 3) float32` of every value of `field (...)`: 0 is the first one, 1 the last."""
        return self.table[(np.clip(field, 0, 1) * 255).astype(np.intp)]

    def ink(self, place: float) -> Rgb:
        """The colour at `place`, 0 to 1, as Pillow wants it.

        Example:
            >>> Palette(np.linspace([0, 0, 0], [1, 1, 1], 256, dtype=np.float32)).ink(1.0)
            (255, 255, 255)
        """
        red, green, blue = self.ramp(np.asarray(place, dtype=np.float32))
        return round(255 * float(red)), round(255 * float(green)), round(255 * float(blue))


@dataclass(frozen=True, slots=True)
class Tint:
    """A tone of a palette, with the lighter and darker ones beside it."""

    palette: Palette
    tone: float

    def ink(self, change: float = 0.0) -> Rgb:
        """The colour `change` further up the palette, 1 being all of it."""
        return self.palette.ink(self.tone + change)


def contrasting_palettes(
    rng: np.random.Generator, hue: float | None = None, behind: float | None = None
) -> tuple[Palette, Palette]:
    """Palettes for a thing and for what is behind it that stand out: a dark and a light one, in either order.

    `hue` and `behind` are the hues that they often have, as in `Palette.draw`.
    """
    border = rng.uniform(0.42, 0.68)
    ranges = [(max(border - 0.4, 0.12), border - 0.08), (border + 0.08, min(border + 0.42, 0.97))]
    front, back = ranges if rng.random() < 0.5 else ranges[::-1]
    thing = Palette.draw(rng, hue, low=front[0], high=front[1])
    return thing, Palette.draw(rng, behind, low=back[0], high=back[1])


def blend(under: Field, over: Field, cover: Field) -> Field:
    """Colours `over` laid on `under`, both `(..., 3)`, as far as `cover (...)` says: 0 nothing, 1 all."""
    return np.asarray(under + (over - under) * cover[..., None], dtype=np.float32)


def to_picture(colors: Field) -> Image.Image:
    """The RGB picture of `colors (height, width, 3)`, 0 to 1; what lies outside is clipped."""
    return Image.fromarray((np.clip(colors, 0, 1) * 255 + 0.5).astype(np.uint8))


def to_colors(picture: Image.Image) -> Field:
    """The colours `(height, width, 3) float32`, 0 to 1, of an RGB picture."""
    return np.asarray(picture, dtype=np.float32) / 255


def oklch_to_srgb(lightness: Field, chroma: Field, hue: Field) -> Field:
    """Colours `(n, 3) float32` from lightness, chroma and hue (radians) in Oklab, clipped to sRGB.

    Oklab (Björn Ottosson, 2020, https://bottosson.github.io/posts/oklab/) is used because equal steps in it
    look equal, so that random colours come out balanced.
    """
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1)
    linear = np.clip((lab @ _LAB_TO_CONES.T) ** 3 @ _CONES_TO_LINEAR.T, 0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(srgb, dtype=np.float32)


_LAB_TO_CONES = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_CONES_TO_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
