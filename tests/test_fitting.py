"""The whole way with the real default encoder: it takes half a minute, and nothing stands in for anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from retrieval import Retriever
from retrieval.demo import draw_corpus
from retrieval.evaluation import LabelledVectors, measure_ranking
from retrieval.evaluation.baselines import FlatPixels
from retrieval.images import load
from retrieval.indexing.settings import BuildSettings


def index(folder, *options):
    command = [
        sys.executable,
        "-m",
        "retrieval",
        "index",
        os.fspath(folder),
        "--json",
        *map(os.fspath, options),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A small demonstration corpus, and what indexing it printed."""
    folder = tmp_path_factory.mktemp("corpus")
    draw_corpus(folder, images=160, size=64)
    return folder, index(folder)


@pytest.mark.slow
def test_indexing_fits_an_encoder_and_prints_nothing_but_the_result(corpus):
    _, run = corpus
    result = json.loads(run.stdout)
    assert (result["pictures"], result["dim"], result["encoder"]) == (160, 64, "solved")
    assert result["fitted"] == {"pictures": 160, "drawn": 0, "note": None}
    assert run.stderr == ""


@pytest.mark.slow
def test_the_search_is_better_than_pixels_on_pictures_in_classes(corpus):
    folder, _ = corpus
    retriever = Retriever.open(folder)
    paths = [row.path for row in retriever.index.catalog.rows()]
    labels = np.unique([path.split("/")[0] for path in paths], return_inverse=True)[1]
    pixels = FlatPixels().encode(np.stack([load(folder / path, 32) for path in paths]))
    own = np.arange(len(paths))
    latent, pixel = (
        measure_ranking(pictures, pictures, metric=metric, exclude=own).micro("map").value
        for pictures, metric in (
            (LabelledVectors(retriever.index.vectors(), labels), "cosine"),
            (LabelledVectors(pixels, labels), "l2"),
        )
    )
    assert latent > pixel


@pytest.mark.slow
def test_a_picture_comes_back_from_its_vector_at_its_own_size(corpus):
    folder, _ = corpus
    retriever = Retriever.open(folder)
    path = folder / next(retriever.index.catalog.rows()).path
    picture = retriever.reconstruct(path)
    assert picture.size == (64, 64)
    error = np.mean((np.asarray(picture, dtype=float) - load(path, 64)) ** 2)
    others = [
        np.mean((np.asarray(picture, dtype=float) - load(each, 64)) ** 2) for each in folder.rglob("*.jpg")
    ]
    # Nearer to its own original than to most other pictures.
    assert error < np.median(others)


@pytest.mark.slow
def test_a_folder_of_one_picture_is_fitted_with_drawn_ones(corpus, tmp_path, few_atoms):
    folder, _ = corpus
    (tmp_path / "only.jpg").write_bytes(next(folder.rglob("*.jpg")).read_bytes())
    facts = Retriever.build(tmp_path, settings=BuildSettings(decoder=False)).facts()
    assert facts.pictures == 1
    assert facts.fitted["drawn"] == 255
    assert "with 64 or more the encoder would be its own" in facts.fitted["note"]
