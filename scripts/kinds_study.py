"""Folders of other kinds, drawn here: is the search better than every baseline whatever tells pictures apart?

    python scripts/kinds_study.py [--only leaves cells ...] [--keep DIR]

Eight kinds of folders, each of 6 to 20 classes. What tells the classes apart is form whatever the colour
(leaves, charts, logos), texture whatever the stain (cells), colour alone (palettes), colour and form (flags,
coins), or place (spots). Each is fitted and evaluated by `retrieve evaluate --fit`, without labels, beside
the baselines of the evaluation. 40 s to a minute each on two processors.
"""

from __future__ import annotations

import argparse
import colorsys
import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

FIGURES = ("precision_at_1", "precision_at_10", "map")
OURS = ("latent", "copies", "chance")
Pixels: TypeAlias = NDArray[np.float64]
Random: TypeAlias = np.random.Generator
Color: TypeAlias = tuple[int, ...]


def hsv(hue: float, saturation: float, value: float) -> Color:
    return tuple(int(255 * each) for each in colorsys.hsv_to_rgb(hue % 1, saturation, value))


def clouds(rng: Random, height: int, width: int) -> Pixels:
    """Three channels (h, w, 3) of smooth noise, of variance 1."""
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)) + 0.01
    seen = [
        np.fft.ifft2(np.fft.fft2(rng.normal(size=(height, width))) / frequency**1.5).real for _ in range(3)
    ]
    return np.stack([each / each.std() for each in seen], axis=-1)


def mark(
    draw: ImageDraw.ImageDraw, at: Pixels, size: float, corners: int, star: float, turn: float, fill: Color
) -> None:
    """A polygon, or a star whose inner corners lie at the share `star` of its size."""
    angles = np.linspace(0, 2 * np.pi, 2 * corners, endpoint=False) + turn
    lengths = np.where(np.arange(2 * corners) % 2, star, 1.0) * size
    points = at[:, None] + lengths * np.stack([np.cos(angles), np.sin(angles)])
    draw.polygon([tuple(point) for point in points.T], fill=fill)


def leaf(_: int, kind: Random, rng: Random) -> Pixels:
    """A silhouette turned anyhow, in any green."""
    waves, phases, narrow, teeth = (
        kind.uniform(0, 0.3, 6),
        kind.uniform(0, 6.3, 6),
        kind.uniform(0.35, 1),
        kind.integers(10, 40),
    )
    angles = np.linspace(0, 2 * np.pi, 300)
    parts = np.cos(np.arange(1, 7)[:, None] * angles + phases[:, None]) * waves[:, None]
    outline = 1 + (parts * rng.uniform(0.85, 1.15, (6, 1))).sum(axis=0) + 0.04 * np.sin(teeth * angles)
    across, down, turn, size = (
        outline * np.cos(angles) * narrow,
        outline * np.sin(angles),
        rng.uniform(0, 6.3),
        rng.uniform(24, 40),
    )
    points = 64 + size * np.stack(
        [np.cos(turn) * across - np.sin(turn) * down, np.sin(turn) * across + np.cos(turn) * down]
    )
    image = Image.new("RGB", (128, 128), tuple(rng.integers(215, 255, 3).tolist()))
    ImageDraw.Draw(image).polygon(
        [tuple(point) for point in points.T],
        fill=hsv(rng.uniform(0.2, 0.4), rng.uniform(0.4, 0.9), rng.uniform(0.3, 0.7)),
    )
    return np.asarray(image, dtype=float)


def cells(_: int, kind: Random, rng: Random) -> Pixels:
    """So many cells of a size and shape, gathered or not, in the stain of the day."""
    count, size, round_, gathered = (
        kind.uniform(15, 70),
        kind.uniform(2, 6),
        kind.uniform(0.4, 1),
        kind.uniform(),
    )
    hue, nests = rng.uniform(0.75, 0.95), rng.uniform(0, 128, (4, 2))
    image = Image.new("RGB", (128, 128), hsv(hue, rng.uniform(0.1, 0.3), rng.uniform(0.85, 1)))
    angles = np.linspace(0, 2 * np.pi, 16)
    for _ in range(int(count)):
        at = (
            nests[rng.integers(4)] + rng.normal(0, 14, 2)
            if rng.uniform() < gathered
            else rng.uniform(0, 128, 2)
        )
        turn, radius = rng.uniform(0, 6.3), size * rng.uniform(0.7, 1.3)
        across, down = radius * np.cos(angles), radius * round_ * np.sin(angles)
        points = at[:, None] + np.stack(
            [np.cos(turn) * across - np.sin(turn) * down, np.sin(turn) * across + np.cos(turn) * down]
        )
        ImageDraw.Draw(image).polygon(
            [tuple(point) for point in points.T],
            fill=hsv(hue - 0.08, rng.uniform(0.4, 0.7), rng.uniform(0.3, 0.6)),
        )
    return np.asarray(image.filter(ImageFilter.GaussianBlur(0.6)), dtype=float)


