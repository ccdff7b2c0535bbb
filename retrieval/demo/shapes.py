"""Things that people make: gears, stars, written signs."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .brush import Brush
from .color import BLUE, ORANGE, PURPLE, YELLOW, Tint, contrasting_palettes
from .pose import Points, Pose, Spot, draw_spots, ring_of
from .stage import clear_layer, set_on_stage


def paint_gears(rng: np.random.Generator, size: int) -> Image.Image:
    """One to four toothed wheels with a hub and holes."""
    metal, behind = contrasting_palettes(rng, BLUE)
    layer = clear_layer(size)
    for spot in draw_spots(rng, size, fewest=1, most=4, radius=(0.42, 0.5)):
        _draw_gear(rng, Brush(layer, Pose.draw(rng, spot)), Tint(metal, rng.uniform(0.2, 0.8)))
    return set_on_stage(rng, layer, behind)


def _draw_gear(rng: np.random.Generator, brush: Brush, tint: Tint) -> None:
    teeth, depth = int(rng.integers(9, 19)), rng.uniform(0.72, 0.82)
    angles = (np.arange(4 * teeth) + np.tile([0.0, 0.35, -0.35, 0.0], teeth)) * np.pi / (2 * teeth)
    brush.fill(ring_of(angles, np.tile([depth, 1.0, 1.0, depth], teeth)), tint.ink())
    brush.disc((0.0, 0.0), depth - 0.1, tint.ink(rng.choice([-0.3, 0.3])))
    holes, hub = int(rng.integers(3, 8)), rng.uniform(0.18, 0.28)
    middle = (depth - 0.1 + hub) / 2
    width = min(0.8 * np.pi * middle / holes, 0.8 * (depth - 0.1 - hub) / 2)
    for x, y in ring_of(2 * np.pi * np.arange(holes) / holes, middle):
        brush.hole((x, y), width)
    brush.disc((0.0, 0.0), hub, tint.ink())
    brush.hole((0.0, 0.0), hub / 2)


def paint_stars(rng: np.random.Generator, size: int) -> Image.Image:
    """Two to seven faceted stars of four to eight points."""
    paper, behind = contrasting_palettes(rng, YELLOW, PURPLE)
    layer = clear_layer(size)
    points = int(rng.integers(4, 9))
    notch = rng.uniform(0.3, 0.5) if points < 7 else rng.uniform(0.45, 0.65)
    star = ring_of(np.arange(2 * points) * np.pi / points, np.tile([1.0, notch], points))
    for spot in draw_spots(rng, size, fewest=2, most=7, radius=(0.46, 0.56)):
        brush, tint = Brush(layer, Pose.draw(rng, spot)), Tint(paper, rng.uniform(0.3, 0.7))
        brush.fill(star, tint.ink())
        for tip in range(0, 2 * points, 2):
            brush.fill(np.array([[0.0, 0.0], star[tip], star[tip - 1]]), tint.ink(-0.35))
    return set_on_stage(rng, layer, behind)


def paint_signs(rng: np.random.Generator, size: int) -> Image.Image:
    """Lines of writing in an alphabet of its own, on a page seen from anywhere."""
    color, page = contrasting_palettes(rng, None, ORANGE)
    layer, tint = clear_layer(size), Tint(color, rng.uniform(0.1, 0.9))
    spot = Spot(rng.uniform(0.4, 0.6, 2) * size, size / rng.uniform(5, 8.5))
    brush = Brush(layer, Pose.draw(rng, spot, turn=0.5, squash=0.3))
    alphabet = [_draw_letter(rng) for _ in range(9)]
    width, leading = rng.uniform(0.11, 0.2), rng.uniform(1.3, 1.7)
    columns, rows = np.meshgrid(np.arange(-9.0, 10.0), leading * np.arange(-9.0, 10.0))
    for corner in np.stack([columns.ravel(), rows.ravel()], axis=-1):
        word_gap = rng.random() < 0.12
        if word_gap or not _is_inside(brush.pose, corner, size):
            continue
        for stroke in alphabet[int(rng.integers(len(alphabet)))]:
            brush.stroke(stroke * [0.7, 0.95] + corner, tint.ink(), width=width)
    return set_on_stage(rng, layer, page)


def _is_inside(pose: Pose, corner: Points, size: int) -> bool:
    """Whether something of a letter at `corner` can be seen in the picture."""
    ((x, y),) = pose.place(corner[None] + 0.5)
    return -pose.radius < min(x, y) and max(x, y) < size + pose.radius


def _draw_letter(rng: np.random.Generator) -> list[Points]:
    """Two or three strokes in the unit square: posts, bars, slants and bows."""
    bow = ring_of(np.linspace(-np.pi / 2, np.pi / 2, 9), 0.5) + np.array([0.0, 0.5])
    strokes = [
        np.array([[0.0, 0.0], [0.0, 1.0]]),
        np.array([[1.0, 0.0], [1.0, 1.0]]),
        np.array([[0.0, 0.0], [1.0, 0.0]]),
        np.array([[0.0, 0.5], [1.0, 0.5]]),
        np.array([[0.0, 1.0], [1.0, 1.0]]),
        np.array([[0.0, 1.0], [1.0, 0.0]]),
        bow * [1.6, 1.0],
        bow * [1.6, 0.5],
        bow * [-1.6, 0.5] + [1.0, 0.5],
        bow * [-1.6, 1.0] + [1.0, 0.0],
    ]
    chosen = rng.choice(len(strokes), size=int(rng.integers(2, 4)), replace=False)
    return [strokes[int(index)] for index in chosen]
