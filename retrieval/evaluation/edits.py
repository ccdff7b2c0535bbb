"""Edits after which a picture should still be found, and the vectors of edited pictures.

Every edit is a function of a picture (any size, RGB), a strength and a generator. The generator comes from
the seed, the edit and the content of the picture, so that the same picture is always edited the same way, and
stronger edits of a kind extend the weaker ones: the same noise, the same corner covered.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from ..images import load
from ..progress import Progress
from .arrays import Floats, Integers, Vectors
from .baselines import Pictures
from .dataset import Dataset, finite, open_file, squares, stack
from .exact_search import map_blocks
from .method import Method

Random: TypeAlias = np.random.Generator
Change: TypeAlias = Callable[[Image.Image, float, Random], Image.Image]

# Edits are made at a size at which they look as they would on the original, and cost little.
CANVAS = 256
PICTURES_AT_ONCE = 4
GREY = (128, 128, 128)
TEXTS = ("SAMPLE", "COPY 2024", "www.example.org", "NOT FOR SALE", "DRAFT")


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
        line = TEXTS[random.integers(len(TEXTS))]
        left = random.random() * max(0.0, picture.width - font.getlength(line))
        corner = (left, place * picture.height / 6)
        pen.text(corner, line, "white", font, stroke_width=1, stroke_fill="black")
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


Variant: TypeAlias = tuple[Edit, float]


def variants_of(edits: Sequence[Edit]) -> tuple[Variant, ...]:
    """Every edit at every strength.

    Example:
        >>> [(edit.name, strength) for edit, strength in variants_of(EDITS[:1])]
        [('crop', 0.9), ('crop', 0.75), ('crop', 0.5)]
    """
    return tuple((edit, strength) for edit in edits for strength in edit.strengths)


@dataclass(frozen=True, slots=True)
class Editing:
    """How edited pictures are made.

    `square`: None edits the picture as it is, at most 256 pixels long. With a size, the picture is squashed
    to that square first, so that the edit works on the very pixels that an encoder of that size sees: noise
    added to more pixels than that would be averaged away.
    """

    variants: tuple[Variant, ...]
    square: int | None = None
    seed: int = 0

    def canvas(self, picture: Image.Image) -> Image.Image:
        """The picture to be edited."""
        if self.square is not None:
            return Image.fromarray(load(np.asarray(picture), self.square))
        canvas = picture.copy()
        canvas.thumbnail((CANVAS, CANVAS), Image.Resampling.BICUBIC, reducing_gap=3.0)
        return canvas

    def apply(self, path: Path) -> list[Image.Image]:
        """The picture at `path` after each of the variants.

        Raises:
            ImageUnreadable: it cannot be read.
        """
        content, picture = open_file(path, at_least=CANVAS // 2)
        canvas = self.canvas(picture)
        return [
            edit.apply(canvas, strength, content=content, seed=self.seed) for edit, strength in self.variants
        ]


@dataclass(frozen=True, slots=True, eq=False)
class EditedVectors:
    """`vectors`: by method, (pictures, variants, dim), in the order of `rows` and of `variants`.

    `rows (pictures,)` are rows of the dataset that the pictures come from.
    """

    rows: Integers
    variants: tuple[Variant, ...]
    vectors: Mapping[str, Vectors]

    @property
    def repeated_rows(self) -> Integers:
        """The row that each vector of `flat` comes from: (pictures · variants,)."""
        return np.repeat(self.rows, len(self.variants))

    def flat(self, name: str) -> Vectors:
        """The vectors of a method, (pictures · variants, dim), picture by picture."""
        vectors = self.vectors[name]
        return vectors.reshape(-1, vectors.shape[-1])


def draw_sample(pictures: Dataset, rows: Integers, count: int, *, seed: int = 0) -> Integers:
    """Draw `count` of `rows`, different in content, by seed and content alone: order and paths do not matter.

    Example:
        >>> draw_sample(pictures, np.arange(100), 3)  # doctest: +SKIP
        array([12, 55, 80])
    """
    first = {pictures.contents[row]: row for row in reversed(rows.tolist())}
    contents = sorted(first)
    drawn = np.random.default_rng(seed).permutation(len(contents))[:count]
    return np.sort(np.array([first[contents[place]] for place in drawn.tolist()], dtype=np.int64))


def embed_edited(
    pictures: Dataset,
    rows: Integers,
    methods: Sequence[Method],
    editing: Editing,
    *,
    progress: Progress | None = None,
    step_name: str = "edit pictures",
) -> EditedVectors:
    """The vectors of the pictures in `rows`, edited in every way of `editing`, for every method.

    Raises:
        ImageUnreadable: a picture that could be read before is gone now.
    """
    sizes = sorted({method.encoder.size for method in methods})

    def edit(part: slice) -> dict[int, Pictures]:
        paths = [pictures.folder / pictures.paths[row] for row in rows[part].tolist()]
        edited = [squares(picture, sizes) for path in paths for picture in editing.apply(path)]
        return {size: stack([each[size] for each in edited], size) for size in sizes}

    encoders = {id(method.encoder): method for method in methods}
    parts: dict[int, list[Vectors]] = {key: [] for key in encoders}
    with (progress or Progress()).step(step_name, len(rows)) as step:
        for edited in map_blocks(edit, num_queries=len(rows), block=PICTURES_AT_ONCE):
            for key, method in encoders.items():
                seen = edited[method.encoder.size]
                parts[key].append(finite(method.encoder.encode(seen)).astype(method.dtype, copy=False))
            step.advance(len(seen) // len(editing.variants))
    shape = (len(rows), len(editing.variants), -1)
    joined = {key: np.concatenate(part).reshape(shape) for key, part in parts.items()}
    vectors = {method.name: joined[id(method.encoder)] for method in methods}
    return EditedVectors(rows, editing.variants, vectors)


def edited_picture(path: Path, edit: str, strength: float, *, seed: int = 0) -> Image.Image:
    """The picture at `path` after one of `EDITS`, as an evaluation with this seed edits it.

    Raises:
        ImageUnreadable: it cannot be read.
    """
    [chosen] = [each for each in EDITS if each.name == edit]
    return Editing(((chosen, strength),), seed=seed).apply(path)[0]


def _to_unit(picture: Image.Image) -> Floats:
    values: Floats = np.asarray(picture, dtype=np.float64) / 255.0
    return values


def _from_unit(values: Floats) -> Image.Image:
    return Image.fromarray(np.rint(np.clip(values, 0.0, 1.0) * 255.0).astype(np.uint8))