def chart(form: int, _: Random, rng: Random) -> Pixels:
    """Bars, lines, points, an area, a pie or a grid, of any data in any colours."""
    image = Image.new("RGB", (120, 90), (int(rng.integers(235, 256)),) * 3)
    draw, color = ImageDraw.Draw(image), hsv(rng.uniform(), rng.uniform(0.4, 1), rng.uniform(0.4, 0.9))
    walk = [
        (14 + 5 * step, 80 - value)
        for step, value in enumerate(np.clip(np.cumsum(rng.normal(0, 6, 20)) + rng.uniform(20, 60), 2, 74))
    ]
    if form < 4:
        draw.line((12, 6, 12, 80, 114, 80), fill=0)
    if form == 0:
        width = 100 / (count := int(rng.integers(3, 9)))
        for bar in range(count):
            draw.rectangle(
                (14 + bar * width, 80 - rng.uniform(5, 70), 14 + bar * width + 0.7 * width, 80), fill=color
            )
    elif form == 1:
        draw.line(walk, fill=color, width=2)
    elif form == 2:
        for across, down in rng.uniform((14, 6), (112, 78), (int(rng.integers(20, 60)), 2)):
            draw.ellipse((across - 2, down - 2, across + 2, down + 2), fill=color)
    elif form == 3:
        draw.polygon([(14, 80), *walk, (109, 80)], fill=color)
    elif form == 4:
        cuts = [0, *np.sort(rng.uniform(0, 360, int(rng.integers(2, 6)))), 360]
        for begin, end in itertools.pairwise(cuts):
            draw.pieslice((25, 8, 97, 80), begin, end, fill=hsv(rng.uniform(), 0.7, 0.8))
    else:
        rows, columns, hue = int(rng.integers(4, 9)), int(rng.integers(4, 9)), rng.uniform()
        for place in range(rows * columns):
            left, top = 10 + 100 * (place % columns) / columns, 6 + 78 * (place // columns) / rows
            draw.rectangle(
                (left, top, left + 100 / columns, top + 78 / rows), fill=hsv(hue, rng.uniform(), 0.9)
            )
    return np.asarray(image, dtype=float)


def marks(kind: Random, num: int) -> list[tuple[Any, ...]]:
    """`num` marks: corners, how deep a star, place and size as shares of the whole, turn, hue and light."""
    return [
        (
            int(kind.integers(3, 9)),
            kind.choice([0.45, 0.9]),
            kind.uniform(-0.5, 0.5, 2),
            kind.uniform(0.2, 0.7),
            kind.uniform(0, 6),
            kind.uniform(),
            kind.uniform(0.4, 1),
        )
        for _ in range(num)
    ]


def logo(_: int, kind: Random, rng: Random) -> Pixels:
    """Three marks in colours of their own, at any place before clouds of any colour."""
    ground = (
        rng.uniform(60, 200) + rng.uniform(10, 40) * clouds(rng, 120, 160) @ rng.normal(size=(3, 3)) * 0.5
    )
    image = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
    at, size = rng.uniform((40, 40), (120, 80)), rng.uniform(16, 34)
    for corners, star, place, share, turn, hue, light in marks(kind, 3):
        mark(
            ImageDraw.Draw(image), at + size * place, size * share, corners, star, turn, hsv(hue, 0.8, light)
        )
    return np.asarray(image, dtype=float) * rng.uniform(0.75, 1.1)


def coin(_: int, kind: Random, rng: Random) -> Pixels:
    """Five marks on a disc of a metal, turned anyhow, in light from any side."""
    image, turned, size = Image.new("RGB", (128, 128), (40, 40, 44)), rng.uniform(0, 6.3), rng.uniform(48, 56)
    metal = np.array(hsv(kind.choice([0.0, 0.08, 0.12]), kind.uniform(0, 0.5), 0.75))
    draw, rotation = (
        ImageDraw.Draw(image),
        np.array([[np.cos(turned), -np.sin(turned)], [np.sin(turned), np.cos(turned)]]),
    )
    draw.ellipse((64 - size, 64 - size, 64 + size, 64 + size), fill=tuple(metal.tolist()))
    for corners, star, place, share, turn, _hue, light in marks(kind, 5):
        fill = tuple(np.clip(metal * (0.4 + light), 0, 255).astype(int).tolist())
        mark(draw, 64 + size * rotation @ place, size * share / 2, corners, star, turn + turned, fill)
    slope = np.mgrid[-1:1:128j, -1:1:128j].T @ rng.normal(0, 0.25, 2)
    return np.asarray(image, dtype=float) * (rng.uniform(0.8, 1.1) + slope[..., None])


def palette(_: int, kind: Random, rng: Random) -> Pixels:
    """Any shapes at any places, in four colours of its own."""
    own = [hsv(kind.uniform(), kind.uniform(0.2, 1), kind.uniform(0.3, 1)) for _ in range(4)]
    image = Image.new("RGB", (96, 96), own[rng.integers(4)])
    for _ in range(int(rng.integers(8, 20))):
        at, size = rng.uniform(0, 96, 2), rng.uniform(5, 25)
        mark(
            ImageDraw.Draw(image),
            at,
            size,
            int(rng.integers(3, 9)),
            0.9,
            rng.uniform(0, 6),
            own[rng.integers(4)],
        )
    return np.asarray(image, dtype=float) * rng.uniform(0.85, 1.1)


def flag(_: int, kind: Random, rng: Random) -> Pixels:
    """Three bars across or down, or a cross, waving in any light."""
    own = [
        hsv(kind.choice([0, 0.15, 0.33, 0.6]), kind.choice([0, 0.9]), kind.choice([0.2, 0.9]))
        for _ in range(3)
    ]
    image, form = Image.new("RGB", (120, 80), own[0]), kind.integers(3)
    draw = ImageDraw.Draw(image)
    for bar in (1, 2):
        box = ((0, 27 * bar, 120, 80), (40 * bar, 0, 120, 80), ((30, 0, 45, 80), (0, 32, 120, 48))[bar - 1])[
            form
        ]
        draw.rectangle(box, fill=own[bar] if form < 2 else own[1])
    rows, columns = np.mgrid[:80, :120]
    phase = 2 * np.pi * columns / rng.uniform(30, 70) + rng.uniform(0, 6.3)
    height = rng.uniform(1, 5)
    waved = np.asarray(image, dtype=float)[np.clip(rows + height * np.sin(phase), 0, 79).astype(int), columns]
    return waved * (1 + 0.02 * height * np.cos(phase))[..., None] * rng.uniform(0.6, 1.1)


def spot(number: int, _: Random, rng: Random) -> Pixels:
    """A spot of any size and light at one of nine places."""
    rows, columns = np.mgrid[:96, :96]
    down, across = 24 + 24 * np.array(divmod(number, 3)) + rng.normal(0, 4, 2)
    apart = (rows - down) ** 2 + (columns - across) ** 2
    light = rng.uniform(60, 140) * np.exp(-apart / 2 / rng.uniform(6, 12) ** 2)
    return (rng.uniform(40, 80) + light)[..., None].repeat(3, axis=-1)


KINDS: dict[str, tuple[Callable[[int, Random, Random], Pixels], int, int]] = {
    "leaves": (leaf, 15, 50),
    "cells": (cells, 10, 60),
    "charts": (chart, 6, 80),
    "logos": (logo, 20, 40),
    "coins": (coin, 20, 40),
    "palettes": (palette, 15, 60),
    "flags": (flag, 20, 45),
    "spots": (spot, 9, 70),
}


def draw_folder(name: str, folder: Path) -> None:
    """Draw the pictures of a kind of folder, a folder a class."""
    draw, classes, pictures = KINDS[name]
    rng = np.random.default_rng([7, *name.encode()])
    for number in range(classes):
        (folder / f"{number:02d}").mkdir(parents=True)
        for picture in range(pictures):
            seen = draw(number, np.random.default_rng([number, *name.encode()]), rng)
            noisy = np.clip(seen + rng.normal(0, 4, seen.shape), 0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(folder / f"{number:02d}" / f"{picture:03d}.png")


def evaluated(folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "retrieval", "evaluate", folder, "--fit", "--json", "--sample", "0"]
    report = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    found: dict[str, Any] = json.loads(report)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=KINDS, default=list(KINDS))
    parser.add_argument("--keep", type=Path, help="where to leave the pictures")
    arguments = parser.parse_args()
    print("| folder | kinship of colours | P@1 / P@10 / mAP | best baseline of each |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        for name in arguments.only:
            folder = (arguments.keep or Path(temporary)) / name
            if not folder.exists():
                draw_folder(name, folder)
            report = evaluated(folder)
            methods, kinship = report["methods"], report["run"]["encoder_details"]["color_kinship"]
            ours = [methods["latent"][figure]["value"] for figure in FIGURES]
            best = [
                max(each[figure]["value"] for of, each in methods.items() if of not in OURS)
                for figure in FIGURES
            ]
            told = (" / ".join(f"{value:.3f}" for value in values) for values in (ours, best))
            print(f"| {name} | {kinship:.2f} |", " | ".join(told), "|", flush=True)


if __name__ == "__main__":
    main()
