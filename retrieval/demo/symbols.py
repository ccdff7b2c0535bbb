"""Signs that people make: cartoon faces, gears, stars and writing."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .color import BLUE, ORANGE, PURPLE, YELLOW, Palette, Rgb, Tint, contrasting_palettes
from .drawing import Brush, Points, Pose, Spot, before_backdrop, clear_layer, draw_spots, ring_of

WHITE: Rgb = (248, 246, 240)
BLACK: Rgb = (25, 20, 30)


def paint_faces(rng: np.random.Generator, size: int) -> Image.Image:
    """One to four round faces with eyes, mouth and mood, some with hair, glasses or cheeks."""
    skin, behind = contrasting_palettes(rng, YELLOW)
    layer = clear_layer(size)
    for spot in draw_spots(rng, size, fewest=1, most=4, radius=(0.4, 0.5)):
        brush = Brush(layer, Pose.draw(rng, spot, turn=0.6, squash=0.2))
        tint = Tint(skin, rng.uniform(0.3, 0.7))
        line = BLACK if sum(tint.ink()) > 330 else WHITE
        _draw_head(rng, brush, tint)
        _draw_eyes(rng, brush, line)
        _draw_mouth(rng, brush, line)
    return before_backdrop(rng, layer, behind)


def _draw_head(rng: np.random.Generator, brush: Brush, tint: Tint) -> None:
    """The disc of the face, behind it ears or curls, on it a cap and cheeks."""
    hair, kind = Palette.draw(rng), rng.choice(["bald", "ears", "curls", "cap"])
    if kind == "ears":
        brush.disc((-0.72, -0.72), 0.36, tint.ink(-0.3))
        brush.disc((0.72, -0.72), 0.36, tint.ink(-0.3))
    if kind == "curls":
        for x, y in ring_of(np.linspace(np.pi, 2 * np.pi, 9), 0.9):
            brush.disc((x, y), 0.26, hair.ink(0.3))
    brush.disc((0.0, 0.0), 1.0, tint.ink(-0.35))
    brush.disc((0.0, 0.0), 0.95, tint.ink())
    if kind == "cap":
        brush.fill(ring_of(np.linspace(1.15 * np.pi, 1.85 * np.pi, 20), 1.05), hair.ink(0.6))
    if rng.random() < 0.4:
        brush.disc((-0.58, 0.25), 0.15, tint.ink(0.35))
        brush.disc((0.58, 0.25), 0.15, tint.ink(0.35))


def _draw_eyes(rng: np.random.Generator, brush: Brush, line: Rgb) -> None:
    """Two eyes that look the same way: wide open, plain dots, or behind glasses."""
    apart, radius, lift = rng.uniform(0.3, 0.42), rng.uniform(0.15, 0.23), rng.uniform(-0.1, 0.1)
    look_x, look_y = rng.uniform(-0.07, 0.07, 2)
    kind = rng.choice(["open", "dots", "glasses"])
    for x in (-apart, apart):
        if kind == "glasses":
            brush.disc((x, -0.2), radius + 0.09, line)
        if kind != "dots":
            brush.disc((x, -0.2), radius, WHITE)
        brush.disc((x + look_x, look_y - 0.2), 0.65 * radius, line if kind == "dots" else BLACK)
        if kind != "glasses":
            brow = np.array([[x - 0.18, -lift], [x + 0.18, lift]]) - [0.0, radius + 0.33]
            brush.stroke(brow, line, width=0.055)
    if kind == "glasses":
        brush.stroke(np.array([[-apart, -0.2], [apart, -0.2]]), line, width=0.055)


def _draw_mouth(rng: np.random.Generator, brush: Brush, line: Rgb) -> None:
    """A laugh, a smile, a sulk or a round O."""
    kind, width = rng.choice(["laugh", "smile", "sulk", "round"]), rng.uniform(0.35, 0.55)
    bow = ring_of(np.linspace(0.1, np.pi - 0.1, 16), width) * [1.0, 0.8]
    if kind == "laugh":
        brush.fill(bow + np.array([0.0, 0.22]), line)
    elif kind == "smile":
        brush.stroke(bow + np.array([0.0, 0.2]), line, width=0.09)
    elif kind == "sulk":
        brush.stroke(bow * [1.0, -0.7] + np.array([0.0, 0.7]), line, width=0.09)
    else:
        brush.disc((0.0, 0.45), 0.45 * width, line)


def paint_gears(rng: np.random.Generator, size: int) -> Image.Image:
    """One to four toothed wheels with a hub and holes."""
    metal, behind = contrasting_palettes(rng, BLUE)
    layer = clear_layer(size)
    for spot in draw_spots(rng, size, fewest=1, most=4, radius=(0.42, 0.5)):
        _draw_gear(rng, Brush(layer, Pose.draw(rng, spot)), Tint(metal, rng.uniform(0.2, 0.8)))
    return before_backdrop(rng, layer, behind)


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
    return before_backdrop(rng, layer, behind)


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
    return before_backdrop(rng, layer, page)


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
