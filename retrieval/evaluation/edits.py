"""What can happen to a picture on its way: the edits after which it should still be found.

Every edit is a function of a picture (any size, RGB), a strength and a generator. The generator comes from
the seed, the edit and the content of the picture, so that the same picture is always edited the same way, and
stronger edits of a kind extend the weaker ones: the same noise, the same corner covered.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from .arrays import Floats

Random: TypeAlias = np.random.Generator
Change: TypeAlias = Callable[[Image.Image, float, Random], Image.Image]

GREY = (128, 128, 128)
WORDS = ("SAMPLE", "COPY 2024", "www.example.org", "NOT FOR SALE", "DRAFT")


@dataclass(frozen=True, slots=True)
class Edit:
    """A kind of edit with the strengths at which it is tried; `wording` has a place for the strength."""

    name: str
    wording: str
    strengths: tuple[float, ...]
    change: Change

    def label(self, strength: float) -> str:
        """This edit at this strength, in words.

        Example:
            >>> EDITS[0].label(0.9)
            'crop, 90% of each side kept'
        """
        return f"{self.name}, {self.wording.format(strength)}"

    def apply(self, picture: Image.Image, strength: float, *, content: str, seed: int = 0) -> Image.Image:
        """`picture` after this edit. `content`: SHA-256 of its file, in hexadecimal."""
        random = np.random.default_rng([seed, zlib.crc32(self.name.encode()), int(content[:16], 16)])
        return self.change(picture, strength, random)


def crop(picture: Image.Image, strength: float, random: Random) -> Image.Image:
    """Keep a rectangle of `strength` of each side, somewhere."""
    width, height = (max(1, round(side * strength)) for side in picture.size)
    left = round(random.random() * (picture.width - width))
    top = round(random.random() * (picture.height - height))
    return picture.crop((left, top, left + width, top + height))


def scale(picture: Image.Image, strength: float, random: Random) -> Image.Image:  # noqa: ARG001
    """Reduce to `strength` of each side."""
    size = (max(1, round(picture.width * strength)), max(1, round(picture.height * strength)))
    return picture.resize(size, Image.Resampling.BICUBIC)


def jpeg(picture: Image.Image, strength: float, random: Random) -> Image.Image:  # noqa: ARG001
    """Save as JPEG of quality `strength`."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=int(strength))
    return Image.open(file).convert("RGB")


def brightness(picture: Image.Image, strength: float, random: Random) -> Image.Image:  # noqa: ARG001
    """Multiply all values by `strength`."""
    return ImageEnhance.Brightness(picture).enhance(strength)


def contrast(picture: Image.Image, strength: float, random: Random) -> Image.Image:  # noqa: ARG001
    """Multiply distances from the mean brightness by `strength`."""
    return ImageEnhance.Contrast(picture).enhance(strength)


def color_cast(picture: Image.Image, strength: float, random: Random) -> Image.Image:
    """Raise one channel and lower another by `strength` of the range of values."""
    raised, lowered = random.permutation(3)[:2]
    shift = np.zeros(3)
    shift[raised], shift[lowered] = strength, -strength
    return _from_unit(_to_unit(picture) + shift)


def blur(picture: Image.Image, strength: float, random: Random) -> Image.Image:  # noqa: ARG001
    """Gaussian blur, its radius `strength` of the longer side."""
    return picture.filter(ImageFilter.GaussianBlur(strength * max(picture.size)))


def noise(picture: Image.Image, strength: float, random: Random) -> Image.Image:
    """Add Gaussian noise of standard deviation `strength` to values in [0, 1], and clip."""
    values = _to_unit(picture)
    return _from_unit(values + strength * random.standard_normal(values.shape))


def rotation(picture: Image.Image, strength: float, random: Random) -> Image.Image:
    """Turn by `strength` degrees, either way, corners filled with grey; right angles lose nothing."""
    degrees = strength if random.random() < 0.5 else -strength
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=strength % 90 == 0, fillcolor=GREY)


def mirror(picture: Image.Image, strength: float, random: Random) -> Image.Image:  # noqa: ARG001
    """Left for right."""
    return ImageOps.mirror(picture)


def occlusion(picture: Image.Image, strength: float, random: Random) -> Image.Image:
    """Cover `strength` of the area by a grey rectangle of the picture's shape, somewhere."""
    if strength <= 0:
        return picture
    covered = picture.copy()
    width, height = (max(1, round(side * strength**0.5)) for side in picture.size)
    left = round(random.random() * (picture.width - width))
    top = round(random.random() * (picture.height - height))
    covered.paste(GREY, (left, top, left + width, top + height))
    return covered


def text(picture: Image.Image, strength: float, random: Random) -> Image.Image:
    """Write words across the picture, `strength` lines of them, white with a black rim."""
    written = picture.copy()
    size = max(6, picture.height // 8)
    pen, font = ImageDraw.Draw(written), ImageFont.load_default(size)
    for place in random.permutation(6)[: int(strength)]:
        words = WORDS[random.integers(len(WORDS))]
        left = random.random() * max(0.0, picture.width - font.getlength(words))
        pen.text(
            (left, place * picture.height / 6), words, "white", font, stroke_width=1, stroke_fill="black"
        )
    return written


EDITS: tuple[Edit, ...] = (
    Edit("crop", "{:.0%} of each side kept", (0.9, 0.75, 0.5), crop),
    Edit("scale", "to {:.0%} of each side", (0.5, 0.25), scale),
    Edit("JPEG", "quality {:g}", (30, 10), jpeg),
    Edit("brightness", "times {:g}", (0.6, 1.5), brightness),
    Edit("contrast", "times {:g}", (0.5, 1.5), contrast),
    Edit("colour cast", "{:.0%} of the range", (0.1, 0.2), color_cast),
    Edit("blur", "radius {:.0%} of the longer side", (0.01, 0.03), blur),
    Edit("noise", "standard deviation {:g}", (0.3, 0.8), noise),
    Edit("small rotation", "{:g}°", (5, 15), rotation),
    Edit("large rotation", "{:g}°", (90, 180), rotation),
    Edit("mirror", "left for right", (1,), mirror),
    Edit("covered", "{:.0%} of the area", (0.25, 1 / 3), occlusion),
    Edit("text", "lines: {:g}", (1, 3), text),
)
NOISE = Edit("noise", "standard deviation {:g}", tuple(step / 10 for step in range(11)), noise)
OCCLUSION = Edit("occlusion", "{:.0%} of the area", (0.0, 0.15, 0.25, 1 / 3, 0.5, 0.65, 0.75), occlusion)


def _to_unit(picture: Image.Image) -> Floats:
    values: Floats = np.asarray(picture, dtype=np.float64) / 255.0
    return values


def _from_unit(values: Floats) -> Image.Image:
    return Image.fromarray(np.rint(np.clip(values, 0.0, 1.0) * 255.0).astype(np.uint8))
