"""Small worlds to evaluate: pictures of three classes, their index, and tasks made of vectors alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retrieval.evaluation.dataset import Dataset
from retrieval.indexing.settings import BuildSettings
from retrieval.retriever import Retriever

CLASSES = {"brick": (200, 60, 40), "grass": (60, 170, 60), "water": (50, 90, 190)}


def draw_swatches(folder, each=6, seed=0):
    """`each` pictures a class, all of its colour with spots of others, as folder/class/number.png."""
    random = np.random.default_rng(seed)
    for name, color in CLASSES.items():
        (folder / name).mkdir(parents=True)
        for number in range(each):
            values = np.clip(random.normal(color, 60, (40, 40, 3)), 0, 255)
            values[:: random.integers(2, 7)] = random.integers(0, 256, 3)
            Image.fromarray(values.astype(np.uint8)).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="session")
def draw():
    """The function that draws the three classes into a folder."""
    return draw_swatches


@pytest.fixture(scope="session")
def swatches(tmp_path_factory):
    """Eighteen pictures in the folders brick, grass and water."""
    return draw_swatches(tmp_path_factory.mktemp("world") / "swatches")


@pytest.fixture(scope="session")
def build(model, tmp_path_factory):
    """Index a folder, with the tests' model, somewhere else."""

    def build(folder):
        directory = tmp_path_factory.mktemp("index") / "index"
        return Retriever.build(folder, index=directory, encoder=model, settings=BuildSettings())

    return build


@pytest.fixture(scope="session")
def retriever(swatches, build):
    """The index of the swatches."""
    return build(swatches)


@pytest.fixture
def dataset():
    """Make a dataset of points, without files: `dataset(points, labels, contents)`, method "line".

    Equal contents look equal, and so do equal `looks`.
    """

    def dataset(points, labels, contents=None, folder="folder", prefix="p", looks=None):
        paths = tuple(f"{prefix}{number}.png" for number in range(len(points)))
        vectors = np.array(points, dtype=np.float32).reshape(len(points), -1)
        chosen = tuple(contents) if contents else tuple(f"{prefix}{number}" for number in range(len(points)))
        return Dataset(
            Path(folder), paths, tuple(labels), chosen, tuple(looks or chosen), {"line": vectors}, ()
        )

    return dataset
