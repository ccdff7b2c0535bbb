"""Vectors of edited pictures: a picture is read once, edited in every way, and seen by every method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image

from ..images import load
from ..progress import Progress
from .arrays import Integers, Vectors
from .baselines import Pictures
from .collection import Collection
from .edits import EDITS, Edit
from .embedding import as_kept, finite
from .exact_search import map_blocks
from .method import Method
from .reading import open_once, squashed, stack

# Edits are made at a size at which they look as they would on the original, and cost little.
CANVAS = 256
PICTURES_AT_ONCE = 4

Variant: TypeAlias = tuple[Edit, float]


@dataclass(frozen=True, slots=True, eq=False)
class EditedVectors:
    """`vectors`: by method, (pictures, variants, dim), in the order of `rows` and of `variants`.

    `rows (pictures,)` are rows of the collection that the pictures come from.
    """

    rows: Integers
    variants: tuple[Variant, ...]
    vectors: Mapping[str, Vectors]

    def floats(self, name: str, part: slice = slice(None)) -> Vectors:
        """The vectors of a method for some variants, (pictures · variants, dim), picture by picture."""
        chosen = self.vectors[name][:, part]
        flat = chosen.reshape(-1, chosen.shape[-1])
        return flat.astype(np.float16) if flat.dtype == np.uint8 else flat


@dataclass(frozen=True, slots=True)
class Editing:
    """How edited pictures are made.

    `square`: None edits the picture as it is, at most 256 pixels long. With a size, the picture is squashed
    to that square first, so that the edit works on the very pixels that an encoder of that size sees: noise
    added to more pixels than that would be averaged away before it gets there.
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


def draw_sample(pictures: Collection, rows: Integers, count: int, *, seed: int = 0) -> Integers:
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
    pictures: Collection,
    rows: Integers,
    methods: Sequence[Method],
    editing: Editing,
    *,
    progress: Progress | None = None,
    step_name: str = "edit pictures",
) -> EditedVectors:
    """The vectors of the pictures in `rows`, edited in every way of `editing`, for every method.

    Raises:
        ImageUnreadable: a picture that could be read before has gone since.
    """
    sizes = sorted({method.encoder.size for method in methods})

    def edit(part: slice) -> dict[int, Pictures]:
        return _edited(pictures, rows[part], sizes, editing)

    encoders = {id(method.encoder): method for method in methods}
    parts: dict[int, list[Vectors]] = {key: [] for key in encoders}
    with (progress or Progress()).step(step_name, len(rows)) as step:
        for squares in map_blocks(edit, num_queries=len(rows), block=PICTURES_AT_ONCE):
            for key, method in encoders.items():
                seen = squares[method.encoder.size]
                parts[key].append(as_kept(method, finite(method.encoder.encode(seen))))
            step.advance(len(seen) // len(editing.variants))
    shape = (len(rows), len(editing.variants), -1)
    joined = {key: np.concatenate(part).reshape(shape) for key, part in parts.items()}
    vectors = {method.name: joined[id(method.encoder)] for method in methods}
    return EditedVectors(rows, editing.variants, vectors)


def _edited(
    pictures: Collection, rows: Integers, sizes: Sequence[int], editing: Editing
) -> dict[int, Pictures]:
    squares: dict[int, list[Pictures]] = {size: [] for size in sizes}
    for row in rows.tolist():
        picture, _ = open_once(pictures.folder / pictures.paths[row], at_least=CANVAS // 2)
        canvas = editing.canvas(picture)
        for edit, strength in editing.variants:
            changed = edit.apply(canvas, strength, content=pictures.contents[row], seed=editing.seed)
            for size, square in squashed(changed, sizes).items():
                squares[size].append(square)
    return {size: stack(squares[size], size) for size in sizes}


def edited_picture(path: Path, edit: str, strength: float, *, seed: int = 0) -> Image.Image:
    """The picture at `path` after one of `EDITS`, as an evaluation with this seed edits it.

    Raises:
        ImageUnreadable: it cannot be read.
    """
    [chosen] = [each for each in EDITS if each.name == edit]
    picture, content = open_once(path, at_least=CANVAS // 2)
    canvas = Editing((), seed=seed).canvas(picture)
    return chosen.apply(canvas, strength, content=content, seed=seed)
