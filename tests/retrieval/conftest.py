"""A model whose vectors can be worked out by hand, and small folders of pictures for it."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from retrieval import embed, sample
from retrieval.encoder import Encoder, Model
from retrieval.images import DECODING

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture(scope="session")
def model_folder():
    """The folder of the model that `scripts/make_test_model.py` writes."""
    return Path(__file__).parent / "model"


@pytest.fixture(scope="session")
def model(model_folder):
    """Pictures of 16 pixels to the mean colours of their four quarters, and back."""
    return Model.open(model_folder)


@pytest.fixture(scope="session")
def model_with_copies(model):
    """The same network, of which the upper left quarter is the latent vector and the rest tells copies."""
    description = replace(model.encoder.description, dim=3, copy_dim=9)
    return Model(Encoder(model.encoder.model, description))


@pytest.fixture
def paint():
    """Write a picture of one, two or four colours, from the upper left quarter to the lower right."""

    def paint(path, *colors, size=(32, 32)):
        quarters = (colors * 4)[:4] if len(colors) < 4 else colors
        square = Image.fromarray(np.array(quarters, dtype=np.uint8).reshape(2, 2, 3))
        path.parent.mkdir(parents=True, exist_ok=True)
        square.resize(size, Image.Resampling.NEAREST).save(path)
        return path

    return paint


@pytest.fixture
def photos(tmp_path, paint):
    """Five pictures in two folders, two files that are none, and one that is no concern of ours.

    From red.png, reddish.png is at distance 0.01942 (1 - 255 / sqrt(255² + 51²)), violet.png at 0.29289
    (1 - 1 / sqrt(2)), the others at 1.
    """
    folder = tmp_path / "photos"
    paint(folder / "warm" / "red.png", RED)
    paint(folder / "warm" / "reddish.png", (255, 51, 0))
    paint(folder / "cold" / "blue.png", BLUE)
    paint(folder / "cold" / "green.png", GREEN)
    paint(folder / "violet.png", (255, 0, 255), size=(48, 24))
    (folder / "cut.png").write_bytes((folder / "warm" / "red.png").read_bytes()[:50])
    (folder / "empty.jpg").touch()
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture
def decoded(monkeypatch):
    """The names of the files that are read to be decoded."""
    names, read = [], embed.read_picture

    def recorded(path, size, **how):
        names.append(Path(path).name)
        return read(path, size, **how)

    monkeypatch.setattr(embed, "read_picture", recorded)
    return names


@pytest.fixture
def stand_in_solve(monkeypatch, model):
    """Make fitting give the tests' model at once; the arguments of each call are in the list returned.

    Its way of decoding is that of fits today. Of small folders, 66 pictures are fitted instead of 256.
    """
    calls = []
    described = replace(model.encoder.description, decoding=DECODING)
    fitted = Model(Encoder(model.encoder.model, described), model.decoder, model.keras)
    monkeypatch.setattr(sample, "TOPPED_UP", 66)

    def fit(pictures, *, dim, seed, decoder, progress, own):
        calls.append(SimpleNamespace(pictures=pictures, dim=dim, seed=seed, decoder=decoder, own=own))
        return fitted

    recipes = {"solved": SimpleNamespace(fit=fit)}
    monkeypatch.setitem(sys.modules, "retrieval.autoencoder", SimpleNamespace(RECIPES=recipes))
    return calls


@pytest.fixture
def run_of(model_folder, tmp_path):
    """A training run with the tests' model, fitted to two pictures of a folder and to one that is gone."""

    def make(folder):
        run = tmp_path / "run"
        shutil.copytree(model_folder, run)
        fitted = {
            "found": 9,
            "size": 16,
            "drawn": 0,
            "pictures": ["gone.png", "violet.png", "warm/red.png"],
            "folder": str(folder.resolve()),
        }
        (run / "fitted.json").write_text(json.dumps(fitted))
        return run

    return make
